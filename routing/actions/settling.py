"""The pulse: workers settle the leads that are marked, and everybody in chunks."""

import datetime
import logging
from contextlib import contextmanager
from dataclasses import replace

from django.db import OperationalError, transaction
from django.db.models import Exists, OuterRef, Q

from jobs.postgres import SOMEBODY_WAS_FIRST, error_code
from leads import changes
from routing.actions.door import Settled, give_way, settle, settle_span
from scoring.actions import (
    claim_dirty,
    claim_regrade_chunk,
    fail_chunk,
    fail_dirty,
    finish_chunk,
    finish_runs,
    request_regrade,
)
from scoring.engine import Span
from scoring.models import RegradeChunk, RegradeRun, ScoringModel

logger = logging.getLogger(__name__)

SMALL = 1000
FULL_RUN_EVERY = datetime.timedelta(hours=24)
FAILURES_IN_A_ROW = 5


def settle_dirty(*, now, limit=SMALL) -> int:
    """Takes the `limit` longest waiting marks and settles their leads; returns how many, 0 when nothing waits.

    One transaction, and each lead in its own after one has failed: a lead that cannot be scored is logged, waits
    longer each time and is put aside in the end (jobs.actions), and holds nobody else up. Safe to run beside itself.
    """
    return settle_marked(now=now, limit=limit).leads


def settle_marked(*, now, limit=SMALL) -> Settled:
    """As `settle_dirty`, but says more: returns `Settled`."""
    try:
        return _settle_marked(now, limit)
    except OperationalError as error:
        if gave_way(error):
            return Settled()
        raise
    except Exception:
        logger.exception("Settling %s leads at once failed; trying one by one.", limit)
    return _settle_one_by_one(now, limit)


def regrade_chunk(*, now, run=None) -> int:
    """Settles the next chunk of leads of `run`, or of the oldest unfinished run; returns how many leads, 0 for none.

    Claim, scores, hand-overs and the chunk's mark are one transaction: a killed worker leaves nothing behind. Any
    number of workers do chunks beside each other; only while they hand leads over do they wait for one another. 0
    also when it gave way to somebody else: then the chunk waits for the next call.
    """
    chunk = None
    try:
        with _worker(now) as change:
            chunk = claim_regrade_chunk(now=now, run=run)
            if chunk is None:
                settled = Settled()
            else:
                settled = settle_span(change, Span(chunk.first_lead_id, chunk.last_lead_id))
                finish_chunk(chunk=chunk, leads=settled.leads, changed=settled.changed, now=now)
        finish_runs(now=now)
        # A chunk whose leads are all gone is work done, too.
        return max(settled.leads, 1) if chunk else 0
    except OperationalError as error:
        if gave_way(error):
            return 0
        raise
    except Exception as error:
        if chunk is not None:
            fail_chunk(chunk=chunk, failure=error, now=now)
        raise


def request_nightly_regrade(*, now) -> bool:
    """Asks for a regrade of everybody when the last one is older than a day, because time alone changes scores.

    True when it asked. Two callers at once ask once: the published model's row is locked meanwhile.
    """
    with transaction.atomic():
        model = ScoringModel.objects.published().select_for_update().first()
        if model is None:
            return False
        # A run that only waits for somebody to look at a chunk that was put aside keeps nobody from the next one.
        going = Exists(RegradeChunk.objects.waiting().filter(run=OuterRef("pk")))
        if RegradeRun.objects.filter(Q(going) | Q(requested_at__gt=now - FULL_RUN_EVERY), cancelled_at=None).exists():
            return False
        request_regrade(by=None, now=now)
    return True


def gave_way(error) -> bool:
    """Whether a database error only says that somebody else was first."""
    return error_code(error) in SOMEBODY_WAS_FIRST


@contextmanager
def _worker(now):
    """A change by the program that gives way to people's; its marks are claimed, so none is left at its exit."""
    with changes.changing(by=None, now=now, at_exit=_leave_nothing) as change:
        give_way()
        yield change


def _leave_nothing(change):
    pass


def _settle_marked(now, limit):
    with _worker(now) as change:
        ids = claim_dirty(now=now, limit=limit)
        # Without a scoring model nothing is looked at, yet the marks are gone.
        return replace(settle(change, ids), leads=len(ids))


def _settle_one_by_one(now, limit):
    done, failures = Settled(), 0
    for _ in range(limit):
        settled = _settle_one(now)
        failures = failures + 1 if settled is None else 0
        # When nearly everything fails it is not the leads: the next tick tries again.
        if failures == FAILURES_IN_A_ROW or settled == Settled():
            break
        done += settled or Settled()
    return done


def _settle_one(now):
    """`Settled`, or None when the lead failed and was postponed."""
    ids = []
    try:
        with _worker(now) as change:
            ids = claim_dirty(now=now, limit=1)
            return replace(settle(change, ids), leads=len(ids))
    except Exception as error:
        if gave_way(error):
            return Settled()
        logger.exception("Lead %s could not be settled; it is tried again later.", ids)
        fail_dirty(lead_ids=ids, failure=error, now=now)
        return None
