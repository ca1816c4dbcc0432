"""Which codes are taken: no field of an admin's can have one of them."""

from leads.fields.built_in import CODES

# The built-in fields, words that conditions and exports use, and what rooms claim while the program starts.
_TAKEN = {*CODES, "name", "fields", "activity", "answer"}


def claim(code: str) -> None:
    """Keeps a code for a field of the program."""
    _TAKEN.add(code)


def is_taken(code: str) -> bool:
    return code in _TAKEN
