import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from leads.actions.task import add_task
from leads.models import Activity, DirtyLead, Lead, Task
from tests.factories.deeds import complete_task, log_activity, mark, record_activities
from tests.factories.leads import make_campaign, make_lead

HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def lead(cast, now):
    lead = make_lead(now=now)
    DirtyLead.objects.all().delete()
    return lead


def test_record_activities_keeps_every_column(lead, cast, now):
    campaign = make_campaign()
    moment = now.replace(microsecond=123456)
    row = {
        "lead_id": lead.pk,
        "kind": "form",
        "occurred_at": moment,
        "actor_id": cast.mia.pk,
        "campaign_id": campaign.pk,
        "payload": {"url": "/pricing", "when": moment},
        "is_machine": False,
        "dedupe_key": "form:1",
    }

    assert record_activities(rows=[row], now=now + HOUR) == 1

    activity = Activity.objects.get(kind="form")
    assert (activity.lead, activity.actor, activity.campaign) == (lead, cast.mia, campaign)
    assert (activity.occurred_at, activity.recorded_at) == (moment, now + HOUR)
    assert activity.payload == {"url": "/pricing", "when": "2026-06-10T10:00:00.123456+00:00"}
    assert (activity.is_machine, activity.dedupe_key) == (False, "form:1")
    assert DirtyLead.objects.get().marked_at == now + HOUR


def test_record_activities_twice_is_once_and_marks_only_news(lead, now):
    row = {"lead_id": lead.pk, "kind": "visit", "occurred_at": now, "dedupe_key": "visit:1"}

    assert record_activities(rows=[row, row], now=now) == 1
    DirtyLead.objects.all().delete()
    assert record_activities(rows=iter([row]), now=now) == 0

    assert Activity.objects.filter(kind="visit").count() == 1
    assert not DirtyLead.objects.exists()


def test_the_same_key_on_another_lead_is_another_activity(lead, now):
    row = {"kind": "visit", "occurred_at": now, "dedupe_key": "visit:1"}

    rows = [row | {"lead_id": lead.pk}, row | {"lead_id": make_lead(now=now).pk}]
    assert record_activities(rows=rows, now=now) == 2


def test_record_activities_refuses_an_unknown_kind(lead, now):
    with pytest.raises(ValidationError, match="prayer is no kind of activity"):
        record_activities(rows=[{"lead_id": lead.pk, "kind": "prayer", "occurred_at": now}], now=now)

    assert not Activity.objects.filter(kind="prayer").exists()


def test_what_a_machine_did_asks_for_no_score(lead, now):
    row = {"lead_id": lead.pk, "kind": "email_clicked", "occurred_at": now, "is_machine": True}

    assert record_activities(rows=[row], now=now) == 1
    assert not DirtyLead.objects.exists()


def test_record_activities_of_many_is_one_statement_a_chunk(lead, now, django_assert_num_queries):
    rows = [{"lead_id": lead.pk, "kind": "visit", "occurred_at": now} for _ in range(50)]

    with django_assert_num_queries(5):  # the rows, the mark, what was touched, and the savepoint around them
        assert record_activities(rows=rows, now=now) == 50


def test_log_activity(lead, cast, now):
    activity = log_activity(
        lead=lead, kind="call", by=cast.ben, now=now, payload={"note": "Busy"}, occurred_at=now - HOUR
    )

    activity.refresh_from_db()
    assert (activity.kind, activity.actor, activity.payload) == ("call", cast.ben, {"note": "Busy"})
    assert (activity.occurred_at, activity.recorded_at) == (now - HOUR, now)
    assert DirtyLead.objects.get().lead == lead


def test_log_activity_of_no_kind_is_refused(lead, cast, now):
    with pytest.raises(ValidationError, match="prayer is no kind of activity"):
        log_activity(lead=lead, kind="prayer", by=cast.ben, now=now)


def test_mark_dirty_keeps_the_oldest_mark(lead, now):
    mark(leads=[lead.pk], now=now)
    mark(leads=Lead.objects.all(), now=now + HOUR)
    assert DirtyLead.objects.get().marked_at == now

    mark(leads=[lead], now=now - HOUR)
    assert DirtyLead.objects.get().marked_at == now - HOUR


def test_task_is_added_and_completed_once(lead, cast, now):
    task = add_task(
        lead=lead, kind="call", title=" Call back ", due_at=now + HOUR, assignee=cast.ben, by=cast.ada, now=now
    )

    assert complete_task(task=task, by=cast.ben, now=now + HOUR)
    assert not complete_task(task=Task.objects.get(), by=cast.cal, now=now + 2 * HOUR)

    done = Task.objects.get()
    assert (done.title, done.created_by, done.done_by, done.done_at) == ("Call back", cast.ada, cast.ben, now + HOUR)
    [activity] = Activity.objects.filter(kind="task_done")
    assert activity.payload == {"task": task.pk, "kind": "call", "title": "Call back"}


@pytest.mark.parametrize(("field", "value"), [("title", " "), ("kind", "prayer"), ("title", "x" * 201)])
def test_bad_task_is_refused_by_field(lead, cast, now, field, value):
    values = {"kind": "call", "title": "Call", field: value}

    with pytest.raises(ValidationError) as raised:
        add_task(lead=lead, due_at=now, assignee=cast.ben, by=cast.ada, now=now, **values)

    assert list(raised.value.message_dict) == [field]


def test_nobody_who_left_is_given_a_task(lead, cast, now):
    cast.ben.is_active = False

    with pytest.raises(ValidationError, match="Ben may not sign in"):
        add_task(lead=lead, kind="call", title="Call", due_at=now, assignee=cast.ben, by=cast.ada, now=now)


def test_marking_again_writes_nothing(lead, now):
    mark(leads=[lead], now=now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT ctid::text FROM leads_dirtylead WHERE lead_id = %s", [lead.pk])
        (place,) = cursor.fetchone()
        mark(leads=[lead], now=now + HOUR)
        cursor.execute("SELECT ctid::text FROM leads_dirtylead WHERE lead_id = %s", [lead.pk])
        assert cursor.fetchone() == (place,)


def test_marking_leaves_out_who_is_gone(lead, now):
    DirtyLead.objects.all().delete()
    mark(leads=[lead.pk, lead.pk + 1], now=now)
    assert list(DirtyLead.objects.values_list("pk", flat=True)) == [lead.pk]
