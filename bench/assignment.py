"""Sharing out graded leads against set SQL written by hand that leaves the same hand-overs, histories and timelines."""

import json
import time

from django.db import connection, transaction

from bench import handing, regrade
from bench.contents import contents, same
from bench.database import unchanged
from bench.pages import people
from bench.report import Measured
from leads.models import DirtyLead, Lead
from routing.actions import route, settle_dirty
from routing.actions.settling import SMALL
from routing.queries import active_policy
from scoring import engine
from scoring.actions.runs import CHUNK
from team.models import User

# Everybody answers as somebody who is about to buy, so that the starter model gives her an A or a B.
_ANSWERS = """
UPDATE leads_lead SET fields =
    '{"budget": "approved", "timeframe": "within_3_months", "decision_maker": "decides"}'::jsonb
"""

# All the leads are shared out at once, best first, by somebody who knows that all reps are alike.
_CHOSEN = """
CREATE TEMP TABLE chosen ON COMMIT DROP AS
SELECT lead.id, lead.stage, rep.id AS owner, rep.name,
    CASE lead.grade WHEN 'A' THEN %(now)s + interval '4 hours' ELSE %(now)s + interval '1 day' END AS due,
    'turn' AS why, jsonb_build_object(
        'pool', %(pool)s, 'pool_name', 'Sales', 'taken', lead.number / reps, 'capacity', rep.capacity
    ) AS why_facts
FROM (
    SELECT id, grade, stage, row_number() OVER (ORDER BY grade, score DESC, id) - 1 AS number FROM leads_lead
    WHERE side = 'marketing' AND disposition = 'open' AND grade IN ('A', 'B') AND stage <> 'customer'
) AS lead
JOIN (
    SELECT member.id, name, capacity, row_number() OVER (ORDER BY member.id) - 1 AS number, count(*) OVER () AS reps
    FROM team_user AS member JOIN team_poolmember AS seat ON seat.user_id = member.id
    WHERE is_active AND seat.pool_id = %(pool)s
) AS rep ON rep.number = lead.number %% reps
"""
# Which of the reps, who are all alike, gets whom.
_NO_MATTER = ("owner_id", "owner", "owner_name", "why_facts", "became")
_LOADS = """
SELECT max(leads) - min(leads) FROM (SELECT count(*) AS leads FROM routing_handover GROUP BY owner_id) AS load
"""


def main(*, leads, activities):
    """Yields two measures, each against the same statements by hand.

    assignment: in the transactions and sizes of the chunks of a regrade of everybody. assignment_marked: by the sweep,
    which scores each lead as well, and once more after its hand-over, because that is on its timeline.
    """
    regrade.people(leads=leads, activities=activities)
    with unchanged():
        reps = _prepare(leads)
        floor, by_hand = _time(lambda: _share_out_by_hand(reps, regrade.NOW))
        ours, left = _time(lambda: _share_out(leads))
        same(by_hand, left)
        yield _measured("assignment", floor, ours, leads, least=0.7)
        marked, left = _time(_sweep)
        same(by_hand, left)
        yield _measured("assignment_marked", floor, marked, leads, least=0.5)


def _prepare(leads):
    """Everybody scored as an A or a B, on marketing's side and marked; returns the reps, with room for all."""
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERS)
    regrade.publish_starter()
    with transaction.atomic():
        engine.regrade(None, now=regrade.NOW)
    reps, _ = people()
    User.objects.filter(pk__in=[rep.pk for rep in reps]).update(capacity=leads)
    with connection.cursor() as cursor:
        # What was written over is gone from the file, too, so that the copies of it are as small as they can be.
        cursor.execute("VACUUM FULL leads_lead")
    regrade.vacuum()
    for_sales = Lead.objects.filter(grade__in="AB", side="marketing").count()
    if for_sales != leads or DirtyLead.objects.count() != leads:
        raise SystemExit(f"{for_sales} of {leads} leads belong to sales, {DirtyLead.objects.count()} are marked.")
    return reps


def _share_out_by_hand(reps, now):
    pool = reps[0].memberships.get().pool_id
    policy = active_policy()
    facts = json.dumps({"policy": policy.pk, "policy_name": policy.name})
    values = {"now": now, "pool": pool, "policy": facts}
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in (_CHOSEN, *handing.STATEMENTS, "TRUNCATE leads_dirtylead"):
            cursor.execute(statement, values)


def _share_out(leads):
    ids = list(Lead.objects.order_by("pk").values_list("pk", flat=True))
    for start in range(0, leads, CHUNK):
        route(ids[start : start + CHUNK], now=regrade.NOW)


def _sweep():
    while settle_dirty(now=regrade.NOW, limit=SMALL):
        pass


def _time(work):
    """(seconds of `work`, what it leaves); afterwards everything is as it was."""
    with unchanged():
        start = time.perf_counter()
        work()
        seconds = time.perf_counter() - start
        with connection.cursor() as cursor:
            # Marks ask for another score, which only the sweep gives.
            cursor.execute("TRUNCATE leads_dirtylead")
            cursor.execute(_LOADS)
            return seconds, contents(ignoring=_NO_MATTER) | {"difference of loads": cursor.fetchone()}


def _measured(name, floor, ours, leads, *, least):
    figures = {"unit": "leads/s", "floor": round(leads / floor), "ours": round(leads / ours)}
    return Measured(name, figures | {"ratio": round(floor / ours, 2), "leads": leads}, least={"ratio": least})
