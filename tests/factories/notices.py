"""Notices, and change rows as the writers leave them."""

from django.db import connection

from leads.enums import ChangeKind
from leads.models import ChangeRow
from notices.actions import tell_reps
from notices.models import Notice
from routing.models import Handover
from tests.factories.leads import NOW, make_lead


def owner_row(handover, *, became=True):
    """That the owner of this hand-over became the lead's, or is not any more."""
    owner = str(handover.owner_id)
    was, became, at = ("", owner, handover.assigned_at) if became else (owner, "", handover.ended_at)
    return _row(handover.lead_id, ChangeKind.OWNER, at, was, became, reference=handover.pk)


def grade_row(lead, was, became, *, at=NOW):
    return _row(lead.pk, ChangeKind.GRADE, at, was, became)


def gone_row(owner, *, at=NOW, **facts):
    """That a lead of `owner` was removed by nobody in particular."""
    return _row(0, ChangeKind.GONE, at, str(owner.pk), "", facts={"by": None} | facts)


def _row(lead_id, kind, at, was, became, **values):
    """A row that is in no table, numbered as if it had been written now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('leads_changerow_id_seq'), leads_change_position()")
        number, position = cursor.fetchone()
    return ChangeRow(lead_id=lead_id, id=number, position=position, kind=kind, at=at, was=was, became=became, **values)


def make_notice(owner, *, at=NOW, now=None, **values) -> Notice:
    """The notice to `owner` that a new lead of hers arrived at `at`, told at `now` or at once."""
    lead = make_lead(owner=owner, grade="A", score=90, now=at, **values)
    row = owner_row(Handover.objects.get(lead=lead))
    tell_reps([row], now=now or at)
    return Notice.objects.get(lead=lead, change=row.id)
