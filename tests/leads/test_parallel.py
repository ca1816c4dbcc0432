"""Several people and workers at the same lead at the same moment, on connections of their own."""

import datetime
import threading
import time

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from insights.invariants import check_all
from leads.actions import record
from leads.actions.answers import delete_answer, retire_answer
from leads.actions.record import companies_by_name
from leads.actions.task import add_task
from leads.changes import changing
from leads.enums import Disposition, Stage
from leads.models import Activity, Company, DirtyLead, FieldDefinition, Lead
from leads.queries import leads_by_answer
from scoring.actions import claim_dirty
from tests.cast import make_user
from tests.factories.deeds import change_lead, complete_task, mark, move_stage, record_activities, set_disposition
from tests.factories.leads import make_lead

HOUR = datetime.timedelta(hours=1)


def at_once(*jobs):
    """Runs the jobs together, each on its own connection; their results in order, errors raised."""
    barrier, results, errors = threading.Barrier(len(jobs)), [None] * len(jobs), []

    def run(place, job):
        try:
            barrier.wait(timeout=10)
            results[place] = job()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    if errors:
        raise errors[0]
    return results


def broken():
    """Invariants about the record that do not hold; other sessions' transactions are not this test's."""
    return [finding.invariant.says for finding in check_all() if finding.count and finding.invariant.code != "I18"]


def test_moves_of_the_same_leads_in_any_order_keep_every_history(committed, now):
    ids = [make_lead(now=now).pk for _ in range(20)]

    def move(to, leads):
        return lambda: move_stage(leads=leads, to=to, reason="Race", by=None, now=now, check_entry=False)

    def lose():
        return set_disposition(leads=ids[::2], to=Disposition.LOST, reason="Race", by=None, now=now)

    for _ in range(3):
        at_once(
            move(Stage.LEAD, ids),
            move(Stage.SUSPECT, ids[::-1]),
            move(Stage.PROSPECT, Lead.objects.order_by("?")),
            lose,
        )

    assert broken() == []
    assert Lead.objects.filter(disposition=Disposition.LOST).count() == 10


def test_the_same_move_at_the_same_time_is_one_step(committed, now):
    lead = make_lead(now=now)

    moved = at_once(*[lambda: move_stage(leads=[lead.pk], to=Stage.LEAD, reason="Race", by=None, now=now + HOUR)] * 4)

    assert sorted(moved) == [0, 0, 0, 1]
    assert lead.transitions.count() == 2


def test_changes_of_different_fields_all_stay(committed, now):
    lead = make_lead(now=now, first_name="Jo")
    values = {"city": "Köln", "job_title": "Buyer", "company": "Acme", "tags": ["vip"]}

    def change(code, value):
        return lambda: change_lead(lead=Lead.objects.get(pk=lead.pk), changes={code: value}, by=None, now=now)

    at_once(*[change(code, value) for code, value in values.items()])

    lead = Lead.objects.get(pk=lead.pk)
    assert (lead.city, lead.job_title, lead.company.name, lead.tags) == ("Köln", "Buyer", "Acme", ["vip"])
    assert Activity.objects.filter(lead=lead, kind="field_changed").count() == 4


def test_a_company_that_several_name_is_made_once(committed, now):
    names = [f"Company {number}" for number in range(30)]

    known = at_once(*[lambda: companies_by_name(names, now=now), lambda: companies_by_name(names[::-1], now=now)] * 2)

    assert Company.objects.count() == 30
    assert known[0] == known[1] == known[2] == known[3]


def test_an_event_that_is_reported_by_several_is_recorded_once(committed, now):
    lead = make_lead(now=now)
    rows = [
        {"lead_id": lead.pk, "kind": "visit", "occurred_at": now, "dedupe_key": f"visit:{number}"}
        for number in range(50)
    ]

    new = at_once(*[lambda: record_activities(rows=rows, now=now), lambda: record_activities(rows=rows, now=now)] * 2)

    assert sum(new) == 50
    assert Activity.objects.filter(kind="visit").count() == 50


def test_a_task_is_done_by_one(committed, now):
    kim = make_user("kim")
    lead = make_lead(now=now)
    task = add_task(lead=lead, kind="call", title="Call", due_at=now, assignee=kim, by=kim, now=now)

    done = at_once(*[lambda: complete_task(task=task, by=kim, now=now)] * 4)

    assert sorted(done) == [False, False, False, True]
    assert Activity.objects.filter(kind="task_done").count() == 1


def test_a_mark_made_again_outlives_the_worker_that_comes_meanwhile(committed, now):
    lead = make_lead(now=now)
    marked, claimed = threading.Event(), threading.Event()

    def change():
        with transaction.atomic():
            mark(leads=[lead.pk], now=now + HOUR)
            marked.set()
            claimed.wait(timeout=10)

    def work():
        marked.wait(timeout=10)
        try:
            with transaction.atomic():
                return claim_dirty(now=now + HOUR, limit=10)
        finally:
            claimed.set()

    _, taken = at_once(change, work)

    # The worker would have scored the lead as it was before the change, and taken the mark away.
    assert taken == []
    assert DirtyLead.objects.get().lead_id == lead.pk


def test_a_change_does_not_wait_for_the_batch_of_a_worker_that_left_its_lead_alone(committed, now):
    busy, free = make_lead(now=now), make_lead(now=now)
    held, claimed, ended = threading.Event(), threading.Event(), threading.Event()

    def change():
        with changing([busy.pk], by=None, now=now) as change:
            held.set()
            assert claimed.wait(timeout=10)
            change.note([busy.pk])
        ended.set()

    def work():
        assert held.wait(timeout=10)
        with transaction.atomic():
            taken = claim_dirty(now=now, limit=10)
            claimed.set()
            return taken, ended.wait(timeout=10)

    _, (taken, change_ended) = at_once(change, work)

    assert (taken, change_ended) == ([free.pk], True)
    assert list(DirtyLead.objects.values_list("lead", flat=True)) == [busy.pk]


def test_a_second_worker_takes_what_the_first_has_left(committed, now):
    ids = [make_lead(now=now).pk for _ in range(6)]
    both = threading.Barrier(2)

    def work():
        with transaction.atomic():
            taken = claim_dirty(now=now, limit=3)
            both.wait(timeout=10)
            return taken

    assert sorted(at_once(work, work)) == [ids[:3], ids[3:]]


def test_a_change_and_a_worker_at_the_same_lead_never_wait_for_each_other(committed, now):
    ids = [make_lead(now=now).pk for _ in range(10)]

    def work():
        for _ in range(20):
            with transaction.atomic():
                claimed = claim_dirty(now=now, limit=100)
                list(Lead.objects.filter(pk__in=claimed).order_by("pk").select_for_update(no_key=True))

    def change():
        for number in range(20):
            stage = Stage.LEAD if number % 2 else Stage.SUSPECT
            move_stage(leads=ids[::-1], to=stage, reason="Race", by=None, now=now, check_entry=False)

    at_once(work, change, work, change)

    assert broken() == []


def test_an_answer_that_somebody_is_giving_is_not_deleted(committed, now):
    field, lead = FieldDefinition.objects.get(code="budget"), make_lead(now=now)
    chosen = threading.Event()

    def answer():
        with changing([lead.pk], by=None, now=now, answers=True) as change:
            assert change.definitions
            chosen.set()
            wait_until_somebody_waits()
            record.change_lead(change, lead=lead, values={"budget": "planned"})

    def delete():
        assert chosen.wait(timeout=10)
        retire_answer(field=field, code="planned", now=now)
        with pytest.raises(ValidationError, match="Planned is in use"):
            delete_answer(field=field, code="planned", is_used=lambda: bool(leads_by_answer(field).get("planned")))

    at_once(answer, delete)

    lead.refresh_from_db()
    assert lead.fields == {"budget": "planned"}
    assert broken() == []


def test_whoever_deletes_an_answer_gives_up_where_answers_are_written_for_long(committed, now):
    """An import's chunk, say: everybody who edits answers would wait behind."""
    field = FieldDefinition.objects.get(code="budget")
    retire_answer(field=field, code="planned", now=now)
    holding, over = threading.Event(), threading.Event()

    def write():
        with changing(by=None, now=now) as change:
            change.hold_answers()
            holding.set()
            assert over.wait(timeout=30)

    def delete():
        assert holding.wait(timeout=10)
        try:
            with pytest.raises(ValidationError, match="being written just now"):
                delete_answer(field=field, code="planned", is_used=lambda: False)
        finally:
            over.set()

    at_once(write, delete)
    delete_answer(field=field, code="planned", is_used=lambda: False)
    assert not field.answers.filter(code="planned").exists()


def test_an_answer_that_was_retired_since_it_was_read_is_refused(committed, now):
    field, lead = FieldDefinition.objects.get(code="budget"), make_lead(now=now)
    read, retired = threading.Event(), threading.Event()

    def answer():
        with changing([lead.pk], by=None, now=now) as change:
            assert change.definitions
            read.set()
            assert retired.wait(timeout=10)
            with pytest.raises(ValidationError, match="no longer offered"):
                record.change_lead(change, lead=lead, values={"budget": "planned"})

    def retire():
        assert read.wait(timeout=10)
        retire_answer(field=field, code="planned", now=now)
        retired.set()

    at_once(answer, retire)


def wait_until_somebody_waits():
    """Until a session waits for what this transaction holds."""
    for _ in range(400):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid() = ANY(pg_blocking_pids(pid)) FROM pg_locks WHERE NOT granted")
            if any(is_ours for (is_ours,) in cursor.fetchall()):
                return
        time.sleep(0.05)
    raise AssertionError("Nobody waits.")
