"""The operators, what value each takes, and which types of value know them."""

from dataclasses import dataclass
from enum import StrEnum

from leads.fields import ValueType


class Takes(StrEnum):
    """The JSON an operator wants as its value."""

    NOTHING = "nothing"
    ONE = "one"
    LIST = "list"
    RANGE = "range"
    DAYS = "days"


@dataclass(frozen=True)
class Operator:
    """`opposite_of` names the operator whose exact complement this one is.

    is_closed: its value is one of the list of a field that has a closed one. compares: the types it knows where there
    is no field to tell the type, in a payload; the first is meant unless another is said.
    """

    label: str
    takes: Takes
    opposite_of: str = ""
    is_closed: bool = False
    compares: tuple[ValueType, ...] = ()


# What the values of a payload may be, and how an editor calls each.
PAYLOAD_TYPES = {ValueType.TEXT: "text", ValueType.NUMBER: "number", ValueType.BOOLEAN: "yes or no"}
_SCALARS = tuple(PAYLOAD_TYPES)

OPERATORS = {
    "is": Operator("is", Takes.ONE, is_closed=True, compares=_SCALARS),
    "is_not": Operator("is not", Takes.ONE, opposite_of="is", is_closed=True, compares=_SCALARS),
    "in": Operator("is one of", Takes.LIST, is_closed=True, compares=_SCALARS[:2]),
    "not_in": Operator("is none of", Takes.LIST, opposite_of="in", is_closed=True, compares=_SCALARS[:2]),
    "contains": Operator("contains", Takes.ONE, compares=(ValueType.TEXT,)),
    "starts_with": Operator("starts with", Takes.ONE, compares=(ValueType.TEXT,)),
    "ends_with": Operator("ends with", Takes.ONE, compares=(ValueType.TEXT,)),
    "over": Operator("is over", Takes.ONE, compares=(ValueType.NUMBER,)),
    "at_least": Operator("is at least", Takes.ONE, is_closed=True, compares=(ValueType.NUMBER,)),
    "under": Operator("is under", Takes.ONE, compares=(ValueType.NUMBER,)),
    "at_most": Operator("is at most", Takes.ONE, is_closed=True, compares=(ValueType.NUMBER,)),
    "between": Operator("is between", Takes.RANGE, compares=(ValueType.NUMBER,)),
    "before": Operator("is before", Takes.ONE),
    "after": Operator("is after", Takes.ONE),
    "within_days": Operator("is in the last … days", Takes.DAYS),
    "more_than_days_ago": Operator("is more than … days ago", Takes.DAYS),
    "next_days": Operator("is in the next … days", Takes.DAYS),
    "has_any": Operator("include any of", Takes.LIST, is_closed=True),
    "has_all": Operator("include all of", Takes.LIST, is_closed=True),
    "has_none": Operator("include none of", Takes.LIST, opposite_of="has_any", is_closed=True),
    "filled": Operator("is filled", Takes.NOTHING),
    "empty": Operator("is empty", Takes.NOTHING, opposite_of="filled"),
}

FILLING = ("filled", "empty")
RANK_OPS = ("at_least", "at_most")
_SAME = ("is", "is_not", "in", "not_in")
_TEXT = (*_SAME, "contains", "starts_with", "ends_with")
_NUMBER = (*_SAME, "over", "at_least", "under", "at_most", "between")
_MOMENT = ("is", "is_not", "before", "after", "between", "within_days", "more_than_days_ago", "next_days")

# Without FILLING, which a field adds when it can be empty.
OPS_OF_TYPE = {
    ValueType.TEXT: _TEXT,
    ValueType.NUMBER: _NUMBER,
    ValueType.BOOLEAN: ("is", "is_not"),
    ValueType.DATE: _MOMENT,
    ValueType.DATETIME: _MOMENT,
    ValueType.CHOICE: _SAME,
    ValueType.LIST: ("has_any", "has_all", "has_none"),
    ValueType.REFERENCE: _SAME,
}

SEEN_OPS = ("before", "after", "more_than_days_ago", "within_days")
PAYLOAD_OPS = tuple(dict.fromkeys((*_TEXT, *_NUMBER, *FILLING)))
