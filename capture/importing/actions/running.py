"""An import at work: chunk by chunk, each committed with its place in the file, so that a kill costs one chunk."""

import datetime
import gc
import itertools
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F

from capture.importing.actions.merging import AnswersChanged, Disturbed, Target, merge_chunk
from capture.importing.actions.receiving import SAMPLE_ROWS, source_for_all
from capture.importing.actions.staging import put_search_in_order
from capture.importing.actions.undoing import built_upon, undo_begun, undo_chunk
from capture.importing.enums import ImportStatus, RowResult
from capture.importing.mapping import MappingError, make_plan
from capture.importing.models import Import
from capture.importing.queries import (
    campaigns_by_spelling,
    custom_fields,
    retired_origins,
    sources_by_spelling,
    unanswered_words,
)
from capture.importing.reading import Broken, Unreadable, open_table
from capture.importing.rows import Row, RowCleaner
from jobs import shutdown
from jobs.actions import FRESH, LeaseLost, claim, renewed
from jobs.postgres import FLEETING, error_code
from leads.intake.newcomers import KnownMeanwhile
from routing.actions.settling import settle_dirty
from team.models import User, Workspace

CHUNK_ROWS = 10_000
# What a file may name and an admin retire.
ORIGINS = frozenset({"source", "campaign"})
TRIES = 5
# Less than the time between two ticks, which go to one worker after the other.
ELSEWHERE_AFTER = datetime.timedelta(seconds=1)


def continue_import(*, run_id, clock, seconds=None) -> bool:
    """Works on one import until it is done, stopped, or `seconds` are over; True when it was ours to work on.

    clock: a callable that tells the time. Several may call this at once: the lease lets one in. Rows already
    committed are never done again. Where this host has no such file, or an error stops it, another goes on. One whose
    source or campaign was retired while it waited is not begun: it goes back to be mapped, and `failure` says so.
    """
    lease = claim(Import.objects.filter(pk=run_id), now=clock())
    if lease is None:
        return False
    run = Import.objects.select_related("created_by", "source", "campaign").get(pk=run_id)
    try:
        with renewed(lease, clock=clock):
            if run.status == ImportStatus.UNDOING:
                _undo(run, lease, clock, seconds)
            else:
                with _no_garbage_collected():
                    _import(run, lease, clock, seconds)
    except LeaseLost:
        return True
    except Unreadable as error:
        _end(lease, ImportStatus.FAILED, clock(), failure=str(error))
    except (FileNotFoundError, PermissionError):
        missing = f"The host {socket.gethostname()} cannot open the file; a host that can goes on with it."
        lease.give_back(failure=missing, next_try_at=clock() + ELSEWHERE_AFTER)
        # Nothing of this host's time went into it: the imports behind it have their turn.
        return False
    except Exception as error:
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        lease.fail(failure=error, now=clock())
        raise
    except BaseException:
        lease.give_back()
        raise
    return True


@contextmanager
def _no_garbage_collected():
    """Rows hold no cycles, and looking for some among so many dicts takes a quarter of the processor time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def cleaned_chunks(table, plan, *, skip=0, rows=None) -> Iterator[list[Row]]:
    """Yields lists of cleaned rows from row `skip` + 1 on, `rows` of them at most; each is read ahead in a thread.

    While the database is busy with one chunk, Python reads and cleans the next.
    """
    cleaner = RowCleaner(
        plan,
        len(table.header),
        phone_region=Workspace.objects.current().phone_region,
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


def pause(*, run) -> bool:
    """Stops at once, and the chunk under way is rolled back; True when there was something to stop."""
    return _change(run, [ImportStatus.READY, ImportStatus.RUNNING], ImportStatus.PAUSED)


def resume(*, run, now) -> bool:
    return _change(run, [ImportStatus.PAUSED], ImportStatus.READY, queued_at=now)


def cancel(*, run, now) -> bool:
    """Stops for good; what was imported so far stays and can be undone."""
    running = [ImportStatus.READY, ImportStatus.RUNNING, ImportStatus.PAUSED]
    return _change(run, running, ImportStatus.CANCELLED, finished_at=now)


def undo(*, run, by, now) -> bool:
    """Puts the undoing of everything the import did in line, within what `by` may change (None: all of it).

    Once more where the last time some were out of reach.
    """
    stopped = [ImportStatus.DONE, ImportStatus.CANCELLED, ImportStatus.FAILED]
    if run.undone and run.undone.get("with_sales"):
        stopped.append(ImportStatus.UNDONE)
    return _change(run, stopped, ImportStatus.UNDOING, queued_at=now, undone=undo_begun(run=run, by=by))


def _change(run, from_statuses, to, **fields):
    """Takes the import from whoever is at it, and what failed before is forgotten."""
    changed = Import.objects.filter(pk=run.pk, status__in=from_statuses)
    changed = changed.update(status=to, **Import.LET_GO, **FRESH, **fields)
    run.refresh_from_db()
    return bool(changed)


def _import(run, lease, clock, seconds):
    if run.started_at is None:
        try:
            source_for_all(run.source, run.campaign)
        except MappingError as error:
            # Back to where another can be chosen.
            lease.give_back(**FRESH | {"status": ImportStatus.UPLOADED, "queued_at": None, "failure": str(error)})
            return
    fresh = lease.jobs.filter(status=ImportStatus.READY)
    fresh.update(status=ImportStatus.RUNNING, started_at=run.started_at or clock())
    table = open_table(run.file.path, has_header=run.mapping.get("header", True))
    sample = [row for row in itertools.islice(table.rows(), SAMPLE_ROWS) if not isinstance(row, Broken)]
    began = started = time.monotonic()
    done, in_time = run.rows_done, True
    target, chunks = _begin(run, table, sample, done)
    with _settling(clock) as settle:
        while (rows := next(chunks, None)) is not None:
            try:
                _merge_and_commit(rows, target, clock(), done, lease, started)
            except AnswersChanged:
                chunks.close()
                target, chunks = _begin(run, table, sample, done)
                continue
            started, done = time.monotonic(), done + len(rows)
            settle()
            in_time = _is_in_time(began, seconds)
            if not in_time:
                break
    if not in_time:
        lease.give_back()
        return
    put_search_in_order()
    took = F("seconds") + (time.monotonic() - started)
    _end(lease, ImportStatus.DONE, clock(), rows_total=done, seconds=took)


def _begin(run, table, sample, done):
    """The target of the rows after the first `done`, and those rows in chunks, cleaned by the answers of now.

    What is retired is read first, so that a chunk notices whatever is retired after it.
    """
    plan = make_plan(table.header, sample, definitions=custom_fields(), mapping=run.mapping, format_code=run.format)
    names_origins = any(column.target in ORIGINS and not column.is_custom for column in plan.columns)
    retired = retired_origins() if names_origins else None
    target = Target(plan=plan, run=run, source_id=run.source_id, campaign_id=run.campaign_id, retired=retired)
    return target, cleaned_chunks(table, plan, skip=done)


def _merge_and_commit(rows, target, now, done, lease, started):
    """Merges a chunk and counts it, and the time since `started`, in one transaction."""
    attempts = 0
    while True:
        attempts += 1
        try:
            with transaction.atomic():
                counts = merge_chunk(rows, target, now=now)
                lease.commit(
                    now,
                    where={"rows_done": done, "status": ImportStatus.RUNNING},
                    rows_done=F("rows_done") + len(rows),
                    created=F("created") + counts[RowResult.CREATED],
                    updated=F("updated") + counts[RowResult.UPDATED],
                    unchanged=F("unchanged") + counts[RowResult.UNCHANGED],
                    rejected=F("rejected") + counts[RowResult.REJECTED],
                    seconds=F("seconds") + (time.monotonic() - started),
                )
            return
        except (IntegrityError, Disturbed, KnownMeanwhile, OperationalError) as error:
            # Somebody created or locked the same person meanwhile; a broken connection is not tried again.
            fleeting = error_code(error) in FLEETING
            if attempts == TRIES or not (fleeting or isinstance(error, Disturbed | KnownMeanwhile)):
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
            lease.commit(now, where={"status": ImportStatus.UNDOING}, undone=run.undone)
        _settle(clock)
        if not more:
            _end(lease, ImportStatus.UNDONE, clock())
            _undo_what_it_kept(run, clock())
            return
        if not _is_in_time(began, seconds):
            lease.give_back()
            return


def _undo_what_it_kept(run, now):
    """Puts earlier imports in line once more, each for whoever has undone it, that had to leave what this one built
    upon."""
    for earlier in built_upon(run):
        by = User.objects.filter(pk=earlier.undone["by"]).first() if earlier.undone.get("by") else None
        begun = undo_begun(run=earlier, by=by)
        _change(earlier, [ImportStatus.UNDONE], ImportStatus.UNDOING, queued_at=now, undone=begun)


def _is_in_time(began, seconds):
    """Whether there is time for another chunk: another worker goes on with what this one has no time for."""
    return not shutdown.has_begun() and (seconds is None or time.monotonic() - began <= seconds)


def _end(lease, status, now, **changes):
    lease.give_back(**FRESH | {"status": status, "finished_at": now} | changes)
