"""The door of leads.changes with everything behind it: new scores at its exit, and what a new grade means for who
works the lead, in the same transaction."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from typing import NamedTuple

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, Subquery

from leads import changes
from leads.actions.lifecycle import set_disposition
from leads.activities import Because, Trait, codes_with
from leads.changes import Change
from leads.conditions import Vocabulary
from leads.enums import Disposition, Side
from leads.models import Activity, Lead, Transition
from routing.actions.handover import Ending, end_handovers, note_first_touches
from routing.actions.route import PoolsTaken, Routed, hand_over, lock_pools
from routing.enums import EndReason, HandoverEnd, Why
from routing.models import Handover
from routing.queries import in_force, sales_grades
from scoring.engine import Span, regrade
from scoring.queries import published_model, what_it_reads

# So many leads are settled while somebody waits; the marks of more stay for a worker.
AT_ONCE = 50

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
    to_take_back: dict[int, Ending]

    @property
    def ids(self) -> list[int]:
        return [*self.to_route, *self.to_wake, *self.to_take_back]


@contextmanager
def changing(leads=(), *, by, now, answers=False) -> Iterator[Change]:
    """leads.changes.changing, settled at its exit: held leads that were noted are scored and, where they belong to
    sales, handed over before it ends, if they are at most AT_ONCE; the marks of others stay for a worker.

    So do those of leads that were to be handed over while somebody else gives out leads: nobody waits for that.
    """
    with changes.changing(leads, by=by, now=now, answers=answers, at_exit=_settle_or_leave) as change:
        yield change


def mark_what_is_scored(change: Change) -> None:
    """At the exit of a change that routing makes by itself: marks the leads whose score may have changed by it."""
    if change.notes:
        _mark_what_is_scored(change, change.notes, published_model(), Vocabulary.of(change.definitions))


def settle(change: Change, lead_ids, *, wait=True) -> Settled:
    """Scores these leads and hands over what belongs to sales; marks are the caller's concern.

    What settling does itself asks for another score only where a rule reads such things. Without `wait`, leads that
    cannot be handed over at once, because somebody else gives out leads, are marked instead.
    """
    if not lead_ids:
        return Settled()
    touched = change.found_marks or not change.notes or any(map(_may_tell_of_contact, change.notes))
    rules = in_force(change.definitions)
    regraded = regrade(lead_ids, now=change.now, model=rules.model, vocabulary=rules.vocabulary)
    if rules.policy is None:
        return Settled(regraded.leads, regraded.changed)
    if touched:
        note_first_touches(lead_ids)
    concerned = _sorted_out(Q(pk__among=lead_ids), rules.policy, change.now)
    routed = _follow_up(change, concerned, rules, wait=wait)
    return Settled(regraded.leads, regraded.changed, routed.handed_over, routed.pooled)


def settle_span(change: Change, span: Span) -> Settled:
    """As `settle`, for a chunk of a regrade of everybody; first touches come with the marks of their activities."""
    rules = in_force(change.definitions)
    regraded = regrade(span, now=change.now, model=rules.model, vocabulary=rules.vocabulary)
    if rules.policy is None:
        return Settled(regraded.leads, regraded.changed)
    concerned = _sorted_out(Q(pk__range=span), rules.policy, change.now)
    if concerned.to_take_back:
        # What the locks waited for may have accepted a hand-over, or given the lead to somebody by hand.
        held = change.hold(concerned.ids)
        concerned = _sorted_out(Q(pk__among=held), rules.policy, change.now)
    if concerned.to_route or concerned.to_wake:
        # Another chunk may be handing leads over: wait for it, with every lead locked that is needed after it, so
        # that nobody waits in a circle. Giving way here would throw a whole chunk's work away.
        change.hold(concerned.ids)
        give_way(POOL_TIMEOUT_MS)
        lock_pools()
        give_way()
    routed = _follow_up(change, concerned, rules)
    return Settled(regraded.leads, regraded.changed, routed.handed_over, routed.pooled)


def give_way(after_ms=LOCK_TIMEOUT_MS) -> None:
    """From here on this transaction breaks off rather than wait longer than that for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = %s", [after_ms])


def _settle_or_leave(change):
    noted = change.noted_ids()
    held = [pk for pk in noted if pk in change.held]
    if len(held) > AT_ONCE:
        held = []
    # What was found is taken away before settling leaves marks of its own.
    change.unmark(held)
    change.settled = settle(change, held, wait=False)
    change.mark(set(noted).difference(held))


def _follow_up(change, concerned, rules, *, wait=True):
    before = len(change.notes)
    if concerned.to_take_back:
        change.hold(list(concerned.to_take_back))
        end_handovers(change, concerned.to_take_back, end=HandoverEnd.RECALLED)
    if concerned.to_wake:
        change.hold(concerned.to_wake)
        set_disposition(change, leads=concerned.to_wake, to=Disposition.OPEN, reason=Because("came_back"))
    going = concerned.to_route + concerned.to_wake
    try:
        routed = hand_over(change, going, rules.policy, vocabulary=rules.vocabulary, wait=wait)
    except PoolsTaken:
        change.mark(going)
        routed = Routed()
    _mark_what_is_scored(change, change.notes[before:], rules.model, rules.vocabulary)
    return routed


def _mark_what_is_scored(change, notes, model, vocabulary):
    if model is None or not notes:
        return
    read = what_it_reads(model, vocabulary)
    change.mark(change.noted_ids(note for note in notes if note.fields & read.fields or note.kinds & read.kinds))


def _may_tell_of_contact(note):
    return not (note.fields or note.kinds) or not note.kinds.isdisjoint(codes_with(Trait.CONTACT))


def _sorted_out(which, policy, now):
    """Whom of these leads (a Q) the new grades concern, in one query.

    Woken are recycled people whose date has come or who asked. Taken back from sales are those no longer open, and
    those that lost the grade before a rep accepted what the policy handed over; what was given by hand stays. A
    recycled lead belongs to nobody, so the day it comes back on is in nobody's time zone: it begins at midnight UTC,
    one moment for all, a few hours off after a wait of weeks.
    """
    grades = sales_grades(policy)
    marketing, open_ = Q(side=Side.MARKETING), Q(disposition=Disposition.OPEN)
    recycled = marketing & Q(disposition=Disposition.RECYCLED)
    since = Transition.objects.filter(lead=OuterRef(OuterRef("pk"))).order_by(F("seq").desc()).values("at")[:1]
    asked = Activity.objects.filter(
        lead=OuterRef("pk"), kind__in=codes_with(Trait.ASKING), is_machine=False, occurred_at__gt=Subquery(since)
    )
    by_policy = Handover.objects.open().filter(Q(owner=None) | Q(why=Why.TURN), lead=OuterRef("pk"), accepted_at=None)
    faded = Q(side=Side.SALES) & ~Q(grade__in=grades) & Exists(by_policy)
    rows = Lead.objects.filter(
        Q(marketing & open_ & Q(grade__in=grades))
        | (recycled & (Q(recycle_on__lte=now.astimezone(datetime.UTC).date()) | Exists(asked)))
        | (Q(side=Side.SALES) & ~open_)
        | faded,
        which,
    ).order_by("pk")
    to_route, to_wake, to_take_back = [], [], {}
    for pk, side, disposition, grade, owner, reason, facts in rows.values_list(
        "pk", "side", "disposition", "grade", "owner", "disposition_reason", "disposition_facts"
    ):
        is_open = disposition == Disposition.OPEN
        if side == Side.MARKETING:
            (to_route if is_open else to_wake).append(pk)
        elif is_open:
            to_take_back[pk] = Ending(EndReason.FADED, {"grade": grade, "had_rep": owner is not None})
        else:
            closed = {"disposition": disposition, "reason": reason} | ({} if facts is None else {"facts": facts})
            to_take_back[pk] = Ending(EndReason.CLOSED, closed)
    return _Concerned(to_route, to_wake, to_take_back)
