import datetime

import pytest

from leads.actions.task import add_task
from leads.models import Lead
from routing.actions import accept, record_outcome, route
from routing.queries import queue
from tests.factories.deeds import complete_task, log_activity
from tests.factories.leads import make_lead

HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)


def handed(cast, now, count=1, **values):
    """Leads of ben's: cal is away."""
    cast.cal.groups.clear()
    leads = [make_lead(**({"grade": "A"} | values)) for _ in range(count)]
    route([lead.pk for lead in leads], now=now)
    for lead in leads:
        lead.refresh_from_db()
    return leads


@pytest.mark.parametrize("count", [1, 3])
def test_a_queue_takes_one_query(cast, now, count, django_assert_num_queries):
    handed(cast, now, count)
    with django_assert_num_queries(1):
        found = queue(cast.ben, tab="to_accept", now=now)
    assert len(found.rows) == count
    assert found.counts == {"to_accept": count, "today": 0, "waiting": 0, "all": count}


def test_a_short_list_counts_all_there_are(cast, now):
    first, *_ = handed(cast, now, count=3)
    found = queue(cast.ben, tab="to_accept", now=now, most=1)
    assert [row.pk for row in found.rows] == [first.pk]
    none = queue(cast.ben, tab="waiting", now=now, most=1)
    assert none.rows == []
    assert found.counts == none.counts == {"to_accept": 3, "today": 0, "waiting": 0, "all": 3}


def test_soonest_due_then_grade_then_score(cast, now):
    (later,) = handed(cast, now, grade="A", score=99)
    (b_low,) = handed(cast, now - HOUR, grade="A", score=60)
    (b_high,) = handed(cast, now - HOUR, grade="A", score=70)
    (b,) = handed(cast, now - 5 * HOUR, grade="B", score=99)
    # Handed over at five, the B is due eight hours after work starts at nine.
    assert [lead.pk for lead in queue(cast.ben, now=now).rows] == [b_high.pk, b_low.pk, later.pk, b.pk]


def test_a_touched_lead_without_a_next_step_comes_before_what_is_due_later(cast, now):
    untouched, planned, forgotten = handed(cast, now, count=3)
    for lead in (planned, forgotten):
        record_outcome(lead=lead, outcome="talked", by=cast.ben, now=now + HOUR, next_in_days=1)
    complete_task(task=forgotten.tasks.get(), by=cast.ben, now=now + 2 * HOUR)
    found = queue(cast.ben, now=now + 2 * HOUR).rows
    assert [lead.pk for lead in found] == [forgotten.pk, untouched.pk, planned.pk]
    assert (found[0].work_due_at, found[0].next_task_title) == (now + HOUR, None)


def test_a_lead_moves_through_the_tabs(cast, now):
    (lead,) = handed(cast, now)

    def tab():
        counts = queue(cast.ben, now=now).counts
        assert counts.pop("all") == 1
        (name,) = [name for name, count in counts.items() if count]
        assert [found.pk for found in queue(cast.ben, tab=name, now=now).rows] == [lead.pk]
        return name

    assert tab() == "to_accept"
    accept(lead=lead, by=cast.ben, now=now)
    assert tab() == "today"
    record_outcome(lead=lead, outcome="talked", by=cast.ben, now=now, next_in_days=0)
    assert tab() == "today"
    record_outcome(lead=lead, outcome="talked", by=cast.ben, now=now)
    assert tab() == "waiting"


def test_each_lead_has_its_facts(cast, now):
    (lead,) = handed(cast, now)
    (found,) = queue(cast.ben, now=now).rows
    assert (found.assigned_at, found.due_at, found.accepted_at) == (now, now + 4 * HOUR, None)
    assert (found.next_task_at, found.next_task_title, found.last_touch_at) == (None, None, None)
    log_activity(lead=lead, kind="call", by=cast.ben, now=now + HOUR)
    log_activity(lead=lead, kind="note", by=cast.ben, now=now + 2 * HOUR)
    for title, due_at in (("Second", now + 2 * DAY), ("First", now + DAY)):
        add_task(lead=lead, kind="call", title=title, due_at=due_at, assignee=cast.ben, by=cast.ben, now=now)
    accept(lead=lead, by=cast.ben, now=now + HOUR)
    (found,) = queue(cast.ben, now=now).rows
    assert (found.accepted_at, found.last_touch_at) == (now + HOUR, now + HOUR)
    assert (found.next_task_at, found.next_task_title) == (now + DAY, "First")
    assert found.handover_id == lead.handovers.get().pk


def test_the_day_ends_at_her_own_midnight(cast, now):
    (lead,) = handed(cast, now)
    accept(lead=lead, by=cast.ben, now=now)
    cast.ben.time_zone = "America/New_York"
    due_at = datetime.datetime(2026, 6, 11, 3, tzinfo=datetime.UTC)
    add_task(lead=lead, kind="call", title="Late", due_at=due_at, assignee=cast.ben, by=cast.ben, now=now)
    assert queue(cast.ben, now=now).counts["today"] == 1
    cast.ben.time_zone = "Europe/Berlin"
    assert queue(cast.ben, now=now).counts["waiting"] == 1


def test_a_queue_holds_nobody_elses_leads(cast, now):
    handed(cast, now)
    assert Lead.objects.filter(owner=cast.ben).count() == 1
    assert queue(cast.cal, now=now) == ([], {"to_accept": 0, "today": 0, "waiting": 0, "all": 0})


def test_an_unknown_tab_is_refused(cast, now):
    with pytest.raises(ValueError, match="no tab"):
        queue(cast.ben, tab="tomorrow", now=now)
