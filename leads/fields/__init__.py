"""What can be known of a lead: the fields that all have, declared once."""

from leads.fields.built_in import (
    BY_CODE,
    CODES,
    FIELDS,
    RESERVED,
    SEARCHED,
    TYPED,
    BuiltIn,
    Key,
    Merge,
    Writer,
    written_by,
)
from leads.fields.values import ValueType

__all__ = [
    "BY_CODE",
    "CODES",
    "FIELDS",
    "RESERVED",
    "SEARCHED",
    "TYPED",
    "BuiltIn",
    "Key",
    "Merge",
    "ValueType",
    "Writer",
    "written_by",
]
