import datetime
import time

import pytest
from django.db import transaction

from capture.importing.models import Import
from jobs import actions
from jobs.actions import LEASE, LeaseLost, claim, fail, renewed, retry

MINUTE = datetime.timedelta(minutes=1)
SECOND = datetime.timedelta(seconds=1)


def make_job(now, **values):
    return Import.objects.create(file_name="people.csv", status="ready", created_at=now, queued_at=now, **values)


def jobs():
    return Import.objects.order_by("pk")


@pytest.mark.django_db
def test_one_worker_has_a_row_until_it_lets_go_or_is_lost(now):
    first, second = make_job(now), make_job(now)
    lease = claim(jobs(), now=now)
    other = claim(jobs(), now=now, limit=5)
    assert (lease.ids, other.ids) == ((first.pk,), (second.pk,))
    assert claim(jobs(), now=now + LEASE) is None
    lease.give_back(rows_total=7)
    again = claim(jobs(), now=now)
    assert again.ids == (first.pk,)
    assert [(row.rows_total, row.attempts) for row in again.jobs] == [(7, 0)]
    (taken_over,) = claim(jobs(), now=now + LEASE + SECOND, limit=1).jobs
    assert (taken_over.pk, taken_over.attempts, taken_over.failure) == (
        first.pk,
        1,
        "The worker that was at it was lost.",
    )
    assert not again.jobs.exists()


@pytest.mark.django_db
def test_progress_is_noted_by_its_holder_alone_and_makes_failures_forgotten(now):
    make_job(now, attempts=3, failure="no room")
    lost = claim(jobs(), now=now)
    lease = claim(jobs(), now=now + LEASE + SECOND)
    with pytest.raises(LeaseLost):
        lost.commit(now, rows_total=1)
    with pytest.raises(LeaseLost):
        lease.commit(now, where={"status": "running"}, rows_total=2)
    lease.commit(now + MINUTE, where={"status": "ready"}, rows_total=3)
    row = lease.jobs.get()
    assert (row.rows_total, row.attempts, row.failure) == (3, 0, "")
    assert row.lease_until == now + MINUTE + LEASE


@pytest.mark.django_db
def test_progress_told_late_does_not_shorten_a_lease_that_was_renewed(now):
    make_job(now)
    lease = claim(jobs(), now=now)
    lease.jobs.update(lease_until=now + MINUTE)
    lease.commit(now, rows_total=3)
    assert lease.jobs.get().lease_until == now + MINUTE


@pytest.mark.django_db
def test_for_want_of_memory_another_worker_goes_on_at_once_and_the_next_time_it_rests(now):
    make_job(now)
    claim(jobs(), now=now).fail(failure=MemoryError(), now=now)
    claim(jobs(), now=now).fail(failure=MemoryError(), now=now)
    row = Import.objects.get()
    assert (row.attempts, row.failure, row.next_try_at) == (2, "MemoryError", now + 2 * MINUTE)


@pytest.mark.django_db
def test_what_fails_rests_twice_as_long_each_time_and_is_put_aside_after_the_fifth(now):
    make_job(now)
    moment, rests = now, []
    for _ in range(4):
        claim(jobs(), now=moment).fail(failure=RuntimeError("no\nroom"), now=moment)
        row = Import.objects.get()
        rests.append((row.next_try_at - moment) / MINUTE)
        assert claim(jobs(), now=row.next_try_at - SECOND) is None
        moment = row.next_try_at
    assert rests == [1, 2, 4, 8]
    claim(jobs(), now=moment).fail(failure=RuntimeError("no\nroom"), now=moment)
    row = Import.objects.put_aside().get()
    assert (row.attempts, row.failure, row.put_aside_at) == (5, "RuntimeError: no", moment)
    assert (row.lease_until, row.holder) == (None, "")
    assert claim(jobs(), now=moment + 1000 * MINUTE) is None
    assert retry(Import.objects.put_aside()) == 1
    assert claim(jobs(), now=moment).jobs.get().attempts == 0


@pytest.mark.django_db
def test_what_kills_its_workers_is_put_aside_too(now):
    make_job(now)
    claims = 0
    while claim(jobs(), now=now + claims * MINUTE):
        claims += 1
    assert claims == 5
    assert Import.objects.put_aside().get().failure == "The worker that was at it was lost."


@pytest.mark.django_db
def test_only_what_is_undone_is_tried_again(now):
    done = make_job(now, attempts=5, put_aside_at=now)
    Import.objects.filter(pk=done.pk).update(status="done")
    assert retry(Import.objects.all()) == 0
    assert fail(Import.objects.filter(pk=0), failure="nothing", now=now) == 0


def test_a_lease_lasts_as_long_as_its_work(committed, now, monkeypatch):
    monkeypatch.setattr(actions, "RENEWED_EVERY", 0.02)
    make_job(now)
    lease = claim(jobs(), now=now)
    later = now + 10 * MINUTE
    with renewed(lease, clock=lambda: later):
        _wait_until(lambda: lease.jobs.get().lease_until == later + LEASE)
        assert claim(jobs(), now=later) is None
    assert claim(jobs(), now=later + LEASE + SECOND) is not None


def test_a_lease_in_a_transaction_of_the_caller_s_is_not_renewed(committed, now, monkeypatch):
    monkeypatch.setattr(actions, "RENEWED_EVERY", 0.01)
    with transaction.atomic():
        make_job(now)
        lease = claim(jobs(), now=now)
        with renewed(lease, clock=lambda: now + MINUTE):
            time.sleep(0.1)
        assert lease.jobs.get().lease_until == now + LEASE


def _wait_until(holds):
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)
