"""An import at work: chunk by chunk, each committed with its place in the file, so that a kill costs one chunk."""

import datetime
import gc
import itertools
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.conf import settings
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F, Q

from capture.importing.actions.merging import Disturbed, Target, merge_chunk
from capture.importing.actions.receiving import SAMPLE_ROWS
from capture.importing.actions.staging import put_search_in_order
from capture.importing.actions.undoing import undo_chunk
from capture.importing.enums import ImportStatus, RowResult
from capture.importing.mapping import make_plan
from capture.importing.models import Import
from capture.importing.queries import campaigns_by_spelling, custom_fields, sources_by_spelling, unanswered_words
from capture.importing.reading import Broken, Unreadable, open_table
from capture.importing.rows import RowCleaner
from jobs.postgres import FLEETING, error_code
from routing.actions.settling import settle_dirty

CHUNK_ROWS = 10_000
LEASE = datetime.timedelta(seconds=60)
TRIES = 5
SWITCH_SECONDS = 0.0005


class LeaseLost(Exception):
    """The import was paused, cancelled or taken over while a chunk was under way; the chunk was rolled back."""


class _Lease:
    """The right to work on an import, for LEASE from the last renewal; `until` is also the proof of it."""

    def __init__(self, run_id, until):
        self.run_id = run_id
        self.until = until

    @classmethod
    def claim(cls, run_id, now):
        """The lease, or None when another has it or nothing is to be done."""
        free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
        until = now + LEASE
        return (
            cls(run_id, until) if Import.objects.waiting().filter(free, pk=run_id).update(lease_until=until) else None
        )

    def mine(self, **conditions):
        """The import, as a queryset, as long as nobody else has taken it over."""
        return Import.objects.filter(pk=self.run_id, lease_until=self.until, **conditions)

    def renew(self, now, *, where, **changes):
        """Until LEASE after `now`, and in the same statement `changes`. Raises LeaseLost when it is gone.

        Only what is committed counts: the caller notes `until` when that has happened.
        """
        until = max(now + LEASE, self.until + datetime.timedelta(microseconds=1))
        if not self.mine(**where).update(lease_until=until, **changes):
            raise LeaseLost
        return until

    def give_back(self):
        self.mine().update(lease_until=None)


def continue_import(*, run_id, clock, seconds=None):
    """Works on one import until it is done, stopped, or `seconds` are over; True when it was ours to work on.

    clock: a callable that tells the time. Several may call this at once: the lease lets one in. Rows already
    committed are never done again.
    """
    lease = _Lease.claim(run_id, clock())
    if lease is None:
        return False
    run = Import.objects.select_related("created_by").get(pk=run_id)
    try:
        if run.status == ImportStatus.UNDOING:
            _undo(run, lease, clock, seconds)
        else:
            with _tuned():
                _import(run, lease, clock, seconds)
    except LeaseLost:
        return True
    except Unreadable as error:
        _fail(lease, clock(), str(error))
    except OperationalError:
        # The database went away: the lease runs out and the next worker goes on.
        raise
    except Exception:
        _fail(lease, clock(), "An unexpected error stopped the import.")
        raise
    finally:
        Import.objects.filter(pk=run.pk, lease_until__isnull=False, status__in=_STOPPED).update(lease_until=None)
    return True


_STOPPED = (ImportStatus.DONE, ImportStatus.FAILED, ImportStatus.CANCELLED, ImportStatus.PAUSED, ImportStatus.UNDONE)


@contextmanager
def _tuned():
    """Python set up for many rows.

    Rows hold no cycles, and looking for some among a million dicts takes as long as the work itself. And whoever comes
    back from the database should not wait the usual 5 ms for the thread that reads ahead: it comes back often.
    """
    was_on, interval = gc.isenabled(), sys.getswitchinterval()
    gc.disable()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        if was_on:
            gc.enable()


def cleaned_chunks(table, plan, *, skip=0, rows=None):
    """Yields lists of cleaned rows from row `skip` + 1 on, `rows` of them at most; each is read ahead in a thread.

    While the database is busy with one chunk, Python reads and cleans the next.
    """
    cleaner = RowCleaner(
        plan,
        len(table.header),
        phone_region=settings.PHONE_REGION,
        not_answered=unanswered_words(),
        sources=sources_by_spelling(),
        campaigns=campaigns_by_spelling(),
    )
    raw = itertools.islice(table.rows(), skip, None if rows is None else skip + rows)
    return _ahead(_cleaned(cleaner, raw, skip + 1, CHUNK_ROWS))


def _cleaned(cleaner, raw, number, size):
    while chunk := list(itertools.islice(raw, size)):
        yield cleaner.clean(number, chunk)
        number += len(chunk)


def _ahead(iterator):
    with ThreadPoolExecutor(max_workers=1) as pool:
        coming = pool.submit(next, iterator, None)
        while (chunk := coming.result()) is not None:
            coming = pool.submit(next, iterator, None)
            yield chunk


def pause(*, run):
    """Stops at once, and the chunk under way is rolled back; True when there was something to stop."""
    return _change(run, [ImportStatus.READY, ImportStatus.RUNNING], ImportStatus.PAUSED)


def resume(*, run):
    return _change(run, [ImportStatus.PAUSED], ImportStatus.READY)


def cancel(*, run, now):
    """Stops for good; what was imported so far stays and can be undone."""
    running = [ImportStatus.READY, ImportStatus.RUNNING, ImportStatus.PAUSED]
    return _change(run, running, ImportStatus.CANCELLED, finished_at=now)


def undo(*, run):
    """Puts the undoing of everything the import did in line."""
    return _change(run, [ImportStatus.DONE, ImportStatus.CANCELLED, ImportStatus.FAILED], ImportStatus.UNDOING)


def _change(run, from_statuses, to, **fields):
    changed = Import.objects.filter(pk=run.pk, status__in=from_statuses).update(status=to, lease_until=None, **fields)
    run.refresh_from_db()
    return bool(changed)


def _import(run, lease, clock, seconds):
    lease.mine(status=ImportStatus.READY).update(status=ImportStatus.RUNNING, started_at=run.started_at or clock())
    table = open_table(run.file.path, has_header=run.mapping.get("header", True))
    sample = [row for row in itertools.islice(table.rows(), SAMPLE_ROWS) if not isinstance(row, Broken)]
    plan = make_plan(table.header, sample, definitions=custom_fields(), mapping=run.mapping, format_code=run.format)
    target = Target(plan=plan, run=run, source_id=run.source_id, campaign_id=run.campaign_id)
    began = started = time.monotonic()
    done, in_time = run.rows_done, True
    with _settling(clock) as settle:
        for rows in cleaned_chunks(table, plan, skip=done):
            lease.until = _merge_and_commit(rows, target, clock(), done, lease, started)
            started, done = time.monotonic(), done + len(rows)
            settle()
            in_time = seconds is None or time.monotonic() - began <= seconds
            if not in_time:
                break
    if not in_time:
        lease.give_back()
        return
    put_search_in_order()
    lease.mine(status=ImportStatus.RUNNING).update(
        status=ImportStatus.DONE,
        rows_total=done,
        finished_at=clock(),
        lease_until=None,
        seconds=F("seconds") + (time.monotonic() - started),
    )


def _merge_and_commit(rows, target, now, done, lease, started):
    """Merges a chunk and counts it, and the time since `started`, in one transaction.

    Returns until when the lease now holds.
    """
    attempts = 0
    while True:
        attempts += 1
        try:
            with transaction.atomic():
                counts = merge_chunk(rows, target, now=now)
                return lease.renew(
                    now,
                    where={"rows_done": done, "status": ImportStatus.RUNNING},
                    rows_done=F("rows_done") + len(rows),
                    created=F("created") + counts[RowResult.CREATED],
                    updated=F("updated") + counts[RowResult.UPDATED],
                    unchanged=F("unchanged") + counts[RowResult.UNCHANGED],
                    rejected=F("rejected") + counts[RowResult.REJECTED],
                    seconds=F("seconds") + (time.monotonic() - started),
                )
        except (IntegrityError, Disturbed, OperationalError) as error:
            # Somebody created or locked the same person meanwhile; a broken connection is not tried again.
            fleeting = error_code(error) in FLEETING
            if attempts == TRIES or not (fleeting or isinstance(error, Disturbed)):
                raise


@contextmanager
def _settling(clock):
    """A function that has the leads of the last chunk scored and routed while the next is merged.

    The context ends when the last of them are done, too. In a transaction of the caller's nobody else can see the
    leads, so they are settled at once.
    """
    if connection.in_atomic_block:
        yield lambda: _settle(clock)
        return
    with ThreadPoolExecutor(max_workers=1) as beside:
        under_way = None

        def settle():
            nonlocal under_way
            if under_way is not None:
                under_way.result()
            under_way = beside.submit(_settle_beside, clock)

        yield settle
        if under_way is not None:
            under_way.result()


def _settle_beside(clock):
    try:
        _settle(clock)
    finally:
        connection.close()


def _settle(clock):
    """Settles the leads of a chunk, and those of them once more that were handed over.

    No more than that: the rest is others' work, and would keep the import from its own for however long it takes.
    """
    for _ in range(2):
        if not settle_dirty(now=clock(), limit=CHUNK_ROWS):
            break


def _undo(run, lease, clock, seconds):
    began = time.monotonic()
    while True:
        now = clock()
        with transaction.atomic():
            more = undo_chunk(run=run, now=now)
            until = lease.renew(now, where={"status": ImportStatus.UNDOING}, undone=run.undone)
        lease.until = until
        _settle(clock)
        if not more:
            lease.mine().update(status=ImportStatus.UNDONE, finished_at=clock(), lease_until=None)
            return
        if seconds is not None and time.monotonic() - began > seconds:
            lease.give_back()
            return


def _fail(lease, now, failure):
    lease.mine().update(status=ImportStatus.FAILED, finished_at=now, failure=failure, lease_until=None)
