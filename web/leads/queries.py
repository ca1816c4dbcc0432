"""What the pages about leads read across rooms."""

import datetime
from typing import NamedTuple

from leads.enums import TaskKind
from leads.models import FieldDefinition, Lead
from routing.models import Handover


def readable_lead(user, pk) -> Lead | None:
    """The lead with all that its page shows beside it, or None for a stranger. One query."""
    return (
        Lead.objects.visible_to(user)
        .select_related("company", "owner", "pool", "source", "campaign")
        .filter(pk=pk)
        .first()
    )


def all_fields() -> list[FieldDefinition]:
    """The fields that an admin added, whether in use or not, in order and with their answers."""
    return list(FieldDefinition.objects.with_answers())


def active_fields() -> list[FieldDefinition]:
    """The fields that an admin added and that are in use, in order and with their answers."""
    return list(FieldDefinition.objects.with_answers().filter(is_active=True))


def latest_handover(user, lead) -> Handover | None:
    """The newest hand-over of the lead that the user may read, or None. Of one to whoever has her now, no second query
    asks who that is."""
    handover = Handover.objects.visible_to(user).filter(lead=lead).order_by("-handed_at").first()
    if handover:
        for keeper in ("owner", "pool"):
            if getattr(handover, f"{keeper}_id") == getattr(lead, f"{keeper}_id"):
                setattr(handover, keeper, getattr(lead, keeper))
    return handover


class OpenTask(NamedTuple):
    pk: int
    title: str
    due_at: datetime.datetime
    kind: str
    assignee: str


def open_tasks(lead) -> list[OpenTask]:
    """What is promised to the lead, soonest first, with kind and assignee as a page says them. One query."""
    names = ("pk", "title", "due_at", "kind", "assignee__name", "assignee__email")
    return [
        OpenTask(pk, title, due_at, TaskKind(kind).label, name or email)
        for pk, title, due_at, kind, name, email in lead.tasks.open().values_list(*names)
    ]
