"""What conditions may ask of hand-overs. The policy makes them from grades."""

from leads.conditions import Field, Rows, built_in, register
from leads.fields import ValueType
from routing.enums import HandoverEnd

_GRADE = frozenset({"grade"})
_HANDOVER = "routing.Handover"

register(
    built_in("side", depends_on=_GRADE),
    built_in("owner", depends_on=_GRADE),
    built_in("pool", depends_on=_GRADE),
    Field(
        "handed_over_at",
        "Handed over at",
        ValueType.DATETIME,
        Rows(_HANDOVER, "handed_at"),
        past_only=True,
        depends_on=_GRADE,
        group="Hand-over",
    ),
    Field(
        "answer_due_at",
        "Answer due at",
        ValueType.DATETIME,
        Rows(_HANDOVER, "due_at", {"ended_at": None}),
        depends_on=_GRADE,
        group="Hand-over",
    ),
    Field(
        "handover_end",
        "End of a hand-over",
        ValueType.CHOICE,
        Rows(_HANDOVER, "end"),
        choices=tuple(HandoverEnd.choices),
        depends_on=_GRADE,
        group="Hand-over",
    ),
)
