from enum import StrEnum


class ValueType(StrEnum):
    """What a field holds and a test compares. A list is a set. A reference is to a row that has a code, which
    files and people may say (of a person her e-mail address), and that conditions keep by its id."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    CHOICE = "choice"
    LIST = "list"
    REFERENCE = "reference"
