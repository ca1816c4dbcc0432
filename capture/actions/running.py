"""An import at work: chunk by chunk, each committed with its place in the file, so that a kill costs one chunk."""

import datetime
import gc
import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.conf import settings
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import F, Q

from capture.actions.merging import Disturbed, Target, merge_chunk
from capture.actions.receiving import SAMPLE_ROWS
from capture.actions.staging import put_search_in_order
from capture.actions.undoing import undo_chunk
from capture.enums import ImportStatus, RowResult
from capture.mapping import make_plan
from capture.models import Import
from capture.queries import campaigns_by_spelling, custom_fields, sources_by_spelling, unanswered_words
from capture.reading import Broken, Unreadable, open_table
from capture.rows import RowCleaner
from routing.actions.settle import settle_dirty

CHUNK_ROWS = 10_000
LEASE = datetime.timedelta(seconds=60)
TRIES = 5


class LeaseLost(Exception):
    """The import was paused, cancelled or taken over while a chunk was under way; the chunk was rolled back."""


def continue_import(*, run_id, clock, seconds=None):
    """Works on one import until it is done, stopped, or `seconds` are over; True when it was ours to work on.

    clock: a callable that tells the time. Several may call this at once: the lease lets one in. Rows already
    committed are never done again.
    """
    token = _claim(run_id, clock())
    if token is None:
        return False
    run = Import.objects.select_related("created_by").get(pk=run_id)
    try:
        if run.status == ImportStatus.UNDOING:
            _undo(run, token, clock, seconds)
        else:
            with _without_collector():
                _import(run, token, clock, seconds)
    except LeaseLost:
        return True
    except Unreadable as error:
        _finish(run.pk, ImportStatus.FAILED, clock(), failure=str(error))
    except OperationalError:
        # The database went away: the lease runs out and the next worker goes on.
        raise
    except Exception:
        _finish(run.pk, ImportStatus.FAILED, clock(), failure="An unexpected error stopped the import.")
        raise
    finally:
        Import.objects.filter(pk=run.pk, lease_until__isnull=False, status__in=_STOPPED).update(lease_until=None)
    return True


_STOPPED = (ImportStatus.DONE, ImportStatus.FAILED, ImportStatus.CANCELLED, ImportStatus.PAUSED, ImportStatus.UNDONE)


@contextmanager
def _without_collector():
    """Rows hold no cycles, and looking for some among a million dicts takes as long as the work itself."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
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
    """Stops after the chunk under way; True when there was something to stop."""
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


def _claim(run_id, now):
    """The time until which the import is ours, which is also the proof of it; None when another has it."""
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    token = now + LEASE
    waiting = Import.objects.waiting().filter(free, pk=run_id)
    return token if waiting.update(lease_until=token) else None


def _import(run, token, clock, seconds):
    Import.objects.filter(pk=run.pk, lease_until=token, status=ImportStatus.READY).update(
        status=ImportStatus.RUNNING, started_at=run.started_at or clock()
    )
    table = open_table(run.file.path, has_header=run.mapping.get("header", True))
    sample = [row for row in itertools.islice(table.rows(), SAMPLE_ROWS) if not isinstance(row, Broken)]
    plan = make_plan(table.header, sample, definitions=custom_fields(), mapping=run.mapping, format_code=run.format)
    target = Target(plan=plan, run=run, source_id=run.source_id, campaign_id=run.campaign_id)
    began = started = time.monotonic()
    done = run.rows_done
    for rows in cleaned_chunks(table, plan, skip=done):
        now = clock()
        new_token = now + LEASE
        _merge_and_commit(rows, target, now, done, token, new_token, time.monotonic() - started)
        started, token, done = time.monotonic(), new_token, done + len(rows)
        while settle_dirty(now=clock(), limit=CHUNK_ROWS) == CHUNK_ROWS:
            pass
        if seconds is not None and time.monotonic() - began > seconds:
            Import.objects.filter(pk=run.pk, lease_until=token).update(lease_until=None)
            return
    put_search_in_order()
    finished = Import.objects.filter(pk=run.pk, status=ImportStatus.RUNNING, lease_until=token)
    finished.update(
        status=ImportStatus.DONE,
        rows_total=done,
        finished_at=clock(),
        lease_until=None,
        seconds=F("seconds") + (time.monotonic() - started),
    )


def _merge_and_commit(rows, target, now, done, token, new_token, seconds):
    for attempt in range(TRIES):
        try:
            with transaction.atomic():
                counts = merge_chunk(rows, target, now=now)
                ours = Import.objects.filter(
                    pk=target.run.pk, lease_until=token, rows_done=done, status=ImportStatus.RUNNING
                )
                if not ours.update(
                    rows_done=F("rows_done") + len(rows),
                    created=F("created") + counts[RowResult.CREATED],
                    updated=F("updated") + counts[RowResult.UPDATED],
                    unchanged=F("unchanged") + counts[RowResult.UNCHANGED],
                    rejected=F("rejected") + counts[RowResult.REJECTED],
                    seconds=F("seconds") + seconds,
                    lease_until=new_token,
                ):
                    raise LeaseLost
            return
        except (IntegrityError, Disturbed, OperationalError) as error:
            # Somebody created or locked the same person meanwhile; a broken connection is not tried again.
            fleeting = getattr(error.__cause__, "pgcode", None) in {"40P01", "40001", "23505", "55P03"}
            if attempt == TRIES - 1 or not (fleeting or isinstance(error, Disturbed)):
                raise


def _undo(run, token, clock, seconds):
    began = time.monotonic()
    while True:
        now = clock()
        new_token = now + LEASE
        with transaction.atomic():
            more = undo_chunk(run=run, now=now)
            ours = Import.objects.filter(pk=run.pk, lease_until=token, status=ImportStatus.UNDOING)
            if not ours.update(undone=run.undone, lease_until=new_token):
                raise LeaseLost
        token = new_token
        while settle_dirty(now=clock(), limit=CHUNK_ROWS) == CHUNK_ROWS:
            pass
        if not more:
            Import.objects.filter(pk=run.pk, lease_until=token).update(
                status=ImportStatus.UNDONE, finished_at=clock(), lease_until=None
            )
            return
        if seconds is not None and time.monotonic() - began > seconds:
            Import.objects.filter(pk=run.pk, lease_until=token).update(lease_until=None)
            return


def _finish(run_id, status, now, failure):
    Import.objects.filter(pk=run_id).update(status=status, finished_at=now, failure=failure, lease_until=None)
