"""What the pages about leads read across rooms."""

from leads.access import can_see_lead
from leads.models import FieldDefinition, Lead
from leads.queries import lead_with_names
from routing.models import Handover


def readable_lead(user, pk) -> Lead | None:
    """The lead with all that its page shows beside it, or None for a stranger. One query."""
    lead = lead_with_names(pk)
    return lead if lead is not None and can_see_lead(user, lead) else None


def all_fields() -> list[FieldDefinition]:
    """The fields that an admin added, whether in use or not, in order and with their answers."""
    return list(FieldDefinition.objects.with_answers())


def active_fields() -> list[FieldDefinition]:
    """The fields that an admin added and that are in use, in order and with their answers."""
    return list(FieldDefinition.objects.with_answers().filter(is_active=True))


def latest_handover(user, lead) -> Handover | None:
    """The newest hand-over of the lead that the user may read, or None; its owner and pool are loaded where they still
    are the lead's."""
    handover = Handover.objects.visible_to(user).filter(lead=lead).order_by("-handed_at").first()
    if handover:
        for keeper in ("owner", "pool"):
            if getattr(handover, f"{keeper}_id") == getattr(lead, f"{keeper}_id"):
                setattr(handover, keeper, getattr(lead, keeper))
    return handover
