"""Hypothesis strategies: valid conditions over a vocabulary, and things that only look like them."""

import string

from hypothesis import strategies as st

from leads.activities import all_kinds
from leads.conditions.operators import OPERATORS, SEEN_OPS, Takes
from leads.fields import ValueType

# Letters that have a meaning to SQL, LIKE, JSON, regular expressions or case folding, and those of the odd crowd.
LETTERS = "aZ0 %_\\'\"{}[](),:;$?*.+-\n\tßİıéÉ\u0301😀yesNo5"
words = st.one_of(st.sampled_from(["a", "A%", "yes", "No", "5", "2026-06-10", "é", "[]"]), st.text(LETTERS, min_size=1))
numbers = st.one_of(
    st.integers(-100, 100),
    st.sampled_from([0.5, -0.0, 1e-300, 999_999_999_999_999, -999_999_999_999_999.5, 5.0]),
    st.floats(-1e6, 1e6),
)
day_counts = st.one_of(st.integers(1, 40), st.just(36_500))
dates = st.sampled_from(["1900-01-01", "2026-06-09", "2026-06-10", "2026-06-11", "2024-02-29", "2199-12-31"])
times = st.sampled_from(
    ["2026-06-10T10:00:00Z", "2026-06-10 10:00", "2026-06-10T12:00:00.000001+02:00", "1900-01-01T00:00:00+14:00"]
)
payload_paths = st.sampled_from(["url", "n", "flag", "x.y", "0", "_-"])


def values_of(field, vocabulary):
    """JSON values that one test of this field may compare with."""
    if field.type == ValueType.REFERENCE:
        return st.sampled_from([row.pk for row in vocabulary.references[field.code].rows])
    if field.choices:
        return st.sampled_from([value for value, _ in field.choices])
    return {
        ValueType.NUMBER: numbers,
        ValueType.BOOLEAN: st.booleans(),
        ValueType.DATE: dates,
        ValueType.DATETIME: st.one_of(dates, times),
    }.get(field.type, words)


def _with_value(leaf, op, one):
    takes = OPERATORS[op].takes
    if takes == Takes.NOTHING:
        return st.just(leaf)
    if takes == Takes.RANGE:
        # JSON texts of days and times in these lists sort as they compare, but for offsets: one value twice is safe.
        given = one.map(lambda value: [value, value])
    else:
        given = {Takes.DAYS: day_counts, Takes.LIST: st.lists(one, min_size=1, max_size=4)}.get(takes, one)
    return given.map(lambda value: leaf | {"value": value})


@st.composite
def field_tests(draw, vocabulary):
    fields = [
        each
        for each in vocabulary.fields.values()
        if each.type != ValueType.REFERENCE or vocabulary.references[each.code].rows
    ]
    field = draw(st.sampled_from(sorted(fields, key=lambda each: each.code)))
    op = draw(st.sampled_from(field.ops))
    head = draw(st.sampled_from(["field", "answer"])) if field.dimension else "field"
    return draw(_with_value({head: field.code, "op": op}, op, values_of(field, vocabulary)))


@st.composite
def payload_tests(draw):
    kind, ops = draw(
        st.sampled_from(
            [
                (words, ("is", "is_not", "in", "not_in", "contains", "starts_with", "ends_with", "filled", "empty")),
                (numbers, ("is", "is_not", "in", "not_in", "over", "at_least", "under", "at_most", "between")),
                (st.booleans(), ("is", "is_not")),
            ]
        )
    )
    op = draw(st.sampled_from(ops))
    return draw(_with_value({"path": draw(payload_paths), "op": op}, op, kind))


@st.composite
def activity_tests(draw):
    kinds = st.sampled_from([kind.code for kind in all_kinds()])
    leaf = {"activity": draw(st.one_of(kinds, st.lists(kinds, min_size=1, max_size=3, unique=True)))}
    where = st.one_of(payload_tests(), st.lists(payload_tests(), min_size=1, max_size=3))
    if draw(st.booleans()):
        leaf["where"] = draw(where)
    if draw(st.booleans()):
        op = draw(st.sampled_from(SEEN_OPS))
        leaf |= {"seen": draw(st.sampled_from(["first", "last"])), "op": op}
        return draw(_with_value(leaf, op, st.one_of(dates, times)))
    for key, given in {"at_least": st.integers(1, 4), "within_days": day_counts}.items():
        if draw(st.booleans()):
            leaf[key] = draw(given)
    return leaf


def conditions(vocabulary):
    """Any valid condition of up to about a dozen tests."""
    leaves = st.one_of(field_tests(vocabulary), field_tests(vocabulary), activity_tests())
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda members: {"all": members}),
            st.lists(inner, min_size=1, max_size=3).map(lambda members: {"any": members}),
            inner.map(lambda member: {"not": member}),
        ),
        max_leaves=8,
    )


# Anything that Python's JSON reader can return, and some things it cannot.
junk = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.just(10**4000),
        st.floats(),
        st.text(),
        st.sampled_from(["\0", "\ud800", "x" * 100_000, "score", "is", "visit", "2026-99-99", (), {1}, b"x", object()]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.one_of(
                st.sampled_from(
                    ["all", "any", "not", "field", "answer", "activity", "op", "value", "where", "path", "seen"]
                    + ["at_least", "within_days"]
                ),
                st.text(string.printable, max_size=5),
                st.integers(),
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@st.composite
def mutated(draw, vocabulary):
    """A valid condition with one place in it replaced by junk, a key added, or a key taken away."""
    tree = draw(conditions(vocabulary))
    places = list(_places(tree))
    holder, key = draw(st.sampled_from(places))
    how = draw(st.sampled_from(["replace", "add", "remove"]))
    if how == "add" and isinstance(holder[key], dict):
        holder[key][draw(st.text(max_size=5))] = draw(junk)
    elif how == "remove" and isinstance(holder, dict):
        del holder[key]
    else:
        holder[key] = draw(junk)
    return tree


def _places(node):
    for key, member in list(node.items() if isinstance(node, dict) else enumerate(node)):
        yield node, key
        if isinstance(member, dict | list):
            yield from _places(member)
