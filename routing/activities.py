"""The kind of activity that hand-overs write."""

from leads.activities import Chip, FieldWords, Kind, Trait, Words, register


def _handover(kind: Kind, payload: dict, fields: FieldWords) -> Words:
    return Words(str(payload.get("text") or "Handed over to sales"), str(payload.get("note", "")))


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
