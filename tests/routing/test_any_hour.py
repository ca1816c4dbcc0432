"""A rep's day, begun at the hour at which the test runs, wherever she lives."""

import datetime
import itertools

import pytest
from django.utils import timezone

from leads.models import Lead
from routing.actions import record_outcome, route
from routing.models import Handover
from routing.queries import queue
from team.business_hours import Hours, add_business_minutes, end_of_day
from team.models import Absence
from tests.factories.deeds import settle
from tests.factories.leads import make_lead
from tests.factories.routing import publish_cities

pytestmark = pytest.mark.clock

HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture(params=["UTC", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati"])
def ben(request, cast):
    """The only rep, who works from nine to five on weekdays."""
    cast.cal.groups.clear()
    cast.ben.time_zone = request.param
    cast.ben.save()
    return cast.ben


@pytest.fixture
def lead(ben, now):
    """An A lead, just handed to ben."""
    lead = make_lead(grade="A", now=now - HOUR)
    route([lead.pk], now=now)
    lead.refresh_from_db()
    return lead


def tab_of(lead, user, now):
    (tab,) = [tab for tab in ("to_accept", "today", "waiting") if queue(user, tab=tab, now=now).rows]
    assert queue(user, now=now).counts == {"to_accept": 0, "today": 0, "waiting": 0, "all": 1} | {tab: 1}
    return tab


def test_a_lead_is_due_after_four_hours_of_her_work(lead, ben, now):
    due_at = Handover.objects.get(lead=lead).due_at
    local = due_at.astimezone(ben.zone)
    assert due_at == add_business_minutes(now, 240, Hours.of(ben))
    assert local.isoweekday() in ben.work_days
    assert ben.work_starts < local.time() <= ben.work_ends


def test_the_step_of_today_is_for_today(lead, ben, now):
    due_at = record_outcome(lead=lead, outcome="talked", by=ben, now=now, next_in_days=0).task.due_at
    assert now <= due_at <= now + HOUR
    assert due_at.astimezone(ben.zone).date() == now.astimezone(ben.zone).date()
    assert tab_of(lead, ben, now) == "today"


@pytest.mark.parametrize("days", [1, 3, 7])
def test_a_step_of_later_waits_for_the_start_of_that_day(lead, ben, now, days):
    due_at = record_outcome(lead=lead, outcome="talked", by=ben, now=now, next_in_days=days).task.due_at
    local = due_at.astimezone(ben.zone)
    asked_for = now.astimezone(ben.zone).date() + days * DAY
    working = (asked_for + more * DAY for more in itertools.count())
    assert local.date() == next(day for day in working if day.isoweekday() in ben.work_days)
    assert local.time() == ben.work_starts
    assert tab_of(lead, ben, now) == "waiting"
    assert tab_of(lead, ben, due_at) == "today"


def test_her_day_ends_at_midnight(ben, now):
    end = end_of_day(now, ben.time_zone)
    today = now.astimezone(ben.zone).date()
    assert now < end
    assert (end - datetime.timedelta(microseconds=1)).astimezone(ben.zone).date() == today
    assert end.astimezone(ben.zone).date() == today + DAY


def test_not_now_comes_back_on_the_day(lead, cast, ben, now):
    publish_cities(by=cast.ann, now=now - HOUR)
    Lead.objects.filter(pk=lead.pk).update(city="Kiel")
    record_outcome(lead=lead, outcome="not_now", by=ben, now=now, next_in_days=30)
    lead.refresh_from_db()
    assert lead.recycle_on == now.astimezone(ben.zone).date() + 30 * DAY
    day = datetime.datetime.combine(lead.recycle_on, datetime.time(), datetime.UTC)
    for moment, side in ((day - datetime.timedelta(seconds=1), "marketing"), (day, "sales")):
        settle([lead.pk], now=moment, by=None)
        lead.refresh_from_db()
        assert lead.side == side


@pytest.mark.parametrize(("first", "last", "given"), [(0, 0, False), (-1, 1, False), (-2, -1, True), (1, 2, True)])
def test_nobody_is_given_leads_on_a_day_of_absence(ben, now, first, last, given):
    today = now.astimezone(ben.zone).date()
    Absence.objects.create(user=ben, starts_on=today + first * DAY, ends_on=today + last * DAY)
    lead = make_lead(grade="A", now=now)
    route([lead.pk], now=now)
    lead.refresh_from_db()
    assert lead.owner == (ben if given else None)
