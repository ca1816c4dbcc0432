"""The kind of activity that hand-overs write."""

from leads.activities import Chip, FieldWords, Kind, Trait, Words, register, register_reason
from routing.enums import HandoverEnd, RejectReason
from routing.words import end_words, why_words


def _handover(kind: Kind, payload: dict, fields: FieldWords) -> Words:
    """{"event": handed_over, assigned, accepted or a HandoverEnd}, and what belongs to it:

    handed_over, assigned: "pool", "pool_name", "owner", "owner_name" (null while none is free), "due_at", "why",
    "why_facts"; an end: "reason", "facts", "note". Rows of before bring their sentence along as "text".
    """
    event = payload.get("event")
    if payload.get("text"):
        return Words(str(payload["text"]), str(payload.get("note", "")))
    if event in HandoverEnd.values:
        said = end_words(event, payload.get("reason", ""), payload.get("facts"))
        return Words(f"{HandoverEnd(event).label}: {said}", str(payload.get("note", "")))
    if event == "accepted":
        return Words("Accepted")
    if payload.get("owner_name"):
        return Words(f"Handed to {payload['owner_name']}", why_words(payload.get("why", ""), payload.get("why_facts")))
    if payload.get("pool_name"):
        return Words(f"Waits in {payload['pool_name']} for a free rep")
    return Words("Handed over to sales")


HANDED_OVER = register(
    Kind(
        "handed_over",
        "Hand-over",
        one="hand-over",
        many="hand-overs",
        icon="transfer",
        chip=Chip.CHANGES,
        traits=(Trait.AUTOMATIC,),
        says=_handover,
    )
)

register_reason("handed_over", "Handed to sales by the policy {policy_name}")
register_reason("given", "Given to {to_name}")
register_reason("by_hand", "Given by hand")
register_reason("undone", "Hand-out undone")
register_reason("came_back", "Time or interest is back")
for rejection in RejectReason:
    register_reason(rejection.value, rejection.label)
