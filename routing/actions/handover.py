"""What happens to an open hand-over: accepted, returned unworked, rejected, recalled."""

import datetime
import json

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction

from leads.actions.lifecycle import set_disposition
from leads.actions.timeline import ids_of, mark_dirty, record_activities
from leads.activities import Trait, codes_with
from leads.enums import Disposition
from leads.models import Activity
from routing.activities import HANDED_OVER
from routing.enums import HandoverEnd, RejectReason
from routing.models import Handover

REASON_LIMIT = 200

_LOCK = "SELECT id FROM leads_lead WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"

_END = """
WITH ended AS (
    UPDATE routing_handover SET
        "end" = %(end)s,
        ended_at = greatest(
            %(now)s, handed_at + interval '1 microsecond', assigned_at + interval '1 microsecond', accepted_at
        ),
        ended_by_id = %(by)s,
        end_reason = %(reason)s,
        end_facts = %(facts)s
    WHERE lead_id = ANY(%(leads)s) AND ended_at IS NULL
    RETURNING lead_id
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


def accept(*, lead, by, now):
    """The owner takes the lead on; returns the hand-over. Accepting twice changes nothing.

    Raises PermissionDenied for anybody but the owner, ValidationError when nothing is open any more.
    """
    with transaction.atomic():
        handover = _open_handover(lead, now)
        if handover.owner_id != by.pk:
            raise PermissionDenied("Only the owner of a lead accepts it.")
        if _accept([handover.lead_id], by=by, now=now):
            handover.refresh_from_db()
    return handover


def accept_all(*, leads, by, now):
    """`by` accepts those of these leads (queryset, objects or ids) that are hers; returns their ids.

    What is not hers, or no longer, is passed over; accepting twice changes nothing. One transaction, leads locked in
    id order.
    """
    with transaction.atomic():
        ids = ids_of(leads)
        mark_dirty(leads=ids, now=now)
        lock_leads(ids)
        _accept(ids, by=by, now=now)
        return list(
            Handover.objects.open().filter(lead__in=ids, owner=by).order_by("lead").values_list("lead", flat=True)
        )


def return_lead(*, lead, by, now, reason):
    """Gives a lead back to marketing unworked; `reason` is free text. Returns the ended hand-over.

    For the owner and for whoever may assign leads, else PermissionDenied; ValidationError when nothing is open.
    """
    reason = clean_reason(reason)
    with transaction.atomic():
        handover = _open_handover(lead, now)
        _check_may_end(handover, by)
        end_handovers([handover.lead_id], end=HandoverEnd.RETURNED, reason=reason, by=by, now=now)
    return _fresh(handover, lead)


def reject(*, lead, by, now, reason, note="", recycle_on=None):
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
    with transaction.atomic():
        handover = _open_handover(lead, now)
        _check_may_end(handover, by)
        if not _contacts_since(handover).exists():
            raise ValidationError(
                "Nobody has called, written to or met this person since the hand-over, so the lead cannot be "
                "rejected as bad. Return it as unworked instead.",
                code="unworked",
            )
        note_first_touches([handover.lead_id])
        end_handovers([handover.lead_id], end=HandoverEnd.REJECTED, reason=reason.value, by=by, now=now, note=note)
        days = reason.recycle_days
        if reason.is_final:
            set_disposition(leads=[lead.pk], to=Disposition.DISQUALIFIED, reason=reason.label, by=by, now=now)
        elif recycle_on or days:
            day = recycle_on or now.astimezone(by.zone).date() + datetime.timedelta(days=days)
            set_disposition(
                leads=[lead.pk], to=Disposition.RECYCLED, reason=reason.label, by=by, now=now, recycle_on=day
            )
    return _fresh(handover, lead)


def end_handovers(lead_ids, *, end, reason, by, now, note="", facts=None):
    """Ends the open hand-overs of these leads and puts the leads on the marketing side; returns how many.

    `facts` are what belongs to an `EndReason`. The caller holds the leads' locks.
    """
    if not lead_ids:
        return 0
    values = {
        "leads": list(lead_ids),
        "end": HandoverEnd(end).value,
        "reason": str(reason),
        "by": by and by.pk,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_END, values | {"facts": None if facts is None else json.dumps(facts)})
        ended = [pk for (pk,) in cursor.fetchall()]
    _tell(HandoverEnd(end).value, ended, now=now, by=by, reason=str(reason), facts=facts, note=note)
    return len(ended)


def note_first_touches(lead_ids):
    """Writes down when the owners of these leads first reached out since they got them, where that is not known.

    What others did, or anybody did while the lead waited in a pool, is nobody's answer in time.
    """
    if lead_ids:
        with connection.cursor() as cursor:
            cursor.execute(_FIRST_TOUCH, {"leads": list(lead_ids), "kinds": codes_with(Trait.CONTACT)})


def lock_leads(lead_ids):
    """Locks the leads in id order until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [list(lead_ids)])


def clean_reason(reason):
    """The reason without blanks around it; ValidationError when it is empty or too long."""
    reason = (reason or "").strip()
    if not reason:
        raise ValidationError({"reason": "Give a reason."})
    if len(reason) > REASON_LIMIT:
        raise ValidationError({"reason": f"Keep the reason under {REASON_LIMIT} characters."})
    return reason


def _accept(lead_ids, *, by, now):
    """Ids of the leads whose hand-overs this accepted; the caller holds the leads' locks."""
    with connection.cursor() as cursor:
        cursor.execute(_ACCEPT, {"leads": list(lead_ids), "by": by.pk, "now": now})
        accepted = sorted(pk for (pk,) in cursor.fetchall())
    if accepted:
        _tell("accepted", accepted, now=now, by=by)
    return accepted


def _open_handover(lead, now):
    """The open hand-over of a lead, with mark, lead and hand-over locked in that order."""
    mark_dirty(leads=[lead.pk], now=now)
    lock_leads([lead.pk])
    handover = Handover.objects.open().filter(lead=lead).select_for_update(no_key=True).first()
    if handover is None:
        raise ValidationError("This lead is with marketing: there is no open hand-over.", code="gone")
    return handover


def _check_may_end(handover, by):
    if handover.owner_id != by.pk and not by.has_perm("leads.assign_lead"):
        raise PermissionDenied("Only the owner of a lead gives it back.")


def _contacts_since(handover):
    return Activity.objects.filter(
        lead=handover.lead_id,
        kind__in=codes_with(Trait.CONTACT),
        actor__isnull=False,
        is_machine=False,
        occurred_at__gte=handover.assigned_at or handover.handed_at,
    )


def _fresh(handover, lead):
    handover.refresh_from_db()
    lead.refresh_from_db()
    return handover


def _tell(event, lead_ids, *, now, by, **said):
    payload = {"event": event} | {key: value for key, value in said.items() if value not in (None, "")}
    rows = [
        {
            "lead_id": pk,
            "kind": HANDED_OVER.code,
            "occurred_at": now,
            "actor_id": by and by.pk,
            "payload": payload,
        }
        for pk in lead_ids
    ]
    record_activities(rows=rows, now=now)
