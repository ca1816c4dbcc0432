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
    """`opposite_of` names the operator whose exact complement this one is."""

    label: str
    takes: Takes
    opposite_of: str = ""


OPERATORS = {
    "is": Operator("is", Takes.ONE),
    "is_not": Operator("is not", Takes.ONE, opposite_of="is"),
    "in": Operator("is one of", Takes.LIST),
    "not_in": Operator("is none of", Takes.LIST, opposite_of="in"),
    "contains": Operator("contains", Takes.ONE),
    "starts_with": Operator("starts with", Takes.ONE),
    "ends_with": Operator("ends with", Takes.ONE),
    "over": Operator("is over", Takes.ONE),
    "at_least": Operator("is at least", Takes.ONE),
    "under": Operator("is under", Takes.ONE),
    "at_most": Operator("is at most", Takes.ONE),
    "between": Operator("is between", Takes.RANGE),
    "before": Operator("is before", Takes.ONE),
    "after": Operator("is after", Takes.ONE),
    "within_days": Operator("is in the last … days", Takes.DAYS),
    "more_than_days_ago": Operator("is more than … days ago", Takes.DAYS),
    "next_days": Operator("is in the next … days", Takes.DAYS),
    "has_any": Operator("include any of", Takes.LIST),
    "has_all": Operator("include all of", Takes.LIST),
    "has_none": Operator("include none of", Takes.LIST, opposite_of="has_any"),
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
