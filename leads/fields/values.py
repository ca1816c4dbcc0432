from enum import StrEnum


class ValueType(StrEnum):
    """What a field holds and a test compares. A reference goes by its code (a person by e-mail); a list is a set."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    CHOICE = "choice"
    LIST = "list"
    REFERENCE = "reference"
