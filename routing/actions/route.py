"""From marketing to sales: which leads go, to which pool, to which rep."""

import logging
from dataclasses import dataclass

from django.db.models import BigIntegerField, Case, Count, Exists, F, OuterRef, Q, Subquery, Value, When

from leads.activities import Because, Trait, codes_with
from leads.changes import Change, changing, ids_of
from leads.conditions import ConditionError, Vocabulary, compile_condition
from leads.enums import ChangeKind, Disposition, Grade, Side, Stage
from leads.models import Activity, ChangeRow, Lead, Transition
from routing.actions.receipt import Placed, due_times, open_handovers
from routing.enums import Why
from routing.models import Handover
from routing.queries import active_policy, sales_grades, seats
from routing.rules import Contender, share_out
from team.models import Pool

logger = logging.getLogger(__name__)


class PoolsTaken(Exception):
    """Somebody else is giving out leads right now."""


@dataclass(frozen=True)
class Routed:
    """How many leads went to a rep, and how many wait in a pool."""

    handed_over: int = 0
    pooled: int = 0


def route(lead_ids, *, now, by=None) -> Routed:
    """Hands over those of these leads that belong to sales; returns `Routed`.

    That is: open, on the marketing side, no customer yet, of a grade the active policy gives to sales, and, where an
    earlier hand-over has ended, changed for the better since (`_changed_for_the_better`). The first assignment rule
    that holds names the pool, else the policy.
    """
    with changing(by=by, now=now) as change:
        return hand_over(change, ids_of(lead_ids), active_policy())


def hand_over(change: Change, lead_ids, policy, *, vocabulary=None, wait=True) -> Routed:
    """As `route`, of leads that the change holds by then. Without `wait`, PoolsTaken when somebody has the pools."""
    if not lead_ids or policy is None:
        return Routed()
    rules = list(policy.rules.all())
    arrivals = _arrivals(change, lead_ids, policy, rules, vocabulary)
    if not arrivals:
        return Routed()
    pools = lock_pools(wait=wait)
    there = seats({pool_id for pool_id, *_ in arrivals.values()}, now=change.now)
    contenders = [Contender(pk, pool_id, grade, score) for pk, (pool_id, _rule, grade, score) in arrivals.items()]
    shared = share_out(contenders + waiting(there), there)
    rule_of = {pk: rule for pk, (_pool, rule, _grade, _score) in arrivals.items()}
    placed = place(contenders, shared, there, pools=pools, policy=policy, rules=rules, rule_of=rule_of, now=change.now)
    because = Because("handed_over", {"policy": policy.pk, "policy_name": policy.name})
    open_handovers(change, placed, pools=pools, reason=because, vocabulary=vocabulary)
    given = sum(1 for one in placed if one.owner)
    return Routed(handed_over=given, pooled=len(placed) - given)


def lock_pools(*, wait=True) -> dict[int, str]:
    """Locks all pools in id order and returns {id: name}; without `wait`, PoolsTaken where that would take time.

    Whoever gives out leads does it alone, because a rep may sit in several pools.
    """
    everything = Pool.objects.order_by().values(one=Value(1)).annotate(number=Count("pk")).values("number")
    pools = Pool.objects.annotate(all_there_are=Subquery(everything)).order_by("pk")
    locked = pools.select_for_update(no_key=True, skip_locked=not wait)
    rows = list(locked.values_list("pk", "name", "all_there_are"))
    if not wait and (not rows or len(rows) < rows[0][2]):
        raise PoolsTaken
    return {pk: name for pk, name, _ in rows}


def waiting(there) -> list[Contender]:
    """The best leads that wait in these pools, as contenders, no more than `there`, {pool_id: [Seat]}, has room for."""
    room = sum({seat.user.pk: seat.free for seats_of in there.values() for seat in seats_of}.values())
    if not room:
        return []
    leads = Lead.objects.filter(pool__in=there.keys(), disposition=Disposition.OPEN)
    best = leads.order_by("grade", F("score").desc(), "pk").values_list("pk", "pool", "grade", "score")[:room]
    return [Contender(pk, pool_id, grade, score, is_new=False) for pk, pool_id, grade, score in best]


def place(contenders, shared, there, *, pools, policy, now, rules=(), rule_of=None) -> list[Placed]:
    """A `Placed` for each contender: with the rep, due time and reason of `shared`, or without a rep.

    `pools`: {id: name} of all; `rule_of`: {lead id: id of the one of `rules` that chose its pool}.
    """
    users = {seat.user.pk: seat.user for seats_of in there.values() for seat in seats_of if seat.given}
    due = due_times(policy, users.values(), now=now)
    names = {rule.pk: rule.name for rule in rules}
    placed = []
    for contender in contenders:
        if contender.lead_id not in shared:
            placed.append(Placed(contender.lead_id, contender.pool_id))
            continue
        seat, turn = shared[contender.lead_id]
        rule = (rule_of or {}).get(contender.lead_id)
        facts = {"pool": contender.pool_id, "pool_name": pools[contender.pool_id]}
        facts |= {"taken": seat.open + turn - 1, "capacity": seat.capacity}
        if rule:
            facts |= {"rule": rule, "rule_name": names[rule]}
        due_at = due[seat.user.pk, contender.grade == Grade.A]
        placed.append(Placed(contender.lead_id, contender.pool_id, seat.user, due_at, Why.TURN.value, facts))
    return placed


def _arrivals(change, ids, policy, rules, vocabulary):
    """{lead_id: (pool_id, id of the rule or None, grade, score)} of the leads to hand over, held."""
    eligible = Lead.objects.filter(
        side=Side.MARKETING, disposition=Disposition.OPEN, grade__in=sales_grades(policy)
    ).exclude(stage=Stage.CUSTOMER)
    if not change.held.issuperset(ids):
        ids = ids_of(eligible.filter(pk__among=ids))
        # First the locks, then a fresh look: what the locks waited for may have ended a hand-over.
        ids = change.hold(ids)
    if not ids:
        return {}
    pool, rule, last = _chosen(policy, rules, change.now, vocabulary)
    chosen = (
        eligible.filter(pk__among=ids)
        .alias(last_end=last)
        .filter(Q(last_end__isnull=True) | _changed_for_the_better())
        .annotate(chosen_pool=pool, chosen_by=rule)
    )
    rows = chosen.values_list("pk", "chosen_pool", "chosen_by", "grade", "score")
    return {pk: tuple(row) for pk, *row in rows}


def _chosen(policy, rules, now, vocabulary):
    if rules:
        vocabulary = vocabulary or Vocabulary.load()
    pools, chosen_by = [], []
    for rule in rules:
        try:
            holds = compile_condition(rule.condition, now=now, vocabulary=vocabulary)
        except ConditionError as error:
            # A field it names is gone. Sharing out goes on with the other rules; the admin shows which one is broken.
            logger.error("Assignment rule %s is passed over: %s", rule.name, error)
            continue
        pools.append(When(holds, then=Value(rule.pool_id)))
        chosen_by.append(When(holds, then=Value(rule.pk)))
    ended = Handover.objects.filter(lead=OuterRef("pk"), ended_at__isnull=False).order_by(F("ended_at").desc())
    return (
        Case(*pools, default=Value(policy.default_pool_id)),
        Case(*chosen_by, default=Value(None), output_field=BigIntegerField()),
        Subquery(ended.values("ended_at")[:1]),
    )


def _changed_for_the_better():
    """Whether a lead whose last hand-over ended at `last_end` is worth another one.

    Since then its grade rose (better letters sort first), or a signal came in, or the lead was opened again, which is
    what the end of a recycling time and a decision of marketing's amount to. Without it a lead that sales gave back
    would bounce straight back.
    """
    signals = Activity.objects.filter(
        lead=OuterRef("pk"),
        occurred_at__gt=OuterRef("last_end"),
        is_machine=False,
        kind__in=codes_with(Trait.SIGNAL),
    )
    rose = ChangeRow.objects.filter(
        lead=OuterRef("pk"), at__gt=OuterRef("last_end"), kind=ChangeKind.GRADE, became__lt=F("was")
    )
    opened = Transition.objects.filter(
        lead=OuterRef("pk"), at__gt=OuterRef("last_end"), to_disposition=Disposition.OPEN
    ).exclude(from_disposition=Disposition.OPEN)
    return Exists(signals) | Exists(rose) | Exists(opened)
