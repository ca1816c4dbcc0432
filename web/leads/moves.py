"""Which stages somebody may be moved to by hand, what is missing for the others, and what there is to show for it."""

from dataclasses import dataclass

from leads.actions.lifecycle import needs_evidence
from leads.activities import Trait, codes_with, kind_of
from leads.conditions import lacking_words
from leads.enums import Stage
from leads.models import Activity
from leads.queries import lacks_by_stage
from web.leads.facts import said
from web.templatetags.spoken import exact

EVIDENCE_SHOWN = 20


@dataclass(frozen=True)
class Move:
    """A stage and, in English, what the lead lacks of its definition; `is_barred` where nobody may overrule that."""

    stage: Stage
    lacks: list[str]
    is_barred: bool = False


def moves_of(lead, vocabulary, *, now) -> list[Move]:
    """A Move for every stage but the lead's own, in order.

    As many queries as lacks_by_stage, and one for what conditions refer to.
    """
    lacked = lacks_by_stage(lead, now=now, vocabulary=vocabulary)
    is_unpaid = not (lead.contract_on and lead.first_paid_on)
    return [
        Move(stage, lacking_words(lacked.get(stage, []), vocabulary), stage == Stage.CUSTOMER and is_unpaid)
        for stage in Stage
        if stage != lead.stage
    ]


def evidence_of(lead, fields) -> list[tuple[str, str]]:
    """(value, words) of what a suspect or lead can be made of somebody with: answers, and her last activities.

    One query, and none where no such step is left.
    """
    if not any(needs_evidence(lead.stage, to) for to in Stage):
        return []
    answers = [
        (f"answer:{field.code}", f"{field.label}: {said(lead.fields[field.code], field)}")
        for field in fields
        if field.dimension and lead.fields.get(field.code) is not None
    ]
    touches = Activity.objects.filter(lead=lead, kind__in=codes_with(Trait.TOUCH), is_machine=False)
    found = touches.order_by("-occurred_at", "-pk").values_list("pk", "kind", "occurred_at")[:EVIDENCE_SHOWN]
    return [*answers, *((f"activity:{pk}", f"{kind_of(kind).label}, {exact(at)}") for pk, kind, at in found)]
