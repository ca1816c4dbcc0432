from typing import NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    Case,
    Count,
    DateTimeField,
    F,
    FilteredRelation,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    When,
)
from django.db.models.functions import Coalesce

from leads.activities import Trait, codes_with
from leads.conditions import Vocabulary
from leads.enums import Side
from leads.models import Activity, Lead, Task
from leads.queries import naming_answers
from routing.models import AssignmentRule, Handover, RoutingPolicy
from routing.rules import Seat
from scoring.models import ScoringModel
from scoring.queries import published_model
from team.business_hours import end_of_day
from team.enums import Role
from team.models import PoolMember, User

TABS = ("to_accept", "today", "waiting", "all")


class InForce(NamedTuple):
    """What settling goes by, loaded once: the published scoring model and the policy, each None where there is none,
    and the words of their conditions."""

    model: ScoringModel | None
    policy: RoutingPolicy | None
    vocabulary: Vocabulary


def in_force(definitions) -> InForce:
    """Three queries at most; `definitions` are all FieldDefinitions."""
    return InForce(published_model(), active_policy(), Vocabulary.of(definitions))


def active_policy() -> RoutingPolicy | None:
    """The policy in force with its default pool, or None while there is none."""
    return RoutingPolicy.objects.filter(is_active=True).select_related("default_pool").first()


def rules_naming_answers(field_code: str, vocabulary: Vocabulary) -> dict[str, list[str]]:
    """{code of an answer: the assignment rules that name it}. One query."""
    rules = AssignmentRule.objects.select_related("policy").order_by("policy", "position")
    named = [(rule.condition, f"Assignment rule {rule.name} of {rule.policy}") for rule in rules]
    return naming_answers(field_code, named, vocabulary)


def sales_grades(policy) -> list[str]:
    """The grades the policy gives to sales, best first; none without a policy."""
    return [grade for grade, side in policy.sides.items() if side == Side.SALES] if policy else []


def seats(pool_ids, *, now) -> dict[int, list[Seat]]:
    """{pool_id: [Seat]} of the reps who may be given leads now: active, in the role of rep, not absent today.

    Today is the day in the rep's own time zone. Exact only while the caller holds the pools' locks.
    """
    open_now = Handover.objects.open().filter(owner=OuterRef("pk")).order_by().values("owner").annotate(n=Count("pk"))
    last = Handover.objects.filter(owner=OuterRef("pk")).order_by(F("assigned_at").desc()).values("assigned_at")[:1]
    theirs = PoolMember.objects.filter(user=OuterRef("pk"), pool__in=pool_ids).values("pool")
    reps = (
        User.objects.active()
        .in_role(Role.REP)
        .prefetch_related("absences")
        .annotate(
            in_pools=ArraySubquery(theirs),
            open_handovers=Coalesce(Subquery(open_now.values("n"), output_field=IntegerField()), 0),
            last_assigned_at=Subquery(last),
        )
        .exclude(in_pools=[])
        .order_by("pk")
    )
    found = {pool_id: [] for pool_id in pool_ids}
    for rep in reps:
        if not _absent(rep, now):
            seat = Seat(rep, rep.capacity, rep.open_handovers, rep.last_assigned_at)
            for pool_id in rep.in_pools:
                found[pool_id].append(seat)
    return found


def queue(user, *, tab="all", now) -> QuerySet[Lead]:
    """The leads handed to `user`, soonest due first, then by grade and score; see `with_queue_facts`.

    tab: "to_accept" (not accepted yet), "today" (accepted, with a next step due by the end of her day or none at
    all), "waiting" (accepted, next step later), "all". Raises ValueError for any other.
    """
    if tab not in TABS:
        raise ValueError(f"{tab} is no tab of the queue.")
    leads = with_queue_facts(Lead.objects.filter(owner=user), user)
    return leads.filter(_tab(tab, user, now)).order_by(
        F("work_due_at").asc(nulls_last=True), "grade", F("score").desc(), "pk"
    )


def queue_counts(user, now) -> dict[str, int]:
    """{tab: number of leads} of all four tabs, in one query."""
    leads = with_queue_facts(Lead.objects.filter(owner=user), user)
    return leads.aggregate(**{tab: Count("pk", filter=_tab(tab, user, now)) for tab in TABS})


def with_queue_facts(leads, user) -> QuerySet[Lead]:
    """Adds to each lead the facts of its open hand-over and of the work on it, each None where there is none.

    handover_id, handed_at, due_at, accepted_at, first_touch_at; next_task_at, next_task_title (the soonest open task
    of `user`); last_touch_at (the last time a person reached out); work_due_at, what the queue is ordered by: the
    due time of the hand-over until the first touch, from then on the next task; where no next step is planned the last
    touch, so that nobody once spoken to is forgotten at the bottom.
    """
    tasks = Task.objects.open().filter(lead=OuterRef("pk"), assignee=user).order_by("due_at", "pk")
    touches = Activity.objects.filter(lead=OuterRef("pk"), kind__in=codes_with(Trait.CONTACT), is_machine=False)
    return leads.annotate(
        current=FilteredRelation("handovers", condition=Q(handovers__ended_at__isnull=True)),
        handover_id=F("current__pk"),
        handed_at=F("current__handed_at"),
        due_at=F("current__due_at"),
        accepted_at=F("current__accepted_at"),
        first_touch_at=F("current__first_touch_at"),
        next_task_at=Subquery(tasks.values("due_at")[:1]),
        next_task_title=Subquery(tasks.values("title")[:1]),
        last_touch_at=Subquery(touches.order_by(F("occurred_at").desc()).values("occurred_at")[:1]),
        work_due_at=Case(
            When(current__first_touch_at__isnull=True, then=F("current__due_at")),
            default=Coalesce(F("next_task_at"), F("last_touch_at"), F("current__first_touch_at")),
            output_field=DateTimeField(),
        ),
    )


def _tab(tab, user, now):
    midnight = end_of_day(now, user.time_zone)
    return {
        "all": Q(pk__isnull=False),
        "to_accept": Q(accepted_at__isnull=True),
        "today": Q(accepted_at__isnull=False) & (Q(next_task_at__isnull=True) | Q(next_task_at__lt=midnight)),
        "waiting": Q(accepted_at__isnull=False, next_task_at__gte=midnight),
    }[tab]


def _absent(rep, now):
    today = now.astimezone(rep.zone).date()
    return any(absence.starts_on <= today <= absence.ends_on for absence in rep.absences.all())
