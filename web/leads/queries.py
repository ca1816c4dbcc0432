"""What the pages about leads read across rooms."""

from leads.models import FieldDefinition, Lead, Task
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
    """The newest hand-over of the lead that the user may read, or None."""
    return (
        Handover.objects.visible_to(user)
        .filter(lead=lead)
        .select_related("owner", "pool")
        .order_by("-handed_at")
        .first()
    )


def open_tasks(lead) -> list[Task]:
    return list(lead.tasks.open().select_related("assignee"))
