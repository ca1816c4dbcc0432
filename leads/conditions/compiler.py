"""From the grammar to one boolean expression over Lead.

Every part is true or false and never NULL, so NOT is the exact complement. The expression names columns of Lead alone
and reaches everything else by EXISTS: PostgreSQL probes by key for a few leads and hashes the whole set for many.
"""

import datetime
from typing import NamedTuple

from django.apps import apps
from django.db.models import Exists, F, OuterRef, Q, Subquery, Value

from leads.conditions import sql
from leads.conditions.field import Column, Joined, Reason, Related, Rows, Stored
from leads.conditions.grammar import ActivityTest, All, Any, Not
from leads.conditions.moments import GRACE, FromNow, Moment, today
from leads.conditions.operators import OPERATORS
from leads.conditions.values import end_of, is_day, start_of
from leads.conditions.vocabulary import Vocabulary
from leads.fields import ValueType
from leads.models import Activity, Lead

_STORED = {
    ValueType.TEXT: sql.stored_text,
    ValueType.CHOICE: sql.stored_text,
    ValueType.NUMBER: sql.stored_number,
    ValueType.BOOLEAN: sql.stored_boolean,
    ValueType.DATE: sql.stored_date,
    ValueType.DATETIME: sql.stored_datetime,
    ValueType.LIST: sql.stored_codes,
}
_WORDS = {ValueType.TEXT, ValueType.CHOICE}
_SEARCHES = {"contains": sql.contains, "starts_with": sql.starts_with, "ends_with": sql.ends_with}


def compile_node(node, *, now, vocabulary, activities=None):
    """The boolean expression of a node that was read with this vocabulary; see compile_condition."""
    if isinstance(node, Not):
        return sql.negation(compile_node(node.member, now=now, vocabulary=vocabulary, activities=activities))
    if isinstance(node, All | Any):
        members = [compile_node(each, now=now, vocabulary=vocabulary, activities=activities) for each in node.members]
        return (sql.both if isinstance(node, All) else sql.either)(*members)
    if isinstance(node, ActivityTest):
        return activities(node) if activities else activity_exists(node, now=now, vocabulary=vocabulary)
    return _field(vocabulary.get(node.code), node.op, node.value, _Asked(now, vocabulary))


class _Asked(NamedTuple):
    """When a condition is asked, and the vocabulary whose zone has the days."""

    now: datetime.datetime | FromNow
    vocabulary: Vocabulary


def _field(field, op, value, asked):
    opposite = OPERATORS[op].opposite_of
    if opposite:
        return sql.negation(_field(field, opposite, value, asked))
    match field.origin:
        case Column(name):
            return _column(field, op, Lead._meta.get_field(name), value, asked)
        case Joined(first, second):
            return _holds(field.type, op, sql.joined(first, second), value, asked)
        case Reason(name, facts):
            return _holds(field.type, op, sql.reason(name, facts), value, asked)
        case Stored(key):
            return sql.surely(_holds(field.type, op, _STORED[field.type]("fields", key), value, asked, stored=True))
        case Related(key, name):
            related = Lead._meta.get_field(key)
            if field.type == ValueType.REFERENCE and op != "filled":
                return sql.surely(_refers(F(related.attname), value if op == "in" else (value,)))
            is_always_there = not related.related_model._meta.get_field(name).blank
            if op == "filled" and (field.type == ValueType.REFERENCE or is_always_there):
                # The key says it. Asked of many leads, PostgreSQL would hash all the rows there are.
                return sql.known(F(related.attname))
            here = _holds(field.type, op, F(name), value, asked)
            return Exists(related.related_model.objects.filter(pk=OuterRef(related.attname)).filter(here))
        case Rows(model, name, only, lead):
            model = apps.get_model(model)
            here = _column(field, op, model._meta.get_field(name), value, asked)
            rows = model._base_manager.filter(**only, **{lead: OuterRef("pk")})
            return Exists(rows.filter(here).order_by())


def _refers(key, values):
    """Whether a key is one of the ids; what is no id stands for nothing, and nothing refers to it."""
    ids = [Value(each) for each in values if isinstance(each, int)]
    return sql.one_of(key, ids or [Value(None)])


def _column(field, op, column, value, asked):
    """A test of a column of the row at hand; never NULL."""
    name = column.attname
    if field.type == ValueType.LIST:
        return _holds(field.type, op, sql.column_words(name), value, asked)
    if field.type == ValueType.CHOICE and op != "filled":
        return sql.one_of(F(name), [sql.text(word) for word in _chosen(field, op, value)])
    here = _holds(field.type, op, F(name), value, asked, past_only=field.past_only)
    return sql.surely(here) if column.null else here


def _chosen(field, op, value):
    """The values of a closed list that meet the test."""
    if op not in {"at_least", "at_most"}:
        return value if op == "in" else (value,)
    values = [code for code, _ in field.choices]
    at = values.index(value)
    return values[at:] if op == "at_least" else values[: at + 1]


def _holds(kind, op, expression, value, asked, *, past_only=False, stored=False):
    """Whether a value of this type meets the test; NULL or false where there is no value.

    stored: the expression reads jsonb, so answers are codes, a list of them is jsonb instead of text[], and reading
    it twice costs more than a range that no index helps with.
    """
    if op == "filled":
        if kind == ValueType.LIST:
            return sql.compare(expression, "<>", sql.text("[]" if stored else "{}"))
        return sql.compare(expression, "<>", sql.text("")) if kind in _WORDS else sql.known(expression)
    if kind == ValueType.CHOICE:
        return sql.one_of(expression, [sql.text(code) for code in (value if op == "in" else (value,))])
    if kind in _WORDS:
        words = [sql.folded(word) for word in (value if op == "in" else (value,))]
        if op in _SEARCHES:
            return _SEARCHES[op](sql.Lower(expression), words[0])
        return sql.one_of(sql.Lower(expression), words)
    if kind == ValueType.LIST:
        operators = {"has_any": "?|", "has_all": "?&"} if stored else {"has_any": "&&", "has_all": "@>"}
        return sql.compare(expression, operators[op], sql.array(value, fold=not stored))
    if kind == ValueType.BOOLEAN:
        return sql.compare(expression, "=", Value(value))
    if op == "in":
        return sql.one_of(expression, [Value(number) for number in value])
    if kind == ValueType.DATE:
        bounds = _day_bounds(op, value, asked)
    elif kind == ValueType.DATETIME:
        bounds = _moment_bounds(op, value, asked, past_only=past_only)
    else:
        bounds = _number_bounds(op, value)
    if stored and len(bounds) == 2 and kind != ValueType.NUMBER:
        (_, low), (operator, high) = bounds
        return sql.within(expression, low, high, operator, days=kind == ValueType.DATE)
    return sql.both(*(sql.compare(expression, operator, Moment(bound)) for operator, bound in bounds))


def _number_bounds(op, value):
    if op == "between":
        return [(">=", value[0]), ("<=", value[1])]
    return [({"is": "=", "over": ">", "at_least": ">=", "under": "<", "at_most": "<="}[op], value)]


def _day_bounds(op, value, asked):
    if op == "between":
        return [(">=", value[0]), ("<=", value[1])]
    if op in {"is", "before", "after"}:
        return [({"is": "=", "before": "<", "after": ">"}[op], value)]
    days, here = datetime.timedelta(days=value), today(asked.now, asked.vocabulary.zone)
    if op == "next_days":
        return [(">=", here), ("<=", here + days)]
    return [(">=", here - days), ("<=", here)] if op == "within_days" else [("<", here - days)]


def _moment_bounds(op, value, asked, *, past_only=False):
    """(operator, datetime) pairs that a time has to meet all of. A day counts from its first to its last moment."""
    now, vocabulary = asked
    if op == "before":
        return [("<", start_of(value, vocabulary))]
    if op == "after":
        return [(">=" if is_day(value) else ">", end_of(value, vocabulary))]
    if op in {"is", "between"}:
        low, high = value if op == "between" else (value, value)
        begin, end = start_of(low, vocabulary), end_of(high, vocabulary)
        # From a moment to a day: in another zone than it was written for, that day may be over before.
        return [(">=", begin), ("<" if is_day(high) or end < begin else "<=", max(begin, end))]
    days = datetime.timedelta(days=value)
    if op == "next_days":
        return [(">=", now), ("<=", now + days)]
    if op == "more_than_days_ago":
        return [("<", now - days)]
    # What the machine stamped a moment after `now` was taken still is recent.
    return [(">=", now - days)] if past_only else [(">=", now - days), ("<=", now)]


def activity_filter(test, *, now):
    """Q over Activity: those that `test` looks at. Of its kinds, matching, not by a machine, within its days.

    What is dated more than GRACE after `now` has not happened yet.
    """
    chosen = Q(kind__in=test.kinds) & Q(is_machine=False) & Q(occurred_at__lte=Moment(now + GRACE))
    for match in test.where:
        chosen &= Q(_matches(match))
    if test.within_days:
        chosen &= Q(occurred_at__gte=Moment(now - datetime.timedelta(days=test.within_days)))
    return chosen


def _matches(match):
    """Whether the payload meets one match; never NULL."""
    opposite = OPERATORS[match.op].opposite_of
    op = opposite or match.op
    if op == "filled":
        whole = sql.compare(sql.any_text("payload", match.path), "<>", sql.text(""))
    else:
        sample = match.value[0] if isinstance(match.value, tuple) else match.value
        kind = {str: ValueType.TEXT, bool: ValueType.BOOLEAN}.get(type(sample), ValueType.NUMBER)
        whole = _holds(kind, op, _STORED[kind]("payload", match.path), match.value, None)
    return sql.negation(sql.surely(whole)) if opposite else sql.surely(whole)


def activity_exists(test, *, now, vocabulary):
    """The default for one ActivityTest: a subquery on (lead, occurred_at) that stops at the row that decides."""
    chosen = Activity.objects.filter(activity_filter(test, now=now), lead_id=OuterRef("pk")).order_by()
    if not test.seen:
        # The nth row exists: nothing past it is counted.
        return Exists(chosen if test.at_least == 1 else chosen[test.at_least - 1 : test.at_least])
    ((operator, moment),) = _seen_bounds(test, _Asked(now, vocabulary))
    if (test.seen == "last") == operator.startswith(">"):
        # The last is after a moment exactly when one is; the same for the first and before.
        return Exists(chosen.filter(sql.compare(F("occurred_at"), operator, Moment(moment))))
    order = "occurred_at" if test.seen == "first" else "-occurred_at"
    return seen_holds(test, Subquery(chosen.order_by(order).values("occurred_at")[:1]), now=now, vocabulary=vocabulary)


def seen_holds(test, moment, *, now, vocabulary):
    """Whether `moment`, an expression for when the first or last activity was (NULL: never), meets a `seen` test.

    Never NULL; false when there was no such activity.
    """
    ((operator, bound),) = _seen_bounds(test, _Asked(now, vocabulary))
    return sql.surely(sql.compare(moment, operator, Moment(bound)))


def _seen_bounds(test, asked):
    return _moment_bounds(test.op, test.value, asked, past_only=True)
