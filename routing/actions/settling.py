"""The pulse: new scores, and in the same transaction everything a new grade means for who works the lead."""

import datetime
import logging
from dataclasses import astuple, dataclass, replace
from typing import NamedTuple

from django.db import OperationalError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q, Subquery

from jobs.postgres import SOMEBODY_WAS_FIRST, error_code
from leads.actions.lifecycle import set_disposition
from leads.actions.timeline import ids_of, mark_dirty
from leads.activities import Trait, codes_with
from leads.enums import Disposition, Side
from leads.models import Activity, DirtyLead, Lead, Transition
from routing.actions.handover import end_handovers, lock_leads, note_first_touches
from routing.actions.route import lock_pools, route
from routing.enums import EndReason, HandoverEnd
from routing.queries import active_policy, sales_grades
from scoring.actions import (
    claim_dirty,
    claim_regrade_chunk,
    fail_chunk,
    fail_dirty,
    finish_chunk,
    finish_runs,
    request_regrade,
)
from scoring.engine import Span, regrade
from scoring.models import RegradeChunk, RegradeRun, ScoringModel

logger = logging.getLogger(__name__)

SMALL = 1000
FULL_RUN_EVERY = datetime.timedelta(hours=24)
FAILURES_IN_A_ROW = 5

# PostgreSQL calls a deadlock after a second, and breaks off whoever notices. Settling gives way before that, so that
# it is never a person's click that is broken off; the marks are still there for the next tick.
LOCK_TIMEOUT_MS = 700
POOL_TIMEOUT_MS = 10_000


@dataclass(frozen=True)
class Settled:
    """`leads` looked at, `changed` scores written, `handed_over` to a rep, `pooled` without a free one."""

    leads: int = 0
    changed: int = 0
    handed_over: int = 0
    pooled: int = 0

    def __add__(self, other):
        return Settled(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))


class _Concerned(NamedTuple):
    to_route: list
    to_wake: list
    to_take_back: dict

    @property
    def ids(self):
        return [*self.to_route, *self.to_wake, *(pk for pks in self.to_take_back.values() for pk in pks)]


def regrade_and_route(lead_ids, *, now, by=None):
    """Scores leads (queryset, objects or ids) and hands over what belongs to sales; returns `Settled`.

    Grade, side, owner and receipt commit together. One transaction, for a page's own use right after its change; the
    leads' marks are taken first, so that workers and pages wait for each other in one order. When a worker holds the
    pools for long, the marks stay, nothing is settled here, and a worker does it a little later.
    """
    ids = ids_of(lead_ids)
    with transaction.atomic():
        mark_dirty(leads=ids, now=now)
        try:
            with transaction.atomic():
                DirtyLead.objects.filter(pk__in=ids).delete()
                _give_way()
                settled = _settle(ids, now=now, by=by)
                _wait_again()
        except OperationalError as error:
            if not gave_way(error):
                raise
            return Settled()
    return settled


def settle_dirty(*, now, limit=SMALL):
    """Takes the `limit` longest waiting marks and settles their leads; returns how many, 0 when nothing waits.

    One transaction, and each lead in its own after one has failed: a lead that cannot be scored is logged, waits
    longer each time and is put aside in the end (jobs.actions), and holds nobody else up. Safe to run beside itself.
    """
    return settle_marked(now=now, limit=limit).leads


def settle_marked(*, now, limit=SMALL):
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


def regrade_chunk(*, now, run=None):
    """Settles the next chunk of leads of `run`, or of the oldest unfinished run; returns how many leads, 0 for none.

    Claim, scores, hand-overs and the chunk's mark are one transaction: a killed worker leaves nothing behind. Any
    number of workers do chunks beside each other; only while they hand leads over do they wait for one another. 0
    also when it gave way to somebody else: then the chunk waits for the next call.
    """
    chunk = None
    try:
        with transaction.atomic():
            _give_way()
            chunk = claim_regrade_chunk(now=now, run=run)
            if chunk is None:
                settled = Settled()
            else:
                settled = _settle_span(Span(chunk.first_lead_id, chunk.last_lead_id), now=now)
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


def request_nightly_regrade(*, now):
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


def gave_way(error):
    """Whether a database error only says that somebody else was first."""
    return error_code(error) in SOMEBODY_WAS_FIRST


def _settle_marked(now, limit):
    with transaction.atomic():
        _give_way()
        ids = claim_dirty(now=now, limit=limit)
        # Without a scoring model nothing is looked at, yet the marks are gone.
        return replace(_settle(ids, now=now, by=None), leads=len(ids))


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
        with transaction.atomic():
            _give_way()
            ids = claim_dirty(now=now, limit=1)
            return replace(_settle(ids, now=now, by=None), leads=len(ids))
    except Exception as error:
        if gave_way(error):
            return Settled()
        logger.exception("Lead %s could not be settled; it is tried again later.", ids)
        fail_dirty(lead_ids=ids, failure=error, now=now)
        return None


def _settle(ids, *, now, by):
    if not ids:
        return Settled()
    regraded = regrade(ids, now=now)
    policy = active_policy()
    if policy is None:
        return Settled(regraded.leads, regraded.changed)
    note_first_touches(ids)
    routed = _follow_up(_sorted_out(Q(pk__in=ids), policy, now), now=now, by=by)
    return Settled(regraded.leads, regraded.changed, routed.handed_over, routed.pooled)


def _settle_span(span, *, now):
    """As _settle, for a chunk of a regrade of everybody; first touches come with the marks of their activities."""
    regraded = regrade(span, now=now)
    policy = active_policy()
    if policy is None:
        return Settled(regraded.leads, regraded.changed)
    concerned = _sorted_out(Q(pk__range=span), policy, now)
    if concerned.to_route or concerned.to_wake:
        # Another chunk may be handing leads over: wait for it, with every lead locked that is needed after it, so
        # that nobody waits in a circle. Giving way here would throw a whole chunk's work away.
        lock_leads(concerned.ids)
        _give_way(POOL_TIMEOUT_MS)
        lock_pools()
        _give_way()
    routed = _follow_up(concerned, now=now, by=None)
    return Settled(regraded.leads, regraded.changed, routed.handed_over, routed.pooled)


def _follow_up(concerned, *, now, by):
    if concerned.to_take_back:
        lock_leads([pk for pks in concerned.to_take_back.values() for pk in pks])
        for (reason, facts), pks in concerned.to_take_back.items():
            end_handovers(pks, end=HandoverEnd.RECALLED, reason=reason, facts=dict(facts), by=by, now=now)
    if concerned.to_wake:
        reason = "Time or interest is back"
        set_disposition(leads=concerned.to_wake, to=Disposition.OPEN, reason=reason, by=by, now=now)
    return route(concerned.to_route + concerned.to_wake, now=now, by=by)


def _sorted_out(which, policy, now):
    """Whom of these leads (a Q) the new grades concern, in one query.

    Woken are recycled people whose date has come or who asked. Taken back from sales are those no longer open, and
    those that lost the grade while no rep was free. A recycled lead belongs to nobody, so the day it comes back on is
    in nobody's time zone: it begins at midnight UTC, one moment for all, a few hours off after a wait of weeks.
    """
    grades = sales_grades(policy)
    marketing, open_ = Q(side=Side.MARKETING), Q(disposition=Disposition.OPEN)
    recycled = marketing & Q(disposition=Disposition.RECYCLED)
    since = Transition.objects.filter(lead=OuterRef(OuterRef("pk"))).order_by(F("seq").desc()).values("at")[:1]
    asked = Activity.objects.filter(
        lead=OuterRef("pk"), kind__in=codes_with(Trait.ASKING), is_machine=False, occurred_at__gt=Subquery(since)
    )
    faded = Q(side=Side.SALES, pool__isnull=False) & ~Q(grade__in=grades)
    rows = Lead.objects.filter(
        Q(marketing & open_ & Q(grade__in=grades))
        | (recycled & (Q(recycle_on__lte=now.astimezone(datetime.UTC).date()) | Exists(asked)))
        | (Q(side=Side.SALES) & ~open_)
        | faded,
        which,
    ).order_by("pk")
    to_route, to_wake, to_take_back = [], [], {}
    for pk, side, disposition, grade, why in rows.values_list(
        "pk", "side", "disposition", "grade", "disposition_reason"
    ):
        if side == Side.SALES:
            faded = EndReason.FADED, (("grade", grade),)
            closed = EndReason.CLOSED, (("disposition", disposition), ("reason", why))
            to_take_back.setdefault(faded if disposition == Disposition.OPEN else closed, []).append(pk)
        else:
            (to_route if disposition == Disposition.OPEN else to_wake).append(pk)
    return _Concerned(to_route, to_wake, to_take_back)


def _wait_again():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = DEFAULT")


def _give_way(after_ms=LOCK_TIMEOUT_MS):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = %s", [after_ms])
