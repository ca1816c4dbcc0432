import datetime

import pytest
from django.db import connection
from django.db.models import BooleanField, Case, Count, Exists, Max, Min, OuterRef, Q, Value, When

from leads.conditions import (
    GRACE,
    Vocabulary,
    activity_filter,
    activity_tests,
    compile_condition,
    matching,
    seen_holds,
)
from leads.models import Activity, Lead
from tests.leads.conditions.crowd import NOW, add_activity, add_lead, days, found

TICK = datetime.timedelta(microseconds=1)


@pytest.fixture
def crowd(db):
    ann, bea, cem, dee = (add_lead(name) for name in ("ann", "bea", "cem", "dee"))
    add_activity(ann, "visit", NOW - days(14), {"url": "/Pricing?x=1", "seconds": 90})
    add_activity(ann, "visit", NOW - days(14) - TICK, {"url": "/pricing", "seconds": "90"})
    add_activity(ann, "visit", NOW - days(60), {"url": "/blog"})
    add_activity(bea, "visit", NOW, {"url": "/home", "seconds": 10, "converted": True})
    add_activity(bea, "form", NOW - days(3), {"form": "demo"})
    add_activity(cem, "visit", NOW - days(1), {"url": "/pricing"}, is_machine=True)
    add_activity(cem, "visit", NOW + GRACE + TICK, {"url": "/pricing"})
    add_activity(cem, "call", NOW - days(100), {"outcome": None})
    return ann, bea, cem, dee


PRICING = {"path": "url", "op": "contains", "value": "PRICING"}

EXAMPLES = [
    ({"activity": "visit"}, {"ann", "bea"}),
    ({"activity": ["visit", "call"]}, {"ann", "bea", "cem"}),
    ({"activity": ["visit", "form"], "at_least": 2}, {"ann", "bea"}),
    ({"activity": "visit", "at_least": 2}, {"ann"}),
    ({"activity": "visit", "at_least": 3}, {"ann"}),
    ({"activity": "visit", "at_least": 4}, set()),
    ({"activity": "visit", "within_days": 14}, {"ann", "bea"}),
    ({"activity": "visit", "within_days": 13}, {"bea"}),
    ({"activity": "visit", "at_least": 2, "within_days": 14}, set()),
    ({"activity": "visit", "at_least": 2, "within_days": 15}, {"ann"}),
    ({"activity": "visit", "where": PRICING}, {"ann"}),
    ({"activity": "visit", "where": [PRICING, {"path": "seconds", "op": "over", "value": 89}]}, {"ann"}),
    ({"activity": "visit", "where": [PRICING, {"path": "seconds", "op": "over", "value": 90}]}, set()),
    ({"activity": "visit", "where": {"path": "seconds", "op": "is", "value": "90"}}, {"ann"}),
    ({"activity": "visit", "where": {"path": "seconds", "op": "in", "value": [10, 11]}}, {"bea"}),
    ({"activity": "visit", "where": {"path": "url", "op": "not_in", "value": ["/HOME", "/x"]}}, {"ann"}),
    ({"activity": "visit", "where": {"path": "converted", "op": "is", "value": True}}, {"bea"}),
    ({"activity": "visit", "where": {"path": "converted", "op": "is_not", "value": True}}, {"ann"}),
    ({"activity": "visit", "where": {"path": "seconds", "op": "between", "value": [10, 10]}}, {"bea"}),
    ({"activity": "visit", "where": {"path": "seconds", "op": "filled"}}, {"ann", "bea"}),
    ({"activity": "visit", "where": {"path": "seconds", "op": "empty"}}, {"ann"}),
    ({"activity": "call", "where": {"path": "outcome", "op": "empty"}}, {"cem"}),
    ({"activity": "visit", "seen": "first", "op": "before", "value": "2026-05-01"}, {"ann"}),
    ({"activity": "visit", "seen": "first", "op": "after", "value": "2026-05-01"}, {"bea"}),
    ({"activity": "visit", "seen": "last", "op": "before", "value": "2026-06-01"}, {"ann"}),
    ({"activity": "visit", "seen": "last", "op": "after", "value": "2026-06-01T12:00:00Z"}, {"bea"}),
    ({"activity": "visit", "seen": "last", "op": "within_days", "value": 14}, {"ann", "bea"}),
    ({"activity": "visit", "seen": "last", "op": "within_days", "value": 13}, {"bea"}),
    ({"activity": "visit", "seen": "first", "op": "within_days", "value": 59}, {"bea"}),
    ({"activity": "visit", "seen": "last", "op": "more_than_days_ago", "value": 13}, {"ann"}),
    ({"activity": "visit", "seen": "last", "op": "more_than_days_ago", "value": 14}, set()),
    ({"activity": ["visit", "call"], "seen": "first", "op": "more_than_days_ago", "value": 59}, {"ann", "cem"}),
    ({"activity": "visit", "where": PRICING, "seen": "first", "op": "more_than_days_ago", "value": 14}, {"ann"}),
    ({"not": {"activity": "visit"}}, {"cem", "dee"}),
    ({"not": {"activity": "visit", "seen": "last", "op": "within_days", "value": 30}}, {"cem", "dee"}),
]


def test_examples_match_exactly_these_leads(crowd):
    wrong = {str(tree): found(tree) for tree, expected in EXAMPLES if found(tree) != expected}

    assert wrong == {}


def test_first_and_last_touch_of_leads_with_two_activities_use_the_right_one(db):
    both = add_lead("both")
    add_activity(both, "visit", NOW - days(100))
    add_activity(both, "visit", NOW - days(2))

    def seen(which, op, value):
        return found({"activity": "visit", "seen": which, "op": op, "value": value}) == {"both"}

    assert seen("first", "more_than_days_ago", 50)
    assert not seen("last", "more_than_days_ago", 50)
    assert seen("last", "within_days", 50)
    assert not seen("first", "within_days", 50)


def from_aggregates(test, vocabulary):
    """What the scoring engine does: the same test from one grouped scan."""
    of_lead = Activity.objects.filter(activity_filter(test, now=NOW), lead_id=OuterRef("pk")).order_by().values("lead")
    if test.seen:
        moment = (Min if test.seen == "first" else Max)("occurred_at")
        return seen_holds(test, of_lead.annotate(moment=moment).values("moment"), now=NOW, vocabulary=vocabulary)
    return Exists(of_lead.annotate(number=Count("pk")).filter(number__gte=test.at_least))


def test_activities_can_be_replaced_by_aggregates(crowd):
    vocabulary = Vocabulary.load()
    for tree, expected in EXAMPLES:
        asked = []

        def instead(test, asked=asked):
            asked.append(test)
            return from_aggregates(test, vocabulary)

        chosen = Lead.objects.filter(compile_condition(tree, now=NOW, activities=instead))

        assert set(chosen.values_list("first_name", flat=True)) == expected, tree
        assert tuple(asked) == activity_tests(tree)


def test_activity_filter_selects_the_activities_that_count(crowd):
    (test,) = activity_tests({"activity": "visit", "where": PRICING, "within_days": 14})

    chosen = Activity.objects.filter(activity_filter(test, now=NOW))

    assert [activity.payload["url"] for activity in chosen] == ["/Pricing?x=1"]


def test_activity_filter_works_inside_an_aggregate(crowd):
    (test,) = activity_tests({"activity": "visit", "where": PRICING})

    rows = Activity.objects.values("lead__first_name").annotate(n=Count("pk", filter=activity_filter(test, now=NOW)))

    assert dict(rows.values_list("lead__first_name", "n").order_by()) == {"ann": 2, "bea": 0, "cem": 0}


def test_activity_tests_are_distinct_and_in_order():
    visit, call = {"activity": "visit"}, {"activity": ["call"], "at_least": 2}
    tree = {
        "all": [visit, {"not": call}, {"any": [{"activity": ["visit"], "at_least": 1}, {"field": "x", "op": "is"}]}]
    }

    tests = activity_tests(tree)

    assert [(test.kinds, test.at_least) for test in tests] == [(("visit",), 1), (("call",), 2)]
    assert len({*tests}) == 2


def test_expression_names_no_table_but_leads_and_its_own_subqueries(crowd):
    tree = {
        "all": [
            {"field": "company", "op": "is", "value": "x"},
            {"field": "owner", "op": "filled"},
            {"field": "source", "op": "is", "value": "x"},
            {"activity": "visit", "at_least": 3},
            {"activity": "visit", "seen": "last", "op": "before", "value": "2026-01-01"},
        ]
    }
    query = Lead.objects.order_by().query
    query.get_initial_alias()

    expression = compile_condition(tree, now=NOW).resolve_expression(query)
    sql, params = query.get_compiler(connection=connection).compile(expression)

    assert [alias for alias, used in query.alias_refcount.items() if used] == ["leads_lead"]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT leads_lead.id FROM leads_lead WHERE {sql}", params)
        assert cursor.fetchall() == []


def test_expression_serves_filters_annotations_and_cases(crowd):
    holds = compile_condition({"activity": "form"}, now=NOW)

    rows = Lead.objects.annotate(
        holds=holds, case=Case(When(holds, then=Value(True)), default=Value(False), output_field=BooleanField())
    ).filter(Q(holds) | Q(first_name="dee"))

    assert set(rows.values_list("first_name", "holds", "case")) == {("bea", True, True), ("dee", False, False)}


def test_count_reads_no_further_than_it_needs_and_stays_on_the_index(crowd):
    for number, tree in [(1, {"activity": "visit"}), (3, {"activity": "visit", "at_least": 3})]:
        sql = str(matching(Lead.objects.all(), tree, now=NOW).query)

        assert ("OFFSET 2" in sql) is (number == 3)
        assert "LIMIT 1" in sql
        assert "COUNT" not in sql
