"""What can be known of a lead: the fields that all have, declared once."""

from leads.fields.built_in import (
    BY_CODE,
    CODES,
    FIELDS,
    SEARCHED,
    TYPED,
    BuiltIn,
    Key,
    Merge,
    Writer,
    written_by,
)
from leads.fields.codes import claim, is_taken
from leads.fields.values import ValueType

__all__ = [
    "BY_CODE",
    "CODES",
    "FIELDS",
    "SEARCHED",
    "TYPED",
    "BuiltIn",
    "Key",
    "Merge",
    "ValueType",
    "Writer",
    "claim",
    "is_taken",
    "written_by",
]
