"""Giving leads to reps: those that wait in the pools, as places get free, and any lead by a manager's own hand."""

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied, ValidationError

from leads.access import within_reach
from leads.actions.lifecycle import reason_payload
from leads.actions.task import pass_on_tasks
from leads.activities import Because
from leads.changes import changing, ids_of
from leads.enums import Disposition, Grade
from leads.models import Lead
from routing.actions.door import mark_what_is_scored
from routing.actions.handover import Ending, clean_reason, end_handovers
from routing.actions.receipt import Placed, due_times, open_handovers, serve_waiting
from routing.actions.route import lock_pools, place, waiting
from routing.enums import EndReason, HandoverEnd, Why
from routing.models import Handover
from routing.queries import active_policy, seats
from routing.rules import share_out
from team.models import Pool
from team.roles import can_own_leads


@dataclass(frozen=True)
class Assigned:
    """`given` leads have the new owner; `skipped` had her already, are not open, or are out of reach."""

    given: int
    skipped: int


def share_out_pools(*, now) -> int:
    """Gives the leads that wait in the pools to reps with free places, best first; returns how many.

    Holds the leads before the pools, as every writer does, and shares out by what it finds after that.
    """
    with changing(by=None, now=now, at_exit=mark_what_is_scored) as change:
        policy = active_policy()
        pool_ids = list(Pool.objects.filter(lead__isnull=False).distinct().values_list("pk", flat=True))
        if not policy or not pool_ids:
            return 0
        wanted = [contender.lead_id for contender in waiting(seats(pool_ids, now=now))]
        if not wanted:
            return 0
        change.hold(wanted)
        pools = lock_pools()
        there = seats(pool_ids, now=now)
        contenders = [contender for contender in waiting(there) if contender.lead_id in set(wanted)]
        shared = share_out(contenders, there)
        served = [contender for contender in contenders if contender.lead_id in shared]
        serve_waiting(change, place(served, shared, there, pools=pools, policy=policy, now=now), pools=pools)
    return len(served)


def assign(*, leads, to, by, now, reason) -> Assigned:
    """Gives leads (queryset, objects or ids) to the rep `to`, whatever her free places; returns `Assigned`.

    A lead of another rep is recalled from her with the reason and handed over anew; one that waits in a pool is
    served from there. Open tasks go along. `reason` is somebody's own words, or a `Because`. Leads that the
    permission leads.assign_lead does not reach for `by` are passed over. Raises PermissionDenied without it, and
    ValidationError when `to` cannot take leads or the reason is missing.
    The number of statements does not depend on that of the leads, but for SLICEs of them.
    """
    within = None if by is None else within_reach(by, "leads.assign_lead")
    if within is None:
        raise PermissionDenied("Only managers and admins hand leads to people.")
    if not to.is_active or not can_own_leads(to):
        raise ValidationError({"to": f"{to} cannot be given leads: that takes an active sales rep."})
    if not isinstance(reason, Because):
        reason = clean_reason(reason)
    why_facts = {"by": by.pk, "by_name": str(by)} | reason_payload(reason)
    given_on = why_facts | {"to": to.pk, "to_name": str(to)}
    ids = ids_of(leads)
    with changing(ids, by=by, now=now) as change:
        policy = active_policy()
        if policy is None:
            raise ValidationError("There is no active routing policy to say when a lead is due.")
        taken = list(
            Lead.objects.filter(within, pk__among=ids, disposition=Disposition.OPEN)
            .exclude(owner=to)
            .order_by("pk")
            .values_list("pk", "owner", "pool", "grade")
        )
        due = due_times(policy, [to], now=now)
        last_pool = dict(Handover.objects.open().filter(lead__in=[pk for pk, *_ in taken]).values_list("lead", "pool"))
        placed = {
            pk: Placed(
                pk,
                last_pool.get(pk, policy.default_pool_id),
                to,
                due[to.pk, grade == Grade.A],
                Why.BY_HAND.value,
                why_facts,
            )
            for pk, _owner, _pool, grade in taken
        }
        owner_of = {pk: owner for pk, owner, *_ in taken if owner}
        pools = dict(Pool.objects.values_list("pk", "name"))
        endings = dict.fromkeys(owner_of, Ending(EndReason.GIVEN_ON, given_on))
        end_handovers(change, endings, end=HandoverEnd.RECALLED)
        pooled = {pk for pk, _owner, pool, _grade in taken if pool}
        serve_waiting(change, [placed[pk] for pk in placed if pk in pooled], pools=pools)
        new = [placed[pk] for pk in placed if pk not in pooled]
        open_handovers(change, new, pools=pools, reason=Because("given", given_on))
        pass_on_tasks(lead_ids=owner_of.keys(), of=set(owner_of.values()), to=to)
    return Assigned(given=len(taken), skipped=len(ids) - len(taken))
