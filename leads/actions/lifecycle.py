"""Stage and disposition: the only writer of both, and of the history behind them."""

import json

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from leads.access import within_reach
from leads.activities import Because, Trait, codes_with, kinds
from leads.changes import Change, ids_of
from leads.conditions import ConditionError, Vocabulary, lacking, lacking_words
from leads.enums import Disposition, Stage
from leads.fields import Writer, written_by
from leads.models import Activity, Lead, StageDefinition

REASON_LIMIT = 200
_STAGE_FIELDS = frozenset({"stage", "stage_since"})
_DISPOSITION_FIELDS = written_by(Writer.LIFECYCLE) - _STAGE_FIELDS

# A step starts where the row before it ended. Should the clock stand behind that row, the step comes right after it.
_STEP = """
WITH step AS (
    INSERT INTO leads_transition (
        lead_id, seq, previous_seq, from_stage, from_disposition, from_at,
        to_stage, to_disposition, at, actor_id, reason, reason_facts, evidence, overruled, definition_id
    )
    SELECT lead.id, last.seq + 1, last.seq, last.to_stage, last.to_disposition, last.at,
           coalesce(%(stage)s, lead.stage), coalesce(%(disposition)s, lead.disposition),
           greatest(%(now)s, last.at + interval '1 microsecond'), %(actor)s, %(reason)s, %(facts)s::jsonb,
           %(evidence)s::jsonb, passed.parts, definition.id
    FROM leads_lead AS lead
    CROSS JOIN LATERAL (
        SELECT seq, to_stage, to_disposition, at FROM leads_transition
        WHERE lead_id = lead.id ORDER BY seq DESC LIMIT 1
    ) AS last
    JOIN leads_stagedefinition AS definition
        ON definition.stage = coalesce(%(stage)s, lead.stage) AND definition.is_current
    LEFT JOIN unnest(%(overruled)s::bigint[], %(passed_over)s::jsonb[]) AS passed (lead_id, parts)
        ON passed.lead_id = lead.id
    WHERE lead.id = ANY(%(ids)s)
    RETURNING lead_id, seq, from_stage, from_disposition, to_stage, to_disposition, at, evidence, overruled
), moved AS (
    UPDATE leads_lead AS lead SET
        stage = step.to_stage,
        stage_since = CASE WHEN step.to_stage = step.from_stage THEN lead.stage_since ELSE step.at END,
        disposition = step.to_disposition,
        disposition_reason = CASE
            WHEN %(disposition)s IS NULL THEN lead.disposition_reason
            WHEN step.to_disposition = 'open' THEN ''
            ELSE %(reason)s
        END,
        disposition_facts = CASE
            WHEN %(disposition)s IS NULL THEN lead.disposition_facts
            WHEN step.to_disposition <> 'open' THEN %(facts)s::jsonb
        END,
        recycle_on = CASE WHEN %(disposition)s IS NULL THEN lead.recycle_on ELSE %(recycle_on)s::date END,
        side = CASE WHEN keeper.lead_id IS NULL THEN lead.side ELSE 'sales' END,
        owner_id = CASE WHEN keeper.lead_id IS NULL THEN lead.owner_id ELSE keeper.owner_id END,
        pool_id = CASE WHEN keeper.lead_id IS NULL THEN lead.pool_id ELSE keeper.pool_id END,
        changed_at = greatest(step.at, lead.changed_at + interval '1 microsecond')
    FROM step
    LEFT JOIN unnest(%(kept)s::bigint[], %(owners)s::bigint[], %(pools)s::bigint[])
        AS keeper (lead_id, owner_id, pool_id) ON keeper.lead_id = step.lead_id
    WHERE lead.id = step.lead_id
    RETURNING step.*
), told AS (
    INSERT INTO leads_changerow (lead_id, position, kind, at, was, became, reference)
    SELECT lead_id, (SELECT leads_change_position()), news.kind, at, news.was, news.became, seq
    FROM moved CROSS JOIN LATERAL (VALUES
        ('stage', from_stage, to_stage), ('disposition', from_disposition, to_disposition)
    ) AS news (kind, was, became)
    WHERE news.was <> news.became
    ORDER BY lead_id
)
INSERT INTO leads_activity (lead_id, kind, occurred_at, recorded_at, actor_id, payload, is_machine)
SELECT lead_id, %(kind)s, at, %(now)s, %(actor)s, jsonb_build_object(
           'from', from_stage, 'to', to_stage,
           'from_disposition', from_disposition, 'to_disposition', to_disposition
       ) || %(why)s::jsonb
       || CASE WHEN evidence IS NULL THEN '{}' ELSE jsonb_build_object('evidence', evidence) END
       || CASE WHEN overruled IS NULL THEN '{}' ELSE jsonb_build_object('overruled', overruled) END, false
FROM moved
"""


def move_stage(
    change: Change, *, leads, to, reason, check_entry=True, overrule=False, evidence=None, only_up=False, keepers=None
) -> int:
    """Moves leads (queryset, objects or ids) into stage `to`; returns how many moved.

    Leads already there stay as they are, and with `only_up` those beyond it. All move or none: ValidationError says
    how many and which of them lack what. The entry condition of the definition in force counts on the way up only,
    since falling back is normal; a customer needs the dates of contract and first payment whatever else is said.
    With `overrule` what a lead lacks is kept on its transition instead: PermissionDenied for leads that the
    permission leads.overrule_stage does not reach for whoever makes the change. `evidence` is kept on the transition.
    `reason` is somebody's own words, or a `Because` where the program moves by itself. Holds the leads.
    `keepers`, {lead id: (owner id, pool id)}: who keeps those that move, on the side of sales, from now on. A hand-over
    has them written here, with the stage, because each time a lead is written all its indexes are.
    """
    to, reason = Stage(to), _clean_reason(reason)
    moving = Lead.objects.filter(pk__among=change.hold(leads)).exclude(stage=to)
    if only_up:
        moving = moving.filter(stage__in=_below(to))
    if to == Stage.CUSTOMER:
        paid = moving.filter(contract_on__isnull=False, first_paid_on__isnull=False)
        _refuse(moving, moving.exclude(pk__in=paid), to, "the dates of the contract and of the first payment")
    overruled = {}
    if check_entry:
        vocabulary = Vocabulary.of(change.definitions)
        lacked = _lacked(moving, to, now=change.now, vocabulary=vocabulary)
        if lacked and overrule:
            overruled = lacked
            _check_may_overrule(change.by, lacked)
        elif lacked:
            _refuse_the_lacking(moving, lacked, to, vocabulary)
    return _step(
        change, ids_of(moving), stage=to, reason=reason, keepers=keepers, evidence=evidence, overruled=overruled
    )


def move_by_hand(change: Change, *, lead, to, reason, evidence=None, overrule=False) -> int:
    """Moves one lead into stage `to` for a person, as `move_stage`; returns whether it moved, as 1 or 0.

    Whoever makes a suspect or a lead of somebody shows what for: `evidence` is ("activity", id) of hers or ("answer",
    code of an answered rating question). ValidationError for evidence that is missing or is not there.
    """
    to = Stage(to)
    shown = _shown(change, lead, evidence) if evidence else None
    if needs_evidence(lead.stage, to) and not shown:
        stage = to.label.lower()
        raise ValidationError({"evidence": f"Say what makes this person a {stage}: an activity or an answer."})
    return move_stage(change, leads=[lead], to=to, reason=reason, evidence=shown, overrule=overrule)


def needs_evidence(stage, to) -> bool:
    """Whether the step from one stage to another rests on something that the person did or said."""
    return Stage(to) in {Stage.SUSPECT, Stage.LEAD} and Stage(stage).rank < Stage(to).rank


def _shown(change, lead, evidence):
    what, which = evidence
    if what == "activity":
        activity = Activity.objects.filter(lead=lead, pk=which, kind__in=codes_with(Trait.TOUCH), is_machine=False)
        for found in activity:
            return {"activity": found.pk, "kind": found.kind, "at": found.occurred_at.isoformat()}
    for field in change.definitions:
        if what == "answer" and field.code == which and field.dimension and field.code in lead.fields:
            value = lead.fields[field.code]
            versions = field.answer_list.versions(value if isinstance(value, list) else [value])
            return {"answer": field.code, "value": value, "labels": {field.code: versions}}
    raise ValidationError({"evidence": "This activity or answer is no longer there."})


def lacking_for(leads, to, *, now, vocabulary) -> dict[int, list]:
    """{lead id: the conditions of the definition of stage `to` in force that she does not meet} of a queryset of Lead.

    Those that meet it, or are there or beyond, are left out. At most two queries, and one for the zone where it names
    a day. Raises ConditionError.
    """
    entry = _entry_of(to)
    if entry is None:
        return {}
    found = lacking(leads.filter(stage__in=_below(to)), {to: entry}, now=now, vocabulary=vocabulary)
    return {pk: parts[to] for pk, parts in found.items()}


def set_disposition(change: Change, *, leads, to, reason, recycle_on=None) -> int:
    """Sets the disposition of leads (queryset, objects or ids); returns how many changed.

    `recycle_on`, the day nurture takes the person up again, goes with RECYCLED and nothing else. Leads that have the
    disposition already stay as they are. `reason` is as in move_stage. Holds the leads.
    """
    to, reason = Disposition(to), _clean_reason(reason)
    if to == Disposition.RECYCLED and recycle_on is None:
        raise ValidationError({"recycle_on": "A recycled lead needs the date to come back on."})
    if to != Disposition.RECYCLED and recycle_on is not None:
        raise ValidationError({"recycle_on": "Only a recycled lead has a date to come back on."})
    others = Lead.objects.filter(pk__among=change.hold(leads)).exclude(disposition=to)
    return _step(change, ids_of(others), disposition=to, reason=reason, recycle_on=recycle_on)


def _lacked(leads, to, *, now, vocabulary):
    """As lacking_for; where the definition names a field that is gone, whoever rises lacks all of it."""
    try:
        return lacking_for(leads, to, now=now, vocabulary=vocabulary)
    except ConditionError:
        rising = leads.filter(stage__in=_below(to)).values_list("pk", flat=True)
        return dict.fromkeys(rising, [_entry_of(to)])


def _entry_of(stage):
    return StageDefinition.objects.filter(stage=stage, is_current=True).values_list("entry", flat=True).get()


def _check_may_overrule(by, lacked):
    within = within_reach(by, "leads.overrule_stage") if by else None
    if within is None or Lead.objects.filter(within, pk__among=lacked).count() < len(lacked):
        raise PermissionDenied("The definition of a stage is not yours to overrule.")


def _below(stage):
    return [lower for lower in Stage if lower.rank < stage.rank]


def _refuse_the_lacking(moving, lacked, to, vocabulary):
    parts = []
    for each in lacked.values():
        parts += [part for part in each if part not in parts]
    needed = "; ".join(lacking_words(parts, vocabulary))
    _refuse(moving, moving.filter(pk__among=lacked), to, needed)


def _refuse(moving, refused, to, needed):
    names = [lead.name for lead in refused.order_by("pk")[:5]]
    if not names:
        return
    if moving.count() == 1:
        raise ValidationError(f"{names[0]} cannot move to {to.label}. Needed: {needed}.", code="entry")
    count = refused.count()
    others = f" and {count - len(names):,} more" if count > len(names) else ""
    raise ValidationError(
        f"{count:,} of {moving.count():,} leads cannot move to {to.label}. Needed: {needed}. "
        f"Missing for {', '.join(names)}{others}.",
        code="entry",
    )


def _step(
    change, ids, *, reason, stage=None, disposition=None, recycle_on=None, keepers=None, evidence=None, overruled=None
):
    if not ids:
        return 0
    keepers, overruled = keepers or {}, overruled or {}
    values = {
        "ids": ids,
        "kept": list(keepers),
        "owners": [owner for owner, _ in keepers.values()],
        "pools": [pool for _, pool in keepers.values()],
        "stage": stage and stage.value,
        "disposition": disposition and disposition.value,
        "recycle_on": recycle_on,
        "reason": _stored(reason),
        "facts": _facts(reason),
        "evidence": evidence and json.dumps(evidence),
        "overruled": list(overruled),
        "passed_over": list(map(json.dumps, overruled.values())),
        "why": json.dumps(reason_payload(reason)),
        "actor": change.by and change.by.pk,
        "now": change.now,
        "kind": kinds.STAGE_CHANGED.code,
    }
    with connection.cursor() as cursor:
        cursor.execute(_STEP, values)
        if cursor.rowcount != len(ids):
            raise RuntimeError(f"{len(ids) - cursor.rowcount} leads have no first history row.")
    moved = _STAGE_FIELDS if stage else _DISPOSITION_FIELDS
    change.note(ids, fields={*moved, "changed_at"}, kinds=[kinds.STAGE_CHANGED.code])
    return len(ids)


def reason_payload(reason: str | Because) -> dict:
    """What the payload of a stage change holds of its reason."""
    if isinstance(reason, Because):
        return {"reason": reason.code, "facts": reason.facts}
    return {"reason": reason}


def _stored(reason):
    return reason.code if isinstance(reason, Because) else reason


def _facts(reason):
    return json.dumps(reason.facts) if isinstance(reason, Because) else None


def _clean_reason(reason):
    if isinstance(reason, Because):
        return reason
    reason = (reason or "").strip()
    if not reason:
        raise ValidationError({"reason": "Give a reason."})
    if len(reason) > REASON_LIMIT:
        raise ValidationError({"reason": f"Keep the reason under {REASON_LIMIT} characters."})
    return reason
