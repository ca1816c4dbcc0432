"""Change rows as the writers leave them, and notices."""

import datetime
import itertools
from typing import NamedTuple

from notices.actions import tell_reps
from notices.models import Notice
from routing.models import Handover
from tests.factories.leads import NOW, make_lead

_numbers = itertools.count(1)


class Row(NamedTuple):
    lead_id: int
    id: int
    kind: str
    at: datetime.datetime
    was: str
    became: str
    reference: int | None = None


def owner_row(handover, *, became=True):
    """That the owner of this hand-over became the lead's, or is not any more."""
    owner = str(handover.owner_id)
    was, became, at = ("", owner, handover.assigned_at) if became else (owner, "", handover.ended_at)
    return Row(handover.lead_id, next(_numbers), "owner", at, was, became, handover.pk)


def grade_row(lead, was, became, *, at=NOW):
    return Row(lead.pk, next(_numbers), "grade", at, was, became)


def make_notice(owner, *, at=NOW, now=None, **values) -> Notice:
    """The notice to `owner` that a new lead of hers arrived at `at`, told at `now` or at once."""
    lead = make_lead(owner=owner, grade="A", score=90, now=at, **values)
    row = owner_row(Handover.objects.get(lead=lead))
    tell_reps([row], now=now or at)
    return Notice.objects.get(lead=lead, change=row.id)
