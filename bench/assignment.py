"""Sharing out graded leads against set SQL written by hand that leaves the same hand-overs, histories and timelines."""

import json
import time

from django.db import connection, transaction

from bench import regrade
from bench.pages import people
from leads.models import DirtyLead, Lead
from routing.actions import route, settle_dirty
from routing.actions.settling import SMALL
from routing.queries import active_policy
from scoring import engine
from scoring.actions.runs import CHUNK
from scoring.models import RegradeRun
from team.models import User

# Everybody answers as somebody who is about to buy, so that the starter model gives her an A or a B.
_ANSWERS = """
UPDATE leads_lead SET fields =
    '{"budget": "approved", "timeframe": "within_3_months", "decision_maker": "decides"}'::jsonb
"""

# What somebody would write who knows that nobody has been with sales before and that all reps are alike. All the leads
# are shared out at once, best first.
_FLOOR = (
    """
CREATE TEMP TABLE chosen ON COMMIT DROP AS
SELECT lead.id, lead.stage, rep.id AS owner, rep.name,
    CASE lead.grade WHEN 'A' THEN %(now)s + interval '4 hours' ELSE %(now)s + interval '1 day' END AS due,
    jsonb_build_object(
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
""",
    "ANALYZE chosen",
    """
CREATE TEMP TABLE said ON COMMIT DROP AS
SELECT field.code AS field, answer.code, count(*) AS version
FROM leads_fielddefinition AS field JOIN leads_answer AS answer ON answer.field_id = field.id
JOIN leads_answerlabel AS label ON label.answer_id = answer.id
WHERE field.dimension <> '' GROUP BY field.code, answer.code
""",
    """
INSERT INTO routing_handover
    (lead_id, pool_id, handed_at, receipt, owner_id, assigned_at, due_at, why, why_facts, "end",
     end_reason)
SELECT lead.id, %(pool)s, %(now)s,
    jsonb_build_object(
        'score', lead.score, 'grade', lead.grade, 'model_version', lead.score_version,
        'ledger', (
            SELECT jsonb_agg(jsonb_build_object('rule', nr, 'points', points) ORDER BY nr)
            FROM unnest(lead.score_ledger) WITH ORDINALITY AS line (points, nr) WHERE points <> 0
        ),
        'answers', lead.fields, 'labels', labels.list, 'source', source.code, 'source_name', source.name,
        'campaign', campaign.code, 'campaign_name', campaign.name, 'stage', lead.stage,
        'last_touches', coalesce(touches.list, '[]')
    ),
    chosen.owner, %(now)s, chosen.due, 'turn', chosen.why_facts, '', ''
FROM chosen JOIN leads_lead AS lead ON lead.id = chosen.id
LEFT JOIN leads_source AS source ON source.id = lead.source_id
LEFT JOIN leads_campaign AS campaign ON campaign.id = lead.campaign_id
CROSS JOIN LATERAL (
    SELECT jsonb_object_agg(field, jsonb_build_object(code, version)) AS list FROM said
    WHERE lead.fields ->> field = code
) AS labels
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
        'kind', kind, 'at', to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'text', payload ->> 'url'
    )) ORDER BY occurred_at DESC) AS list
    FROM (
        SELECT kind, occurred_at, payload FROM leads_activity
        WHERE lead_id = lead.id AND NOT is_machine AND kind IN ('visit', 'form', 'email_opened', 'email_clicked',
            'email_replied', 'event_attended', 'call')
        ORDER BY occurred_at DESC, id DESC LIMIT 5
    ) AS touch
) AS touches ON TRUE
""",
    """
UPDATE leads_lead AS lead SET side = 'sales', owner_id = owner, stage = 'qualified', stage_since = %(now)s,
    changed_at = %(now)s
FROM chosen WHERE lead.id = chosen.id
""",
    """
INSERT INTO leads_transition (lead_id, seq, previous_seq, from_stage, from_disposition, from_at, to_stage,
    to_disposition, at, reason, definition_id)
SELECT chosen.id, 2, 1, 'name', 'open', first.at, 'qualified', 'open', %(now)s, 'handed_over', definition.id
FROM chosen JOIN leads_transition AS first ON first.lead_id = chosen.id AND first.seq = 1
JOIN leads_stagedefinition AS definition ON definition.stage = 'qualified' AND definition.is_current
""",
    """
INSERT INTO leads_activity (lead_id, kind, occurred_at, recorded_at, payload, is_machine)
SELECT id, 'stage_changed', %(now)s, %(now)s, jsonb_build_object(
    'from', stage, 'to', 'qualified', 'from_disposition', 'open', 'to_disposition', 'open', 'reason', 'handed_over',
    'facts', %(policy)s::jsonb
), FALSE
FROM chosen
UNION ALL
SELECT id, 'handed_over', %(now)s, %(now)s, jsonb_build_object(
    'event', 'handed_over', 'pool', %(pool)s, 'pool_name', 'Sales', 'owner', owner, 'owner_name', name, 'due_at', due,
    'why', 'turn', 'why_facts', why_facts
), FALSE
FROM chosen
""",
    "TRUNCATE leads_dirtylead",
)
_LEFT = """
SELECT (SELECT count(*) FROM leads_transition), (SELECT count(*) FROM leads_activity),
    (SELECT max(leads) - min(leads) FROM (SELECT count(*) AS leads FROM routing_handover GROUP BY owner_id) AS load),
    count(*), sum(hashtextextended(lead_id || receipt::text, 0)) FROM routing_handover
"""


def main(*, leads, activities):
    """Prints two lines, each against the same statements by hand, and leaves no leads behind.

    assignment: in the transactions and sizes of the chunks of a regrade of everybody. assignment_marked: by the sweep,
    which scores each lead as well, and once more after its hand-over, because that is on its timeline.
    """
    reps = _build(leads, activities)
    now = regrade.NOW
    ids = list(Lead.objects.order_by("pk").values_list("pk", flat=True))
    floor, by_hand = _time(lambda: _share_out_by_hand(reps, now))
    ours, left = _time(lambda: [route(ids[start : start + CHUNK], now=now) for start in range(0, leads, CHUNK)])
    _same(by_hand, left)
    _print("assignment", floor, ours, leads)
    marked = _time_sweep(now)
    _same(by_hand, _what_is_left())
    _print("assignment_marked", floor, marked, leads)
    _remove()


def _build(leads, activities):
    _remove()
    with transaction.atomic(), connection.cursor() as cursor:
        regrade.fill(cursor, leads=leads, activities=activities)
        cursor.execute(_ANSWERS)
    regrade.publish_starter()
    RegradeRun.objects.all().delete()
    with transaction.atomic():
        engine.regrade(None, now=regrade.NOW)
    reps, _ = people()
    User.objects.filter(pk__in=[rep.pk for rep in reps]).update(capacity=leads)
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
    with connection.cursor() as cursor:
        for statement in _FLOOR:
            cursor.execute(statement, values)


def _time(work):
    """Seconds of `work` and what it leaves, in a transaction that is rolled back, with the checks of a commit."""
    with transaction.atomic(), connection.cursor() as cursor:
        start = time.perf_counter()
        work()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        seconds = time.perf_counter() - start
        left = _what_is_left()
        transaction.set_rollback(True)
    regrade.vacuum()
    return seconds, left


def _time_sweep(now):
    start = time.perf_counter()
    while settle_dirty(now=now, limit=SMALL):
        pass
    return time.perf_counter() - start


def _what_is_left():
    with connection.cursor() as cursor:
        cursor.execute(_LEFT)
        return cursor.fetchone()


def _same(by_hand, ours):
    """Stops unless steps, activities, hand-overs, receipts and how far the loads differ are the same."""
    if by_hand != ours:
        raise SystemExit(f"By hand {by_hand} is left, by the program {ours}.")


def _remove():
    """Empties the database of leads and reps, so that every other measure finds it as new."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE leads_lead, leads_leadsearch, leads_company, scoring_regraderun CASCADE")
    User.objects.filter(email__endswith="@bench.example").delete()


def _print(name, floor, ours, leads):
    figures = {"name": name, "unit": "leads/s", "floor": round(leads / floor), "ours": round(leads / ours)}
    print(json.dumps(figures | {"ratio": round(floor / ours, 2), "leads": leads}), flush=True)
