"""What happens to an open hand-over: accepted, returned unworked, rejected, recalled."""

import datetime
import json
from typing import NamedTuple

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from leads.access import within_reach
from leads.actions.lifecycle import set_disposition
from leads.actions.timeline import record_activities
from leads.activities import Because, Trait, codes_with
from leads.changes import Change, changing
from leads.enums import Disposition
from leads.fields import Writer, written_by
from leads.models import Activity, Lead
from routing.activities import HANDED_OVER
from routing.enums import HandoverEnd, RejectReason
from routing.models import Handover

REASON_LIMIT = 200
# The fields of a lead that say who keeps it.
KEEPER = written_by(Writer.HANDOVER)

_END = """
WITH ended AS (
    UPDATE routing_handover AS handover SET
        "end" = %(end)s,
        ended_at = greatest(
            %(now)s, handed_at + interval '1 microsecond', assigned_at + interval '1 microsecond', accepted_at
        ),
        ended_by_id = %(by)s,
        end_reason = ending.reason,
        end_facts = ending.facts
    FROM unnest(%(leads)s::bigint[], %(reasons)s::text[], %(facts)s::jsonb[]) AS ending (lead_id, reason, facts)
    WHERE handover.lead_id = ending.lead_id AND ended_at IS NULL
    RETURNING handover.id, handover.lead_id, owner_id
), told AS (
    INSERT INTO leads_changerow (lead_id, position, kind, at, was, became, reference)
    SELECT lead_id, (SELECT leads_change_position()), news.kind, %(now)s, news.was, news.became, ended.id
    FROM ended CROSS JOIN LATERAL (VALUES
        ('side', 'sales', 'marketing'), ('owner', ended.owner_id::text, '')
    ) AS news (kind, was, became)
    WHERE news.was IS NOT NULL
)
UPDATE leads_lead AS lead SET side = 'marketing', owner_id = NULL, pool_id = NULL
FROM ended WHERE lead.id = ended.lead_id
RETURNING lead.id
"""

_ACCEPT = """
UPDATE routing_handover SET accepted_at = greatest(%(now)s, assigned_at)
WHERE lead_id = ANY(%(leads)s) AND owner_id = %(by)s AND ended_at IS NULL AND accepted_at IS NULL
RETURNING lead_id
"""

_FIRST_TOUCH = """
UPDATE routing_handover AS handover SET first_touch_at = touch.at
FROM (
    SELECT open.id, min(activity.occurred_at) AS at
    FROM routing_handover AS open
    JOIN leads_activity AS activity ON activity.lead_id = open.lead_id
      AND activity.occurred_at >= open.assigned_at AND activity.actor_id = open.owner_id
    WHERE open.lead_id = ANY(%(leads)s) AND open.ended_at IS NULL AND open.owner_id IS NOT NULL
      AND open.first_touch_at IS NULL
      AND activity.kind = ANY(%(kinds)s) AND NOT activity.is_machine
    GROUP BY open.id
) AS touch
WHERE handover.id = touch.id
"""


class Ending(NamedTuple):
    """Why a hand-over ends: words, a RejectReason, or an `EndReason` with the facts that belong to it."""

    reason: str
    facts: dict | None = None


def accept(*, lead, by, now) -> Handover:
    """The owner takes the lead on; returns the hand-over. Accepting twice changes nothing.

    Raises PermissionDenied for anybody but the owner, ValidationError when nothing is open any more.
    """
    with changing([lead], by=by, now=now) as change:
        handover = _open_handover(lead)
        if handover.owner_id != by.pk:
            raise PermissionDenied("Only the owner of a lead accepts it.")
        if _accept(change, [handover.lead_id]):
            handover.refresh_from_db()
    return handover


def accept_all(*, leads, by, now) -> list[int]:
    """`by` accepts those of these leads (queryset, objects or ids) that are hers; returns their ids.

    What is not hers, or no longer, is passed over; accepting twice changes nothing.
    """
    with changing(by=by, now=now) as change:
        ids = change.hold(leads)
        _accept(change, ids)
        return list(
            Handover.objects.open().filter(lead__in=ids, owner=by).order_by("lead").values_list("lead", flat=True)
        )


def return_lead(*, lead, by, now, reason) -> Handover:
    """Gives a lead back to marketing unworked; `reason` is free text. Returns the ended hand-over.

    For the owner and for whoever may assign leads, else PermissionDenied; ValidationError when nothing is open.
    """
    reason = clean_reason(reason)
    with changing([lead], by=by, now=now) as change:
        handover = _open_handover(lead)
        _check_may_end(handover, by)
        end_handovers(change, {handover.lead_id: Ending(reason)}, end=HandoverEnd.RETURNED)
    return _fresh(handover, lead)


def reject(*, lead, by, now, reason, note="", recycle_on=None) -> Handover:
    """Sends a worked lead back as bad, with a `RejectReason`; returns the ended hand-over.

    Refused with ValidationError while nobody has reached out to the person since the lead was given to its owner, or
    since the hand-over while it waits for one: a lead nobody touched can only be returned as unworked. The owner's
    contacts count, and those of a colleague who stood in for her; as first touch only the owner's own. A final
    reason disqualifies the person; one that time may change recycles her until `recycle_on`, by default the reason's
    own number of days away; any other leaves her open.
    For the owner and for whoever may assign leads, else PermissionDenied.
    """
    try:
        reason = RejectReason(reason)
    except ValueError:
        raise ValidationError({"reason": f"{reason} is no reason to reject a lead for."}) from None
    with changing([lead], by=by, now=now) as change:
        handover = _open_handover(lead)
        _check_may_end(handover, by)
        if not _contacts_since(handover).exists():
            raise ValidationError(
                "Nobody has called, written to or met this person since the hand-over, so the lead cannot be "
                "rejected as bad. Return it as unworked instead.",
                code="unworked",
            )
        note_first_touches([handover.lead_id])
        end_handovers(change, {handover.lead_id: Ending(reason.value)}, end=HandoverEnd.REJECTED, note=note)
        days = reason.recycle_days
        if reason.is_final:
            set_disposition(change, leads=[lead.pk], to=Disposition.DISQUALIFIED, reason=Because(reason.value))
        elif recycle_on or days:
            because = Because(reason.value)
            day = recycle_on or now.astimezone(by.zone).date() + datetime.timedelta(days=days)
            set_disposition(change, leads=[lead.pk], to=Disposition.RECYCLED, reason=because, recycle_on=day)
    return _fresh(handover, lead)


def end_handovers(change: Change, endings: dict[int, Ending], *, end, note="") -> int:
    """Ends the open hand-overs of held leads, {lead id: why}, and puts them on the marketing side; returns how many.

    The number of statements depends neither on that of the leads nor on that of the reasons.
    """
    if not endings:
        return 0
    values = {
        "leads": list(endings),
        "reasons": [str(ending.reason) for ending in endings.values()],
        "facts": [None if ending.facts is None else json.dumps(ending.facts) for ending in endings.values()],
        "end": HandoverEnd(end).value,
        "by": change.by and change.by.pk,
        "now": change.now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_END, values)
        ended = [pk for (pk,) in cursor.fetchall()]
    change.note(ended, fields=KEEPER)
    told = {pk: {"reason": str(endings[pk].reason), "facts": endings[pk].facts, "note": note} for pk in ended}
    _tell(change, HandoverEnd(end).value, told)
    return len(ended)


def note_first_touches(lead_ids) -> None:
    """Writes down when the owners of these leads first reached out since they got them, where that is not known.

    What others did, or anybody did while the lead waited in a pool, is nobody's answer in time.
    """
    if lead_ids:
        with connection.cursor() as cursor:
            cursor.execute(_FIRST_TOUCH, {"leads": list(lead_ids), "kinds": codes_with(Trait.CONTACT)})


def clean_reason(reason) -> str:
    """The reason without blanks around it; ValidationError when it is empty or too long."""
    reason = (reason or "").strip()
    if not reason:
        raise ValidationError({"reason": "Give a reason."})
    if len(reason) > REASON_LIMIT:
        raise ValidationError({"reason": f"Keep the reason under {REASON_LIMIT} characters."})
    return reason


def _accept(change, lead_ids):
    """Ids of the held leads whose hand-overs this accepted."""
    with connection.cursor() as cursor:
        cursor.execute(_ACCEPT, {"leads": list(lead_ids), "by": change.by.pk, "now": change.now})
        accepted = sorted(pk for (pk,) in cursor.fetchall())
    if accepted:
        _tell(change, "accepted", dict.fromkeys(accepted, {}))
    return accepted


def _open_handover(lead):
    """The open hand-over of a held lead, locked."""
    handover = Handover.objects.open().filter(lead=lead).select_for_update(no_key=True).first()
    if handover is None:
        raise ValidationError("This lead is with marketing: there is no open hand-over.", code="gone")
    return handover


def _check_may_end(handover, by):
    if handover.owner_id == by.pk:
        return
    within = within_reach(by, "leads.assign_lead")
    if within is None or not Lead.objects.filter(within, pk=handover.lead_id).exists():
        raise PermissionDenied("Only the owner of a lead gives it back.")


def _contacts_since(handover):
    return Activity.objects.filter(
        lead=handover.lead_id,
        kind__in=codes_with(Trait.CONTACT),
        actor__isnull=False,
        is_machine=False,
        occurred_at__gte=handover.given_at,
    )


def _fresh(handover, lead):
    handover.refresh_from_db()
    lead.refresh_from_db()
    return handover


def _tell(change, event, told):
    """`told`: {lead id: what belongs to the event}."""
    rows = [
        {
            "lead_id": pk,
            "kind": HANDED_OVER.code,
            "occurred_at": change.now,
            "actor_id": change.by and change.by.pk,
            "payload": {"event": event} | {key: value for key, value in said.items() if value not in (None, "")},
        }
        for pk, said in told.items()
    ]
    if rows:
        record_activities(change, rows=rows)
