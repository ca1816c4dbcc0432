"""Rows of a file as people: each cell cleaned by its column's plan, each fault told by row and column. No queries."""

from typing import NamedTuple

from capture.importing import cleaning
from capture.importing.cleaning import CONTROL, BadCell
from capture.importing.reading import Broken
from leads.csv_export import restore
from leads.fields import BY_CODE, FIELDS, Key, ValueType
from leads.fields.spelling import Spellings
from leads.intake import keys

# Cells that repeat are cleaned once; above this many different ones a column is not of that kind.
CACHE_SIZE = 20_000
MESSAGE_LIMIT = 300
# Nearly every cell of these is another one.
_UNIQUE = frozenset(field.code for field in FIELDS if field.key and field.fact != "Name")
_EMPTY_SALESFORCE_ID = "000000000000000AAA"


class Row(NamedTuple):
    """A row of the file. `values`: code to cleaned value; `fields`: custom field to stored value; `problems`:
    (column name, message) pairs; `rejected`: why the row is left out, or ""; `raw`: its cells, kept where it has
    problems."""

    number: int
    values: dict
    fields: dict
    problems: list
    rejected: str
    raw: list | None


class RowCleaner:
    """Turns rows into Rows by a plan, a chunk at a time: column by column, because cells repeat and rows do not."""

    def __init__(self, plan, width, *, phone_region, not_answered=(), sources=None, campaigns=None):
        self.width = width
        self.phone_region = phone_region
        self.unmailable = plan.unmailable
        self.row_number = plan.row_number
        self.unanswered = frozenset(word.casefold() for word in (*not_answered, *plan.not_answered))
        lookups = {"source": (sources or Spellings(), "sources"), "campaign": (campaigns or Spellings(), "campaigns")}
        self.columns = [(column, {"": None}, _cleaner(column, plan, lookups)) for column in plan.columns]

    def clean(self, first_number, rows):
        """The Rows for a list of rows as they stand in the file (cells or Broken), numbered from `first_number`."""
        problems = [[] for _ in rows]
        by_column = list(zip(*self._even(rows, problems), strict=True))
        people, fields, phones, emails = {}, {}, [], []
        for column, cache, clean in self.columns:
            values = self._clean_column(by_column[column.index], column, cache, clean, problems)
            if column.target == "phone" and not column.is_custom:
                phones.append((column.name, values))
                continue
            group = fields if column.is_custom else people
            known = group.get(column.target)
            if known is not None:
                if column.target == "email" and not column.is_custom:
                    emails.append((column.name, values))
                join = _joined_tags if column.target == "tags" else _first_given
                values = list(map(join, known, values))
            group[column.target] = values
        return [
            self._row(first_number + place, rows[place], values, stored, numbers, addresses, problems[place])
            for place, (values, stored, numbers, addresses) in enumerate(
                zip(
                    _as_dicts(people, len(rows)),
                    _as_dicts(fields, len(rows)),
                    _alternatives(phones, len(rows)),
                    _alternatives(emails, len(rows)),
                    strict=True,
                )
            )
        ]

    def _even(self, rows, problems):
        """The rows, all as wide as the header."""
        width = self.width
        even = []
        for place, cells in enumerate(rows):
            if len(cells) != width or type(cells) is Broken:
                if type(cells) is Broken:
                    cells = [""] * width
                else:
                    self._note_width(cells, problems[place])
                    cells = [*cells[:width], *[""] * (width - len(cells))]
            even.append(cells)
        return even

    def _clean_column(self, cells, column, cache, clean, problems):
        if len(cache) > CACHE_SIZE:
            cache.clear()
            cache[""] = None
        is_bad = False
        for raw in set(cells).difference(cache):
            cache[raw] = value = self._clean_cell(raw, clean)
            is_bad = is_bad or type(value) is BadCell
        values = list(map(cache.__getitem__, cells))
        if is_bad or BadCell in set(map(type, values)):
            for place, value in enumerate(values):
                if type(value) is BadCell:
                    problems[place].append((column.name, value.message[:MESSAGE_LIMIT]))
                    values[place] = value.kept
        if column.target in _UNIQUE and not column.is_custom:
            cache.clear()
            cache[""] = None
        return values

    def _row(self, number, cells, values, fields, phones, emails, problems):
        if type(cells) is Broken:
            return Row(number, {}, {}, [("", cells.message)], cells.message, [cells.text[:1000]])
        if "full_name" in values:
            name = values.pop("full_name")
            if "first_name" not in values and "last_name" not in values:
                values["first_name"], values["last_name"] = name
        if phones:
            self._take_phones(phones, values, problems)
        for _, (address, key) in emails:
            _add_other(values, Key.EMAIL, key, address, values["email"][1])
        if self.row_number:
            values["external_id"] = str(number)
        if self.unmailable:
            values["do_not_email"] = True
        rejected = self._finish(values, cells)
        if rejected:
            problems.append(("", rejected))
        return Row(number, values, fields, problems, rejected, cells if problems else None)

    def _clean_cell(self, raw, clean):
        text = raw.strip()
        bad = ""
        if not text.isascii() or not text.isprintable():
            bare = CONTROL.sub("", text)
            if bare != text:
                bad = "Characters that cannot be read or printed were left out."
                text = bare.strip()
        if text[:1] == "'":
            text = restore(text)
        if not text or text.casefold() in self.unanswered:
            return BadCell(bad) if bad else None
        try:
            value = clean(text)
        except BadCell as problem:
            # Anew, because the one raised holds on to its whole stack.
            return BadCell(problem.message, problem.kept)
        return BadCell(bad, value) if bad else value

    def _take_phones(self, phones, values, problems):
        """The first number that can be dialled is the main one; those behind it stand beside it."""
        region = cleaning.region_of(values["country"]) if "country" in values else None
        for name, raw in phones:
            main = values.get("phone_key")
            try:
                phone, key = cleaning.phone(raw, region, self.phone_region)
            except BadCell as problem:
                if main:
                    continue
                problems.append((name, problem.message[:MESSAGE_LIMIT]))
                if problem.kept is None:
                    continue
                phone, key = problem.kept
            if main:
                _add_other(values, Key.PHONE, key, phone[:50], main)
            elif key or "phone" not in values:
                values["phone"], values["phone_key"] = phone[:50], key

    def _finish(self, values, cells):
        """Adds the keys a person is matched by; returns why the row cannot be taken, or ""."""
        if values.pop("deleted", None):
            return "The record is marked as deleted."
        address = values.pop("email", None)
        if address:
            values["email"], values["email_key"] = address
        if values.pop("mail_status", None) or values.pop("mail_bounced", None):
            values["do_not_email"] = True
        first, last = values.get("first_name", ""), values.get("last_name", "")
        if first or last:
            key = keys.name_key(first, last)
            if key:
                values["name_key"] = key
        if "company" in values:
            key = keys.company_key(values["company"])
            if key:
                values["company_key"] = key
            else:
                del values["company"]
        for name in ("first_name", "last_name"):
            if values.get(name) == "":
                del values[name]
        if not ("email_key" in values or "external_id" in values or values.get("phone_key") or "name_key" in values):
            if not any(cell.strip() for cell in cells):
                return "The row is empty."
            return "Nothing tells who this is: no external id, e-mail, phone number or name that can be used."
        return ""

    def _note_width(self, cells, problems):
        size = len(cells)
        if size < self.width:
            if any(cell.strip() for cell in cells):
                problems.append(("", f"The row has {size} cells and the header {self.width}."))
        elif any(cell.strip() for cell in cells[self.width :]):
            problems.append(
                ("", f"The row has {size} cells and the header {self.width}; what stands behind was left out.")
            )


def _add_other(values, kind, key, value, main):
    others = values.setdefault("others", [])
    if key and key != main and all(key != other[2] for other in others):
        others.append((kind.value, "", key, value))


def _first_given(first, second):
    return second if first is None else first


def _joined_tags(first, second):
    return list(dict.fromkeys([*(first or ()), *(second or ())])) or None


def _as_dicts(columns, size):
    """Per row a dict of what is given, from a dict of lists."""
    if not columns:
        return [{} for _ in range(size)]
    names = list(columns)
    return [
        {name: value for name, value in zip(names, row, strict=True) if value is not None}
        for row in zip(*columns.values(), strict=True)
    ]


def _alternatives(columns, size):
    """Per row the given (column name, value) pairs."""
    if not columns:
        return [()] * size
    names = [name for name, _ in columns]
    return [
        [(name, value) for name, value in zip(names, row, strict=True) if value is not None]
        for row in zip(*(values for _, values in columns), strict=True)
    ]


def _cleaner(column, plan, lookups):
    target = column.target
    if column.is_custom:
        return cleaning.stored(column.type, column.answers, column.day_first)
    if target in lookups:
        return cleaning.one_of(*lookups[target])
    return _SIGNS.get(target) or _field_cleaner(BY_CODE[target], column, plan)


def _field_cleaner(field, column, plan):
    match field.key, field.type:
        case Key.EXTERNAL_ID, _:
            return _external_id(plan.id_prefix)
        case Key.EMAIL, _:
            return cleaning.email
        case Key.PHONE, _:
            return str
        case _, ValueType.BOOLEAN:
            return cleaning.flag
        case _, ValueType.DATE:
            return cleaning.date(column.day_first)
        case _, ValueType.LIST:
            return cleaning.tags
        case _, ValueType.NUMBER:
            return _employees if field.code == "employees" else _revenue
    if not field.path:
        return cleaning.full_name
    return cleaning.time_zone if field.code == "time_zone" else cleaning.text(field.model_field.max_length)


def _external_id(prefix):
    def clean(raw):
        value = " ".join((raw.removeprefix(prefix) if prefix else raw).split())
        if len(value) > 100:
            raise BadCell("The external id is longer than 100 characters.")
        return None if value == _EMPTY_SALESFORCE_ID else value

    return clean


def _employees(raw):
    value = cleaning.integer(raw)
    if not 0 <= value < 2**31:
        raise BadCell("The number of employees is out of range.")
    return value


def _revenue(raw):
    value = cleaning.number(raw)
    if not abs(value) < 1e13:
        raise BadCell("The revenue is out of range.")
    return value


_SIGNS = {"deleted": cleaning.flag, "mail_status": cleaning.mail_status, "mail_bounced": cleaning.anything}
