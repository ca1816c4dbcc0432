import datetime
from typing import NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import Count, F, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce

from leads.activities import Trait, codes_with
from leads.conditions import Vocabulary
from leads.enums import Side
from leads.models import Lead
from leads.queries import naming_answers
from routing.models import AssignmentRule, Handover, RoutingPolicy
from routing.rules import Seat
from scoring.models import ScoringModel
from scoring.queries import published_model
from team.business_hours import end_of_day
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
    """{pool_id: [Seat]} of the reps who may be given leads now: active, in a role that owns leads, not absent today.

    Today is the day in the rep's own time zone. Exact only while the caller holds the pools' locks.
    """
    # Rows, not ids: those are counted in the index alone.
    open_now = Handover.objects.open().filter(owner=OuterRef("pk")).order_by().values("owner").annotate(n=Count("*"))
    last = Handover.objects.filter(owner=OuterRef("pk")).order_by(F("assigned_at").desc()).values("assigned_at")[:1]
    theirs = PoolMember.objects.filter(user=OuterRef("pk"), pool__in=pool_ids).values("pool")
    reps = (
        User.objects.active()
        .lead_owners()
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


# The grades that the active policy gives to sales, such as "A or B", where an accepted lead that the policy handed over
# has fallen out of them; else "".
_FADED_FROM = """
CASE WHEN handover.accepted_at IS NOT NULL AND handover.why = 'turn' AND 'marketing' = CASE lead.grade
        WHEN 'A' THEN policy.side_a WHEN 'B' THEN policy.side_b WHEN 'C' THEN policy.side_c WHEN 'D' THEN policy.side_d
        ELSE 'marketing' END
    THEN concat_ws(' or ', CASE policy.side_a WHEN 'sales' THEN 'A' END, CASE policy.side_b WHEN 'sales' THEN 'B' END,
        CASE policy.side_c WHEN 'sales' THEN 'C' END, CASE policy.side_d WHEN 'sales' THEN 'D' END)
    ELSE '' END
"""
_FADED = f"""
SELECT {_FADED_FROM}
FROM leads_lead AS lead
JOIN routing_handover AS handover ON handover.lead_id = lead.id AND handover.ended_at IS NULL
JOIN routing_routingpolicy AS policy ON policy.is_active
WHERE lead.id = %s
"""


def faded_from(lead) -> str:
    """The grades a lead has fallen out of since its owner accepted it, such as "A or B"; "" where it has not, or where
    it was given by hand. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_FADED, [lead.pk])
        found = cursor.fetchone()
    return found[0] if found else ""


class QueueRow(NamedTuple):
    """A lead in its owner's queue, with its open hand-over and the work on it, each None where there is none.

    next_task_at, next_task_title: the owner's soonest open task; last_touch_at: when a person last reached out.
    faded_from: the grades that sales works, such as "A or B", where an accepted lead has fallen out of them; else "".
    work_due_at, what the queue is ordered by: the due time of the hand-over until the first touch, from then on the
    next task; where no next step is planned the last touch, so that nobody once spoken to is forgotten at the bottom.
    """

    pk: int
    first_name: str
    last_name: str
    email: str
    phone: str
    external_id: str
    company: str | None
    grade: str
    score: int
    score_ledger: list[int]
    score_version: int | None
    handover_id: int | None
    assigned_at: datetime.datetime | None
    due_at: datetime.datetime | None
    accepted_at: datetime.datetime | None
    first_touch_at: datetime.datetime | None
    next_task_at: datetime.datetime | None
    next_task_title: str | None
    last_touch_at: datetime.datetime | None
    faded_from: str
    work_due_at: datetime.datetime | None
    tab: str

    name = Lead.name


class Queue(NamedTuple):
    """The first `rows` of one tab, soonest due first, then by grade and score; `counts` is {tab: all its leads}."""

    rows: list[QueueRow]
    counts: dict[str, int]


# By hand: Django takes longer to put it together than PostgreSQL and the page to answer, and each open queue asks every
# two seconds. The rows of the tab that is asked for come first; any row tells how many there are in each.
_QUEUE = f"""
SELECT hers.*,
    count(*) FILTER (WHERE tab = 'to_accept') OVER (), count(*) FILTER (WHERE tab = 'today') OVER (),
    count(*) FILTER (WHERE tab = 'waiting') OVER (), count(*) OVER ()
FROM (
    SELECT lead.id, lead.first_name, lead.last_name, lead.email, lead.phone, lead.external_id, company.name AS company,
        lead.grade, lead.score, lead.score_ledger, lead.score_version, handover.id AS handover_id, handover.assigned_at,
        handover.due_at, handover.accepted_at, handover.first_touch_at, task.due_at AS next_task_at,
        task.title AS next_task_title, touch.occurred_at AS last_touch_at,
        {_FADED_FROM} AS faded_from,
        CASE WHEN handover.first_touch_at IS NULL THEN handover.due_at
            ELSE coalesce(task.due_at, touch.occurred_at, handover.first_touch_at) END AS work_due_at,
        CASE WHEN handover.accepted_at IS NULL THEN 'to_accept'
            WHEN task.due_at >= %(midnight)s THEN 'waiting' ELSE 'today' END AS tab
    FROM leads_lead AS lead
    LEFT JOIN leads_company AS company ON company.id = lead.company_id
    LEFT JOIN routing_handover AS handover ON handover.lead_id = lead.id AND handover.ended_at IS NULL
    LEFT JOIN routing_routingpolicy AS policy ON policy.is_active
    LEFT JOIN LATERAL (
        SELECT due_at, title FROM leads_task
        WHERE lead_id = lead.id AND assignee_id = lead.owner_id AND done_at IS NULL ORDER BY due_at, id LIMIT 1
    ) AS task ON TRUE
    LEFT JOIN LATERAL (
        SELECT occurred_at FROM leads_activity
        WHERE lead_id = lead.id AND kind = ANY(%(contacts)s) AND NOT is_machine ORDER BY occurred_at DESC LIMIT 1
    ) AS touch ON TRUE
    WHERE lead.owner_id = %(user)s
) AS hers
ORDER BY tab = %(tab)s DESC, work_due_at NULLS LAST, grade, score DESC, id
LIMIT %(most)s
"""


def queue(user, *, tab="all", now, most=None) -> Queue:
    """The leads handed to `user`: those of one tab, at most so many, and how many each tab has. One query.

    tab: "to_accept" (not accepted yet), "today" (accepted, with a next step due by the end of her day or none at
    all), "waiting" (accepted, next step later), "all". Raises ValueError for any other.
    """
    if tab not in TABS:
        raise ValueError(f"{tab} is no tab of the queue.")
    facts = {
        "user": user.pk,
        "tab": tab,
        "midnight": end_of_day(now, user.time_zone),
        "contacts": list(codes_with(Trait.CONTACT)),
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute(_QUEUE, facts)
        found = cursor.fetchall()
    counts = found[0][-len(TABS) :] if found else [0] * len(TABS)
    rows = [QueueRow._make(each[: -len(TABS)]) for each in found]
    return Queue([row for row in rows if tab in (row.tab, "all")], dict(zip(TABS, counts, strict=True)))


def _absent(rep, now):
    today = now.astimezone(rep.zone).date()
    return any(absence.starts_on <= today <= absence.ends_on for absence in rep.absences.all())
