"""Opening hand-overs: the row with its receipt, and the lead's side, owner and pool. All for a set of leads at once."""

import json
import logging
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from leads.actions.lifecycle import lacking_for, move_stage
from leads.activities import Trait, codes_with
from leads.changes import Change
from leads.conditions import ConditionError, Vocabulary
from leads.enums import Stage
from leads.models import Lead
from routing.actions.handover import KEEPER
from routing.activities import HANDED_OVER
from team.business_hours import Hours, add_business_minutes

logger = logging.getLogger(__name__)

SLICE = 5000

# Tells of the hand-overs that a statement has written, the `kept` in front of it: to the followers and on the timeline.
_TELL = """
, told AS (
    INSERT INTO leads_changerow (lead_id, position, kind, at, was, became, reference)
    SELECT lead_id, (SELECT leads_change_position()), news.kind, %(now)s, news.was, news.became, kept.id
    FROM kept CROSS JOIN LATERAL (VALUES
        ('side', CASE WHEN kept.is_new THEN 'marketing' END, 'sales'), ('owner', '', kept.owner_id::text)
    ) AS news (kind, was, became)
    WHERE news.was <> news.became
), logged AS (
    INSERT INTO leads_activity (lead_id, kind, occurred_at, recorded_at, actor_id, payload, is_machine)
    SELECT lead_id, %(kind)s, %(now)s, %(now)s, %(by)s, jsonb_build_object(
        'event', %(event)s, 'pool', pool_id, 'pool_name', %(pool_names)s::jsonb -> pool_id::text, 'owner', owner_id,
        'owner_name', %(owner_names)s::jsonb -> owner_id::text, 'due_at', due_at, 'why', why, 'why_facts', why_facts
    ), FALSE
    FROM kept
)
"""

# A lead comes back at the moment its last hand-over ended, at the earliest: the two must not overlap. What is joined
# is gathered first, so that nothing is looked up in the table that is being filled.
_OPEN = (
    """
WITH last AS MATERIALIZED (
    SELECT lead_id, max(ended_at) AS ended_at FROM routing_handover WHERE lead_id = ANY(%(leads)s) GROUP BY lead_id
), question AS MATERIALIZED (
    SELECT field.code, jsonb_object_agg(answer.code, answer.version) FILTER (WHERE answer.code <> '') AS versions
    FROM leads_fielddefinition AS field LEFT JOIN (
        SELECT answer.field_id, answer.code, count(*) AS version
        FROM leads_answer AS answer JOIN leads_answerlabel AS label ON label.answer_id = answer.id
        GROUP BY answer.id
    ) AS answer ON answer.field_id = field.id
    WHERE field.dimension <> '' GROUP BY field.id
), kept AS (
INSERT INTO routing_handover
    (lead_id, pool_id, handed_at, handed_by_id, receipt, owner_id, assigned_at, due_at, why, why_facts,
     "end", end_reason)
SELECT lead.id, plan.pool_id, start.at, %(by)s,
    jsonb_build_object(
        'score', lead.score,
        'grade', lead.grade,
        'model_version', lead.score_version,
        'ledger', coalesce((
            SELECT jsonb_agg(jsonb_build_object('rule', line.nr, 'points', line.points) ORDER BY line.nr)
            FROM unnest(lead.score_ledger) WITH ORDINALITY AS line (points, nr)
            WHERE line.points <> 0
        ), '[]'),
        'answers', coalesce((
            SELECT jsonb_object_agg(code, lead.fields -> code)
            FROM question WHERE lead.fields ? code
        ), '{}'),
        'labels', coalesce((
            SELECT jsonb_object_agg(said.code, said.versions)
            FROM (
                SELECT known.code, jsonb_object_agg(chosen.code, known.versions -> chosen.code) AS versions
                FROM question AS known
                CROSS JOIN LATERAL (
                    SELECT jsonb_path_query(lead.fields -> known.code, '$[*]') #>> '{}' AS code
                ) AS chosen
                WHERE known.versions ? chosen.code
                GROUP BY known.code
            ) AS said
        ), '{}'),
        'source', source.code,
        'source_name', source.name,
        'campaign', campaign.code,
        'campaign_name', campaign.name,
        'stage', lead.stage,
        'last_touches', coalesce((
            SELECT jsonb_agg(
                jsonb_strip_nulls(jsonb_build_object(
                    'kind', touch.kind, 'at', touch.at, 'outcome', touch.outcome, 'text', touch.text
                )) ORDER BY touch.at DESC
            )
            FROM (
                SELECT kind, to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at,
                    payload ->> 'outcome' AS outcome, left(
                        coalesce(
                            payload ->> 'note', payload ->> 'text', payload ->> 'subject', payload ->> 'title',
                            payload ->> 'name', payload ->> 'url'
                        ), 200
                    ) AS text
                FROM leads_activity
                WHERE lead_id = lead.id AND kind = ANY(%(touches)s) AND NOT is_machine
                ORDER BY occurred_at DESC, id DESC LIMIT 5
            ) AS touch
        ), '[]')
    ) || CASE WHEN stayed.parts IS NULL THEN '{}' ELSE jsonb_build_object('stage_lacks', stayed.parts) END,
    plan.owner_id, CASE WHEN plan.owner_id IS NOT NULL THEN start.at END, plan.due_at, plan.why,
    plan.why_facts, '', ''
FROM unnest(
    %(leads)s::bigint[], %(pools)s::bigint[], %(owners)s::bigint[], %(dues)s::timestamptz[], %(whys)s::text[],
    %(why_facts)s::jsonb[]
) AS plan (lead_id, pool_id, owner_id, due_at, why, why_facts)
JOIN leads_lead AS lead ON lead.id = plan.lead_id
LEFT JOIN unnest(%(stay)s::bigint[], %(lacked)s::jsonb[]) AS stayed (lead_id, parts) ON stayed.lead_id = lead.id
LEFT JOIN last ON last.lead_id = lead.id
CROSS JOIN LATERAL (SELECT greatest(%(now)s, last.ended_at) AS at) AS start
LEFT JOIN leads_source AS source ON source.id = lead.source_id
LEFT JOIN leads_campaign AS campaign ON campaign.id = lead.campaign_id
RETURNING id, lead_id, owner_id, pool_id, due_at, why, why_facts, TRUE AS is_new
)
"""
    + _TELL
    + "SELECT FROM kept LIMIT 0"
)
_SERVE = (
    """
WITH kept AS (
UPDATE routing_handover AS handover SET
    owner_id = plan.owner_id, assigned_at = greatest(%(now)s, handover.handed_at), due_at = plan.due_at, why = plan.why,
    why_facts = plan.why_facts
FROM unnest(
    %(leads)s::bigint[], %(owners)s::bigint[], %(dues)s::timestamptz[], %(whys)s::text[], %(why_facts)s::jsonb[]
) AS plan (lead_id, owner_id, due_at, why, why_facts)
WHERE handover.lead_id = plan.lead_id AND handover.ended_at IS NULL AND handover.owner_id IS NULL
RETURNING handover.id, handover.lead_id, handover.owner_id, handover.pool_id, handover.due_at, handover.why,
    handover.why_facts, FALSE AS is_new
)
"""
    + _TELL
    + """
UPDATE leads_lead AS lead SET owner_id = kept.owner_id, pool_id = NULL FROM kept WHERE lead.id = kept.lead_id
"""
)
# Leads of a stage that a hand-over does not lift; the others are given their keeper with the new stage.
_KEEP = """
UPDATE leads_lead AS lead SET
    side = 'sales', owner_id = kept.owner_id, pool_id = kept.pool_id
FROM unnest(%(leads)s::bigint[], %(owners)s::bigint[], %(pools)s::bigint[]) AS kept (lead_id, owner_id, pool_id)
WHERE lead.id = kept.lead_id AND lead.side <> 'sales'
"""


@dataclass(frozen=True)
class Placed:
    """Where a lead goes: to a pool, and there to an owner with a due time and a `Why`, or to nobody yet."""

    lead_id: int
    pool_id: int
    owner: object = None
    due_at: object = None
    why: str = ""
    why_facts: dict | None = None


def open_handovers(change: Change, placed, *, pools, reason, vocabulary=None) -> None:
    """Opens a hand-over with its receipt for every `Placed`, sets side, owner and pool, and lifts the stage.

    The stage rises where the definition of a qualified lead is met; else the receipt keeps what is lacking.
    The receipt keeps answers by their codes, and in `labels` the version of the label that each code had then. The
    change holds the leads, and none of them has an open hand-over. `pools`: {id: name} of all.
    """
    touches = codes_with(Trait.TOUCH)
    vocabulary = vocabulary or Vocabulary.of(change.definitions)
    # In slices, so that no single statement of a big batch runs into the statement timeout.
    for start in range(0, len(placed), SLICE):
        some = placed[start : start + SLICE]
        lacked = _lacked(change, some, vocabulary)
        values = _values(change, "handed_over", some, pools) | {
            "touches": touches,
            "stay": list(lacked),
            "lacked": list(map(json.dumps, lacked.values())),
        }
        with connection.cursor() as cursor:
            cursor.execute(_OPEN, values)
        _keep(change, some, reason, lacked)


def serve_waiting(change: Change, placed, *, pools) -> None:
    """Gives owners to leads whose hand-over waits in a pool; the change holds them. `pools`: {id: name} of all."""
    if not placed:
        return
    with connection.cursor() as cursor:
        cursor.execute(_SERVE, _values(change, "assigned", placed, pools))


def due_times(policy, users, *, now) -> dict[tuple[int, bool], datetime]:
    """{(user_id, is_a): due time} in each rep's own business hours."""
    due = {}
    for user in users:
        hours = Hours.of(user)
        due[user.pk, True] = add_business_minutes(now, policy.a_due_minutes, hours)
        due[user.pk, False] = add_business_minutes(now, policy.b_due_minutes, hours)
    return due


def _lacked(change, placed, vocabulary):
    """{lead id: what she lacks of the definition of a qualified lead}; [] where nobody can tell any more."""
    leads = [one.lead_id for one in placed]
    try:
        asked = Lead.objects.filter(pk__among=leads)
        return lacking_for(asked, Stage.QUALIFIED, now=change.now, vocabulary=vocabulary)
    except ConditionError as error:
        # A field it names is gone. Leads are handed over all the same, and rise once the definition is mended.
        logger.error("The definition of a qualified lead cannot be asked: %s", error)
        return dict.fromkeys(leads, [])


def _keep(change, placed, reason, lacked):
    """Writes who keeps the leads, with the stage of those that lack nothing."""
    keepers = {one.lead_id: (one.owner.pk, None) if one.owner else (None, one.pool_id) for one in placed}
    rising = [pk for pk in keepers if pk not in lacked]
    lifted = move_stage(
        change, leads=rising, to=Stage.QUALIFIED, reason=reason, check_entry=False, only_up=True, keepers=keepers
    )
    if lifted < len(keepers):
        owners, pools = zip(*keepers.values(), strict=True)
        with connection.cursor() as cursor:
            cursor.execute(_KEEP, {"leads": list(keepers), "owners": list(owners), "pools": list(pools)})


def _values(change, event, placed, pools):
    """What the statements want to know of these hand-overs, which are noted here."""
    leads = [one.lead_id for one in placed]
    change.note(leads, fields=KEEPER, kinds=[HANDED_OVER.code])
    return {
        "leads": leads,
        "pools": [one.pool_id for one in placed],
        "owners": [one.owner and one.owner.pk for one in placed],
        "dues": [one.due_at for one in placed],
        "whys": [one.why for one in placed],
        "why_facts": [one.why_facts and json.dumps(one.why_facts) for one in placed],
        "event": event,
        "kind": HANDED_OVER.code,
        "pool_names": json.dumps(pools),
        "owner_names": json.dumps({one.owner.pk: str(one.owner) for one in placed if one.owner}),
        "by": change.by and change.by.pk,
        "now": change.now,
    }
