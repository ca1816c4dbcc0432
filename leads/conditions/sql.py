"""The few SQL forms a condition is compiled to. Every value is a parameter; the words here are the only SQL."""

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BooleanField,
    Case,
    DateField,
    DateTimeField,
    DecimalField,
    F,
    Func,
    JSONField,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Lower

from leads.activities.reasons import registered_reasons
from leads.conditions.moments import Moment

# The shape decides what counts as a date or a time at all, PostgreSQL whether there is such a day. LIKE costs a tenth
# of a regular expression, and the patterns are ours.
_DATE = "____-__-__"
_DATETIME = "____-__-__%:__%"


class Numeric(DecimalField):
    """numeric without a precision of its own, so that a cast never rounds and never overflows."""

    def __init__(self):
        super().__init__(max_digits=None, decimal_places=None)

    def db_type(self, connection):
        return "numeric"


def _boolean(*parts, joiner, template="(%(expressions)s)"):
    return Func(*parts, arg_joiner=joiner, template=template, output_field=BooleanField())


def compare(left, operator, right):
    """`left operator right` for an operator of PostgreSQL that the caller names literally."""
    return _boolean(left, right, joiner=f" {operator} ")


def both(*parts):
    return parts[0] if len(parts) == 1 else _boolean(*parts, joiner=" AND ")


def either(*parts):
    return parts[0] if len(parts) == 1 else _boolean(*parts, joiner=" OR ")


def negation(part):
    """The exact complement of a part that is never NULL."""
    return _boolean(part, joiner="", template="(NOT %(expressions)s)")


class _Surely(Func):
    template = "(%(expressions)s IS TRUE)"


class _ColumnWords(Func):
    template = "(LOWER(%(expressions)s::text)::text[])"


def surely(part):
    """False where `part` is NULL."""
    return _Surely(part, output_field=BooleanField())


def where(part):
    """The same leads by a form that indexes help with, for WHERE: there NULL is as good as false."""
    if isinstance(part, _Surely):
        return where(*part.get_source_expressions())
    if not isinstance(part, Func):
        return part
    parts, joiner = part.get_source_expressions(), part.extra.get("arg_joiner")
    if joiner in {" AND ", " OR "}:
        return _boolean(*map(where, parts), joiner=joiner)
    if len(parts) == 2 and isinstance(parts[0], _ColumnWords):
        (column,) = parts[0].get_source_expressions()
        # By the index lead_by_tag_in_any_case, which leaves the leads without tags out.
        indexed = Func(column, function="LEADS_FOLDED", output_field=ArrayField(TextField()))
        return both(compare(column, "<>", text("{}")), _boolean(indexed, parts[1], joiner=joiner))
    return part


def known(expression):
    return _boolean(expression, joiner="", template="(%(expressions)s IS NOT NULL)")


def text(word):
    return Value(word, output_field=TextField())


def folded(word):
    """A word of the condition in the same lower case as the stored texts; PostgreSQL folds it once per statement."""
    return Lower(text(word))


def one_of(expression, values):
    """`expression IN (values)`, all of them expressions."""
    listed = Func(*values, arg_joiner=", ", template="(%(expressions)s)", output_field=TextField())
    return compare(expression, "IN", listed)


def starts_with(whole, start):
    return Func(whole, start, function="STARTS_WITH", output_field=BooleanField())


def contains(whole, part):
    """A search for the letters themselves: no letter is a wildcard."""
    position = Func(whole, part, function="STRPOS", output_field=DecimalField())
    return compare(position, ">", Value(0))


def ends_with(whole, end):
    length = Func(end, function="LENGTH", output_field=DecimalField())
    return compare(Func(whole, length, function="RIGHT", output_field=TextField()), "=", end)


def array(words, *, fold=True):
    values = map(folded if fold else text, words)
    listed = Func(*values, arg_joiner=", ", template="ARRAY[%(expressions)s]", output_field=TextField())
    return Cast(listed, ArrayField(TextField()))


# Keys of a jsonb column: `column` is an expression, `key` a code from a closed vocabulary or a checked path.


def _at(column, key):
    return Func(F(column), text(key), arg_joiner=" -> ", template="(%(expressions)s)", output_field=TextField())


def any_text(column, key):
    """Whatever stands at a key, as text; NULL when the key is missing or holds null."""
    return Func(F(column), text(key), arg_joiner=" ->> ", template="(%(expressions)s)", output_field=TextField())


def _is_type(column, key, type_name):
    kind = Func(_at(column, key), function="JSONB_TYPEOF", output_field=TextField())
    return compare(kind, "=", text(type_name))


def _guarded(condition, value, output_field):
    """`value` where `condition` holds, else NULL. Inside CASE nothing is cast before the condition has held."""
    return Func(
        condition,
        value,
        arg_joiner=" THEN ",
        template="(CASE WHEN %(expressions)s END)",
        output_field=output_field,
    )


def stored_text(column, key):
    """The string at a key; NULL when the key is missing or holds anything but a string."""
    return _guarded(_is_type(column, key, "string"), any_text(column, key), TextField())


def stored_number(column, key):
    value = Cast(any_text(column, key), Numeric())
    return _guarded(_is_type(column, key, "number"), value, Numeric())


def stored_boolean(column, key):
    truth = compare(_at(column, key), "=", Func(text("true"), template="%(expressions)s::jsonb"))
    return _guarded(_is_type(column, key, "boolean"), truth, BooleanField())


def stored_date(column, key):
    return _stored_moment(column, key, _DATE, "date", DateField())


def stored_datetime(column, key):
    return _stored_moment(column, key, _DATETIME, "timestamptz", DateTimeField())


def _stored_moment(column, key, shape, type_name, field):
    string = any_text(column, key)
    valid = Func(string, text(type_name), function="PG_INPUT_IS_VALID", output_field=BooleanField())
    sound = both(_is_type(column, key, "string"), compare(string, "LIKE", text(shape)), valid)
    return _guarded(sound, Cast(string, field), field)


def stored_codes(column, key):
    """The list at a key as jsonb; NULL when it holds anything but a list."""
    return _guarded(_is_type(column, key, "array"), _at(column, key), JSONField())


def column_words(column):
    """A text[] column in lower case; its literal quotes what has to be quoted, so it reads back as the same list."""
    return _ColumnWords(F(column), output_field=ArrayField(TextField()))


def within(expression, low, high, operator, *, days):
    """Whether low <= expression and expression `operator` high, computing it once; for dates or for datetimes."""
    span = Func(
        Moment(low),
        Moment(high),
        text({"<": "[)", "<=": "[]"}[operator]),
        function="DATERANGE" if days else "TSTZRANGE",
        output_field=TextField(),
    )
    return compare(span, "@>", expression)


def joined(first, second):
    """Two text columns as one text, a space between where both hold something."""
    whole = Func(F(first), text(" "), F(second), arg_joiner=" || ", template="(%(expressions)s)")
    return Func(whole, function="BTRIM", output_field=TextField())


def reason(column, facts):
    """The words of a reason, as leads.activities.reasons makes them; a code that nobody knows is in small letters."""
    codes = [
        When(compare(F(column), "=", text(code)), then=_said(parts, facts))
        for code, parts in registered_reasons().items()
    ]
    spaced = Func(F(column), text("_"), text(" "), function="REPLACE", output_field=TextField())
    words = Case(*codes, default=spaced, output_field=TextField())
    return Case(When(known(F(facts)), then=words), default=F(column), output_field=TextField())


def _said(parts, facts):
    said = []
    for part in parts:
        said.append(text(part.text))
        if part.fact:
            said.append(Coalesce(any_text(facts, part.fact), text("")))
    return Func(*said, arg_joiner=" || ", template="(%(expressions)s)", output_field=TextField())
