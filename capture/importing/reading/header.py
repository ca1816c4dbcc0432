"""The first row of a table: whether it names columns, and by which names they go from here on."""

import re

from capture.importing.reading.refusal import Unreadable
from leads.intake.keys import email_key

MAX_COLUMNS = 200
MAX_NAME = 200

_DATA = re.compile(
    r"[-+]?\d[\d.,]*|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\+?[\d ()./-]{7,}",
    re.IGNORECASE,
)
_INVISIBLE = dict.fromkeys([*range(32), 0x200B, 0x200E, 0x200F, 0xFEFF], None) | {9: " ", 10: " ", 13: " ", 0xA0: " "}


def column_names(cells):
    """(names, notes) for the cells of a header; names are different from each other, notes tell what was done.

    Raises Unreadable with the reason when the row names no columns.
    """
    if len(cells) > MAX_COLUMNS:
        raise Unreadable(f"The file has {len(cells):,} columns; at most {MAX_COLUMNS} can be imported.")
    names = [" ".join(cell.translate(_INVISIBLE).split())[:MAX_NAME] for cell in cells]
    while names and not names[-1]:
        names.pop()
    filled = [name for name in names if name]
    if not filled:
        raise Unreadable("The file has no header: its first row is empty.")
    _refuse_data(filled)
    if len(names) == 1 and len(names[0].split()) > 5:
        raise Unreadable("This is text, not a table with columns.")
    if len(filled) * 3 < len(names) * 2 or (len(filled) == 1 and len(cells) > 2):
        raise Unreadable(
            f"The file has no header: its first row names only {len(filled)} of {len(cells)} columns. "
            "Remove whatever stands above the column names."
        )
    notes = []
    seen = set()
    for index, name in enumerate(names):
        if not name:
            names[index] = name = f"Column {index + 1}"
            notes.append(f"Column {index + 1} has no name.")
        if name in seen:
            number = 2
            while f"{name} ({number})" in seen or f"{name} ({number})" in names:
                number += 1
            names[index] = f"{name} ({number})"
            notes.append(f'The column "{name}" stands there again; the later one is called "{names[index]}".')
        seen.add(names[index])
    return names, notes


def numbered_columns(width):
    """The names of columns that have none."""
    if width > MAX_COLUMNS:
        raise Unreadable(f"The file has {width:,} columns; at most {MAX_COLUMNS} can be imported.")
    return [f"Column {number}" for number in range(1, width + 1)]


def _refuse_data(cells):
    address = next((cell for cell in cells if email_key(cell)), None)
    if address:
        raise Unreadable(
            f"The file has no header: its first row holds the e-mail address {address[:100]}. "
            "Put a row with the names of the columns on top."
        )
    if sum(bool(_DATA.fullmatch(cell)) for cell in cells) * 2 >= len(cells):
        raise Unreadable(
            "The file has no header: its first row holds numbers or dates. "
            "Put a row with the names of the columns on top."
        )
