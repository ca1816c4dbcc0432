"""Telling reps what became of their leads, from the rows of leads.ChangeRow that say so."""

from leads.enums import ChangeKind
from leads.models import ChangeRow
from notices.enums import NoticeKind
from notices.models import Notice
from routing.enums import Why
from routing.models import Handover
from routing.queries import active_policy, sales_grades


def tell_reps(rows: list[ChangeRow], *, now) -> None:
    """Writes the notices that these change rows give rise to, each once, in the caller's transaction.

    A lead arrived, unless she took it herself; it was taken back, unless she gave it back; its grade fell out of those
    that the policy gives to sales, while it was hers. Who did what is read from the hand-over that a row names. The
    number of queries does not depend on that of the rows.
    """
    notices = [*_moved(rows), *_faded(rows)]
    for notice in notices:
        notice.told_at = now
    Notice.objects.bulk_create(notices, ignore_conflicts=True)


def _moved(rows):
    """Arrivals and losses, by the rows of owners."""
    rows = [row for row in rows if row.kind == ChangeKind.OWNER]
    handovers = Handover.objects.in_bulk([row.reference for row in rows])
    for row in rows:
        handover = handovers.get(row.reference)
        if handover is None or handover.owner_id is None:
            continue
        if row.became and int(row.became) == handover.owner_id and not _took_it(handover):
            yield _notice(row, NoticeKind.ARRIVED, handover)
        if row.was and int(row.was) == handover.owner_id and handover.ended_by_id != handover.owner_id:
            yield _notice(row, NoticeKind.TAKEN_BACK, handover)


def _faded(rows):
    """Falls of grade, by the rows of grades."""
    rows = [row for row in rows if row.kind == ChangeKind.GRADE and row.was]
    grades = sales_grades(active_policy()) if rows else []
    rows = [row for row in rows if row.was in grades and row.became not in grades]
    owned = _owned({row.lead_id for row in rows})
    for row in rows:
        for handover in owned.get(row.lead_id, []):
            if handover.assigned_at <= row.at and (handover.ended_at is None or row.at < handover.ended_at):
                yield _notice(row, NoticeKind.FADED, handover, {"from": row.was, "to": row.became})


def _owned(lead_ids):
    """{lead: its hand-overs that have or had an owner}"""
    owned = {}
    if lead_ids:
        for handover in Handover.objects.filter(lead__in=lead_ids, owner__isnull=False):
            owned.setdefault(handover.lead_id, []).append(handover)
    return owned


def _took_it(handover):
    """Whether the owner gave the lead to herself, by her own hand."""
    return handover.why == Why.BY_HAND and (handover.why_facts or {}).get("by") == handover.owner_id


def _notice(row, kind, handover, facts=None):
    return Notice(
        lead_id=row.lead_id,
        recipient_id=handover.owner_id,
        change=row.id,
        kind=kind,
        handover_id=handover.pk,
        facts=facts or {},
        at=row.at,
    )
