"""The one writer of CSV: every export goes through it.

Spreadsheets run a cell that starts with = + - @, a tab or a carriage return as a formula. Text like that, whoever
typed it, gets an apostrophe in front, which `restore` takes off again on import. Two things that start with a sign
are left alone because they are data and a spreadsheet reads no more than a number in them: numbers (-12.5), and phone
numbers of a plus, digits and single spaces (+49 30 123456). A phone number with any other sign in it, such as
+49-30-123 (which a spreadsheet would subtract), gets the apostrophe.
"""

import csv
import datetime
import re
from dataclasses import dataclass
from operator import itemgetter

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Value
from django.db.models.functions import Concat

from leads.activities.reasons import reason_words
from leads.fields import BY_CODE, FIELDS, Key
from leads.fields.answers import NO_ANSWERS, Answers
from leads.models import FieldDefinition, OtherKey

CHUNK = 2000

_TRIGGERED = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_HARMLESS = re.compile(r"-?[0-9]+(?:\.[0-9]+)?|\+[0-9]+(?: [0-9]+)*")


class UnknownFields(ValueError):
    """Codes that cannot be exported; `.codes` are those."""

    def __init__(self, codes):
        self.codes = tuple(codes)
        super().__init__(f"Unknown field: {', '.join(self.codes)}.")


_BESIDE = frozenset(field.code for field in FIELDS if field.beside)


@dataclass(frozen=True)
class ExportColumn:
    """A column of an export. `source` is a path of Lead.values_list; None where `Lead.fields` keeps the value.
    `facts`: the column beside that of a reason (leads.fields), which is written in words.

    An answer is written as code and label in one cell, `approved: Approved`: a reader needs the label, an import the
    code, and two columns could be edited to contradict each other.
    """

    code: str
    label: str
    source: str | None
    answers: Answers = NO_ANSWERS
    facts: str = ""

    @property
    def sources(self):
        """The paths of Lead.values_list that the cell is made from."""
        return (self.source or "fields", *filter(None, [self.facts]))

    def cell(self, value):
        """What stands in the cell for what `sources` gave: the value, or several of them."""
        if self.facts:
            return reason_words(*value)
        if self.source:
            return value
        value = value.get(self.code)
        if not self.answers:
            return value
        return [self._written(code) for code in value] if isinstance(value, list) else self._written(value)

    def _written(self, code):
        choice = self.answers.get(code)
        return choice.written if choice else code


def escape(text):
    """The text as a cell that no spreadsheet runs as a formula."""
    return f"'{text}" if _TRIGGERED.match(text) and not _HARMLESS.fullmatch(text) else text


def restore(cell):
    """The text that `escape` made `cell` from."""
    return cell[1:] if cell.startswith("'") and _TRIGGERED.match(cell) else cell


def cell_text(value):
    """A value as it stands in a cell: nothing for None, 1 and 0 for yes and no, ISO 8601 (UTC) for times."""
    if value is None:
        return ""
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).isoformat(timespec="seconds")
    if isinstance(value, list | tuple):
        return escape("; ".join(map(str, value)))
    return escape(str(value))


def csv_lines(header, rows):
    """CSV lines (str, ending in LF) of a header and an iterable of rows of Python values, one at a time."""
    line = _LastLine()
    # The carriage return is part of the terminator here so that the writer quotes a cell that holds one.
    writer = csv.writer(line, lineterminator="\r\n")
    writer.writerow([cell_text(name) for name in header])
    yield line.text
    for row in rows:
        writer.writerow([cell_text(value) for value in row])
        yield line.text


class _LastLine:
    text = ""

    def write(self, text):
        self.text = text.removesuffix("\r\n") + "\n"


def lead_columns(codes=None):
    """The columns of `codes`, or all there are: built-in ones first, then the active custom fields in their order.

    Raises UnknownFields. One query.
    """
    active = FieldDefinition.objects.with_answers().filter(is_active=True)
    custom = {field.code: ExportColumn(field.code, field.label, None, field.answer_list) for field in active}
    built_in = [field for field in FIELDS if field.path]
    known = {
        field.code: ExportColumn(field.code, field.label, field.path, facts=field.facts) for field in built_in
    } | custom
    if codes is None:
        return tuple(known.values())
    unknown = [code for code in codes if code not in known]
    if unknown:
        raise UnknownFields(unknown)
    return tuple(known[code] for code in codes)


def lead_lines(leads, codes=None):
    """CSV lines of a queryset of leads (narrow it with visible_to first), the header being the codes.

    In the order of their ids, CHUNK of them in memory at a time, without a cursor kept open. Raises UnknownFields
    before the first line.
    """
    columns = lead_columns(codes)
    beside = {code: _others(code) for code in _BESIDE.intersection(column.code for column in columns)}
    return csv_lines([column.code for column in columns], _rows(leads.order_by().annotate(**beside), columns))


def _others(code):
    """The addresses, numbers or ids of a lead beside the main one; an id after the system that gave it out."""
    kind = BY_CODE[BY_CODE[code].beside].key
    keys = OtherKey.objects.filter(lead=OuterRef("pk"), kind=kind).order_by("pk")
    if kind == Key.EXTERNAL_ID:
        return ArraySubquery(keys.values_list(Concat("system", Value(" "), "value")))
    return ArraySubquery(keys.values("value"))


def _rows(leads, columns):
    paths = list(dict.fromkeys(["pk", *(source for column in columns for source in column.sources)]))
    cells = [(itemgetter(*map(paths.index, column.sources)), column.cell) for column in columns]
    last = 0
    while True:
        chunk = list(leads.filter(pk__gt=last).order_by("pk").values_list(*paths)[:CHUNK])
        for row in chunk:
            yield [cell(given(row)) for given, cell in cells]
        if len(chunk) < CHUNK:
            return
        last = chunk[-1][0]
