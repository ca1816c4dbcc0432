import datetime

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from leads.actions.task import add_task
from leads.enums import Outcome
from leads.models import Activity, Lead, Task
from routing.actions import record_outcome, route
from routing.enums import PLANS
from routing.models import Handover
from team.models import User
from tests.factories.leads import make_lead

HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def lead(cast, now):
    """An A lead handed to ben an hour ago."""
    lead = make_lead(grade="A", score=80, now=now - HOUR)
    route([lead.pk], now=now - HOUR)
    lead.refresh_from_db()
    return lead


def test_the_outcomes_have_the_number_keys_one_to_nine():
    assert [PLANS[outcome].key for outcome in Outcome] == list(range(1, 10))


@pytest.mark.parametrize(
    ("outcome", "contact", "task", "day"),
    [
        # The 10th is a Wednesday; work starts at nine.
        ("no_answer", "call", ("call", "Try again"), 11),
        ("left_message", "call", ("call", "Call again after the message"), 12),
        ("talked", "call", ("call", "Follow up on the talk"), 15),
        ("meeting_booked", "call", ("meeting", "Meeting"), 17),
        ("demo_booked", "call", ("demo", "Demo"), 17),
        ("information_sent", "email", ("call", "Ask about the information sent"), 15),
        ("wrong_number", "call", ("todo", "Find the right number"), 11),
    ],
)
def test_an_outcome_is_contact_touch_acceptance_and_next_step(cast, now, lead, outcome, contact, task, day):
    done = record_outcome(lead=lead, outcome=outcome, by=cast.ben, now=now, note=" Nice ")
    assert not done.ended
    assert (done.activity.kind, done.activity.actor, done.activity.occurred_at) == (contact, cast.ben, now)
    assert done.activity.payload == {"outcome": outcome, "note": "Nice"}
    assert (done.task.kind, done.task.title, done.task.assignee) == (*task, cast.ben)
    assert done.task.due_at == datetime.datetime(2026, 6, day, 9, tzinfo=datetime.UTC)
    handover = Handover.objects.get()
    assert (handover.first_touch_at, handover.accepted_at, handover.end) == (now, now, "")


def test_the_next_step_is_when_she_says_in_her_own_time_zone(cast, now, lead):
    User.objects.filter(pk=cast.ben.pk).update(time_zone="America/New_York")
    cast.ben.refresh_from_db()
    task = record_outcome(lead=lead, outcome="talked", by=cast.ben, now=now, next_in_days=7).task
    assert task.due_at == datetime.datetime(2026, 6, 17, 13, tzinfo=datetime.UTC)
    task = record_outcome(lead=lead, outcome="talked", by=cast.ben, now=now, next_in_days=0).task
    assert task.due_at == now + HOUR


def test_a_step_of_today_chosen_shortly_before_midnight_does_not_slip_into_tomorrow(cast, now, lead):
    late = now.replace(hour=23, minute=30)
    task = record_outcome(lead=lead, outcome="talked", by=cast.ben, now=late, next_in_days=0).task
    assert task.due_at == now.replace(hour=23, minute=59, second=59)
    last = now.replace(hour=23, minute=59, second=59, microsecond=500_000)
    task = record_outcome(lead=lead, outcome="talked", by=cast.ben, now=last, next_in_days=0).task
    assert task.due_at == last


def test_due_tasks_are_done_with_it_and_later_ones_stay(cast, now, lead):
    for days, title in ((-1, "Overdue"), (0, "Today"), (5, "Later")):
        due_at = now + datetime.timedelta(days=days, hours=1)
        add_task(lead=lead, kind="call", title=title, due_at=due_at, assignee=cast.ben, by=cast.ben, now=now)
    record_outcome(lead=lead, outcome="talked", by=cast.ben, now=now)
    assert set(Task.objects.open().values_list("title", flat=True)) == {"Later", "Follow up on the talk"}
    assert Activity.objects.filter(lead=lead, kind="task_done").count() == 2


def test_not_now_recycles_until_the_day(cast, now, lead):
    done = record_outcome(lead=lead, outcome="not_now", by=cast.ben, now=now, next_in_days=30)
    assert (done.ended, done.task) == (True, None)
    assert (lead.side, lead.disposition, lead.recycle_on) == ("marketing", "recycled", datetime.date(2026, 7, 10))
    handover = Handover.objects.get()
    assert (handover.end, handover.end_reason, handover.first_touch_at) == ("rejected", "bad_timing", now)


def test_not_interested_rejects_with_the_reason_chosen(cast, now, lead):
    done = record_outcome(lead=lead, outcome="not_interested", by=cast.ben, now=now, reject_reason="no_budget")
    assert done.ended
    handover = Handover.objects.get()
    assert (handover.end, handover.end_reason) == ("rejected", "no_budget")


def test_a_lead_handed_over_this_very_moment_counts_as_worked(cast, now):
    lead = make_lead(grade="A")
    route([lead.pk], now=now)
    lead.refresh_from_db()
    assert record_outcome(lead=lead, outcome="not_interested", by=cast.ben, now=now).ended


@pytest.mark.parametrize(("who", "refusal"), [("cal", Lead.DoesNotExist), ("mia", PermissionDenied)])
def test_strangers_work_nothing(cast, now, lead, who, refusal):
    before = Activity.objects.count()
    with pytest.raises(refusal):
        record_outcome(lead=lead, outcome="talked", by=getattr(cast, who), now=now)
    assert Activity.objects.count() == before


def test_nonsense_is_refused(cast, now, lead):
    with pytest.raises(ValidationError):
        record_outcome(lead=lead, outcome="kissed", by=cast.ben, now=now)
    with pytest.raises(ValidationError):
        record_outcome(lead=lead, outcome="talked", by=cast.ben, now=now, next_in_days=-1)
    assert Task.objects.count() == 0
