"""What the pages about leads read across rooms."""

import json
from functools import cache

from leads.access import can_see_lead
from leads.models import FieldDefinition, Lead
from leads.queries import condition_of, lead_with_names
from routing.models import Handover

_HANDOVER = """
SELECT * FROM routing_handover WHERE lead_id = %s AND ({visible}) ORDER BY handed_at DESC LIMIT 1
"""


def readable_lead(user, pk) -> Lead | None:
    """The lead with all that its page shows beside it, or None for a stranger. One query."""
    lead = lead_with_names(pk)
    return lead if lead is not None and can_see_lead(user, lead) else None


def all_fields() -> list[FieldDefinition]:
    """The fields that an admin added, whether in use or not, in order and with their answers. One query."""
    found = list(FieldDefinition.objects.raw(*_statement_of_all_fields()))
    for field in found:
        field.listed_answers = json.loads(field.listed_answers)
    return found


def active_fields() -> list[FieldDefinition]:
    """The fields that an admin added and that are in use, in order and with their answers."""
    return [field for field in all_fields() if field.is_active]


@cache
def _statement_of_all_fields():
    """Put together once: every list and lead page asks, and Django takes longer for that than PostgreSQL to answer."""
    return FieldDefinition.objects.with_answers().query.sql_with_params()


def latest_handover(user, lead) -> Handover | None:
    """The newest hand-over of the lead that the user may read, or None; its owner and pool are loaded where they still
    are the lead's."""
    visible, values = condition_of(Handover.objects.visible_to(user))
    handover = next(iter(Handover.objects.raw(_HANDOVER.format(visible=visible), [lead.pk, *values])), None)
    if handover:
        for keeper in ("owner", "pool"):
            if getattr(handover, f"{keeper}_id") == getattr(lead, f"{keeper}_id"):
                setattr(handover, keeper, getattr(lead, keeper))
    return handover
