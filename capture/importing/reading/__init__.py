"""Files of people as tables: any encoding, delimiter or workbook in, named columns and rows of text out."""

from pathlib import Path
from typing import NamedTuple

from capture.importing.reading import header, text, workbook
from capture.importing.reading.refusal import Unreadable
from capture.importing.reading.text import Broken, Dialect

__all__ = ["Broken", "Table", "Unreadable", "open_table", "unpack_workbook"]


class Table(NamedTuple):
    """A file that can be read: its columns, how it is written, and what was remarkable about it."""

    path: Path
    header: list
    notes: list
    dialect: Dialect
    has_header: bool

    @property
    def encoding(self):
        return self.dialect.encoding

    @property
    def delimiter(self):
        return self.dialect.delimiter

    def rows(self):
        """Yields the rows below the header: lists of cells as they stand, of any length, or a Broken."""
        records = text.read_records(self.path, self.dialect)
        if self.has_header:
            for record in records:
                if not isinstance(record, Broken) and any(cell.strip() for cell in record):
                    break
        yield from records


def open_table(path, *, has_header=True):
    """The Table of a text file. Raises Unreadable when it is no list with columns.

    has_header=False: every row is data and the columns are called Column 1, Column 2 and so on.
    """
    path = Path(path)
    if workbook.is_archive(path):
        raise Unreadable("This is a workbook or an archive, not text.")
    dialect = text.detect(path)
    first = next((record for record in text.read_records(path, dialect) if _holds_something(record)), None)
    if first is None:
        raise Unreadable("The file is empty.")
    if isinstance(first, Broken):
        raise Unreadable(f"The first row cannot be read. {first.message}")
    if has_header:
        names, notes = header.column_names(first)
    else:
        names, notes = header.numbered_columns(len(first)), []
    if dialect.errors == "replace" and dialect.encoding == "utf-8":
        notes.append("Some characters are no valid UTF-8; the cells that hold them are reported.")
    return Table(path, names, notes, dialect, has_header)


def unpack_workbook(path, target):
    """Turns a workbook at `path` into CSV at `target`; returns (sheet, notes), or None when `path` is no workbook."""
    path = Path(path)
    if not workbook.is_archive(path):
        return None
    sheet, others = workbook.convert(path, target)
    notes = [f'Only the sheet "{sheet}" is read; the workbook also has {", ".join(others)}.'] if others else []
    return sheet, notes


def _holds_something(record):
    return isinstance(record, Broken) or any(cell.strip() for cell in record)
