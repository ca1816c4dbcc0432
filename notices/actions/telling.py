"""Telling reps what became of their leads, from the rows of leads.ChangeRow that say so."""

from leads.enums import ChangeKind
from leads.models import ChangeRow
from notices.enums import NoticeKind
from notices.models import Notice
from routing.enums import EndReason, Why
from routing.models import Handover
from routing.queries import active_policy, sales_grades
from team.models import User


def tell_reps(rows: list[ChangeRow], *, now) -> None:
    """Writes the notices that these change rows give rise to, each once, in the caller's transaction.

    A lead arrived, unless she took it herself; it was taken back, unless she gave it back; it was removed while it was
    hers, unless by herself; its grade fell out of those that the policy gives to sales, and it stayed hers. Who did
    what is read from the hand-over that a row names, or the row of a lead that is gone. The number of queries does not
    depend on that of the rows.
    """
    notices = [*_moved(rows), *_faded(rows), *_removed(rows)]
    for notice in notices:
        notice.told_at = now
    Notice.objects.bulk_create(notices, ignore_conflicts=True)


def _moved(rows):
    """Arrivals and losses, by the rows of owners."""
    rows = [row for row in rows if row.kind == ChangeKind.OWNER]
    handovers = Handover.objects.defer("receipt").in_bulk([row.reference for row in rows])
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
    leads = {row.lead_id for row in rows}
    handovers, owners = _owned(leads), _owners(leads)
    for row in rows:
        handover = _hers_then(row, handovers.get(row.lead_id, {}), owners.get(row.lead_id, []))
        # Taken back for it, which is told as that.
        if handover and handover.end_reason != EndReason.FADED:
            yield _notice(row, NoticeKind.FADED, handover, {"from": row.was, "to": row.became})


def _removed(rows):
    """Leads that are gone, by the rows that say so: there is no hand-over left to ask."""
    rows = [row for row in rows if row.kind == ChangeKind.GONE and row.was and row.was != str(row.facts["by"])]
    there = set(User.objects.filter(pk__in={row.was for row in rows}).values_list("pk", flat=True)) if rows else ()
    for row in rows:
        if int(row.was) in there:
            yield Notice(recipient_id=int(row.was), change=row.id, kind=NoticeKind.REMOVED, facts=row.facts, at=row.at)


def _hers_then(row, handovers, owners):
    """The hand-over by which the lead was somebody's when the row was written, or None.

    By the order in which the rows of a lead are written, under her lock: the clocks of two workers do not tell which
    of them came first. News of before may be forgotten, but none that comes after a row that is still to be followed.
    """
    before = [each for each in owners if each.id < row.id]
    if before:
        return handovers.get(before[-1].reference) if before[-1].became else None
    if owners:
        return handovers.get(owners[0].reference) if owners[0].was else None
    return next((each for each in handovers.values() if each.ended_at is None), None)


def _owned(lead_ids):
    """{lead: {id: hand-over}} of those that have or had an owner; read before _owners, which then knows all of them."""
    owned = {}
    if lead_ids:
        for handover in Handover.objects.defer("receipt").filter(lead__in=lead_ids, owner__isnull=False):
            owned.setdefault(handover.lead_id, {})[handover.pk] = handover
    return owned


def _owners(lead_ids):
    """{lead: what is known of how its owner changed, in order}"""
    owners = {}
    if lead_ids:
        for row in ChangeRow.objects.filter(lead__in=lead_ids, kind=ChangeKind.OWNER).order_by("id"):
            owners.setdefault(row.lead_id, []).append(row)
    return owners


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
