"""A day is the workspace's: for rules, for lists, and over every change of clocks."""

import datetime
from zoneinfo import ZoneInfo

import pytest

from leads.conditions import Vocabulary, compile_condition, describe, matching, names_days
from leads.models import Lead
from scoring.engine import regrade
from team.models import Workspace
from tests.leads.conditions.crowd import add_activity, add_field, add_lead
from tests.scoring.made import publish

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)

# A spring and an autumn, a midnight that is jumped over, one that comes twice, and a day that was left out.
CHANGES = [
    ("Europe/Berlin", datetime.date(2026, 3, 29)),
    ("Europe/Berlin", datetime.date(2026, 10, 25)),
    ("Asia/Beirut", datetime.date(2024, 3, 31)),
    ("America/Havana", datetime.date(2024, 11, 3)),
    ("Pacific/Apia", datetime.date(2011, 12, 30)),
    ("Asia/Kathmandu", datetime.date(2026, 1, 1)),
]


def workspace_in(zone):
    Workspace.objects.update_or_create(pk=1, defaults={"name": "Here", "time_zone": zone})


@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_the_days_of_conditions_are_those_of_the_calendar_over_a_change_of_clocks(zone, day):
    """PostgreSQL, told moments, and Python's calendar put every quarter of an hour on the same day."""
    workspace_in(zone)
    add_field("called_at", "datetime")
    noon = datetime.datetime.combine(day, datetime.time(12), tzinfo=datetime.UTC)
    days_of = {}
    for quarter in range(-48 * 4, 48 * 4, 3):
        at = noon + quarter * HOUR / 4
        lead = add_lead(str(quarter), created_at=at, fields={"called_at": at.isoformat()})
        add_activity(lead, "visit", at)
        days_of[lead.pk] = at.astimezone(ZoneInfo(zone)).date()
    now, vocabulary = noon + datetime.timedelta(days=90), Vocabulary.load()

    def found(tree):
        return set(matching(Lead.objects.all(), tree, now=now, vocabulary=vocabulary).values_list("pk", flat=True))

    for each in (day + datetime.timedelta(days=number) for number in range(-2, 3)):
        on = {pk for pk, theirs in days_of.items() if theirs == each}
        text = each.isoformat()
        for field in ("created_at", "called_at"):
            assert found({"field": field, "op": "is", "value": text}) == on
            assert found({"field": field, "op": "between", "value": [text, text]}) == on
            assert found({"field": field, "op": "before", "value": text}) == {
                pk for pk, theirs in days_of.items() if theirs < each
            }
        later = {pk for pk, theirs in days_of.items() if theirs > each}
        assert found({"field": "called_at", "op": "after", "value": text}) == later
        assert found({"activity": "visit", "seen": "last", "op": "after", "value": text}) == later


def test_today_is_today_in_the_workspace():
    add_field("renewal", "date")
    recycled = {"disposition": "recycled", "disposition_reason": "Later", "recycle_on": "2026-06-11"}
    add_lead("today", fields={"renewal": "2026-06-11"}, **recycled)
    late = datetime.datetime(2026, 6, 10, 22, 30, tzinfo=datetime.UTC)
    tests = [{"field": code, "op": "next_days", "value": 1} for code in ("renewal", "recycle_on")]
    for zone in ("Europe/Berlin", "UTC"):
        workspace_in(zone)
        for test in tests:
            assert matching(Lead.objects.all(), test, now=late).exists()
            assert matching(Lead.objects.all(), test | {"op": "within_days"}, now=late).exists() is (zone != "UTC")


def test_a_compiled_model_goes_by_the_zone_of_now(now):
    at = datetime.datetime(2026, 6, 10, 22, 30, tzinfo=datetime.UTC)
    lead = add_lead("late", created_at=at, changed_at=at)
    publish(("In June's second week", 60, {"field": "created_at", "op": "after", "value": "2026-06-10"}), now=now)
    for zone, score in (("UTC", 0), ("Europe/Berlin", 60), ("America/New_York", 0)):
        workspace_in(zone)
        regrade([lead.pk], now=now)
        lead.refresh_from_db()
        assert lead.score == score


def test_the_zone_is_said_and_asked_for_only_where_a_day_is_named(now, django_assert_num_queries):
    workspace_in("Asia/Tokyo")
    day = {"field": "created_at", "op": "is", "value": "2026-06-10"}
    assert describe(day) == "created at is 2026-06-10 (Asia/Tokyo)"
    seen = {"activity": "visit", "seen": "last", "op": "before", "value": "2026-06-10"}
    assert describe(seen) == "last visit was before 2026-06-10 (Asia/Tokyo)"

    vocabulary = Vocabulary.load()
    with django_assert_num_queries(0):
        for tree in (
            {"field": "created_at", "op": "within_days", "value": 7},
            {"field": "created_at", "op": "is", "value": "2026-06-10T10:00:00Z"},
            {"field": "recycle_on", "op": "is", "value": "2026-06-10"},
            {"activity": "visit", "within_days": 7},
        ):
            assert not names_days(tree, vocabulary)
            compile_condition(tree, now=now, vocabulary=vocabulary)
    with django_assert_num_queries(1):
        for tree in (day, seen, {"field": "recycle_on", "op": "next_days", "value": 1}):
            assert names_days(tree, vocabulary)
            compile_condition(tree, now=now, vocabulary=vocabulary)


def test_a_range_that_another_zone_turns_round_finds_nobody(now):
    add_field("called_at", "datetime")
    add_lead("somebody", fields={"called_at": "2026-02-01T20:00:00Z"})
    workspace_in("Asia/Tokyo")
    for field in ("created_at", "called_at"):
        tree = {"field": field, "op": "between", "value": ["2026-02-01T20:00:00Z", "2026-02-01"]}
        assert not matching(Lead.objects.all(), tree, now=now).exists()
