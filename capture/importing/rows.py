"""Rows of a file as people: each cell cleaned by its column's plan, each fault told by row and column. No queries."""

import dataclasses
import itertools
from typing import NamedTuple

from capture.importing import cleaning
from capture.importing.cleaning import CONTROL, BadCell, Undiallable
from capture.importing.reading import Broken
from leads.csv_export import restore
from leads.fields import BY_CODE, FIELDS, Key, Merge, ValueType
from leads.fields.spelling import Spellings
from leads.intake import keys
from leads.intake.people import ATTRIBUTES, Other, Person

# Cells that repeat are cleaned once; above this many different ones a column is not of that kind.
CACHE_SIZE = 20_000
MESSAGE_LIMIT = 300
_UNIQUE = frozenset(field.code for field in FIELDS if field.key and field.fact != "Name")
_EMPTY_SALESFORCE_ID = "000000000000000AAA"
_COMPANY_FACTS = frozenset(field.code for field in FIELDS if field.merge == Merge.FILLS_COMPANY)
# What of a Person a target fills that is called otherwise.
_ATTRIBUTES = {field.code: field.column for field in FIELDS if field.merge == Merge.FILLS}
_BLANK = {attribute.name: attribute.default for attribute in dataclasses.fields(Person)}


class Row(NamedTuple):
    """A row of the file: whom it tells of, the key of her company and facts of it by code; `problems`: (column name,
    message) pairs; `rejected`: why the row is left out, or ""; `raw`: its cells, kept where it has problems."""

    number: int
    person: Person
    company_key: str
    company_facts: dict
    problems: list
    rejected: str
    raw: list | None


class _Cells:
    """A column of the file: how its cells are cleaned, what an empty one is, and which have been cleaned already."""

    def __init__(self, column, clean):
        self.column = column
        self.clean = clean
        self.blank = _blank(column)
        # Nearly every cell of these is another one.
        self.is_unique = column.target in _UNIQUE and not column.is_custom
        self.forget()

    def forget(self):
        self.cache = {"": self.blank}
        return self.cache


class _Given:
    """What the columns of a file give for each row of a chunk: lists as long as the chunk.

    people: attribute of Person, or one of mapping.SIGNS, to list. fields, facts: custom fields and facts of companies
    by code, None where nothing is given. phones: (column name, texts) of all columns of that kind. emails: the
    (address, key) pairs of all further ones.
    """

    def __init__(self, size):
        self.size = size
        self.people, self.fields, self.facts, self.phones, self.emails = {}, {}, {}, [], []

    def add(self, column, values):
        target = column.target
        if column.is_custom:
            self.join(self.fields, target, values, _first_given)
        elif target == Key.PHONE:
            self.phones.append((column.name, values))
        elif target in _COMPANY_FACTS:
            self.join(self.facts, target, values, _first_given)
        elif target == "tags":
            self.join(self.people, target, values, _joined_tags)
        else:
            if target == Key.EMAIL and target in self.people:
                self.emails.append(values)
            self.join(self.people, _ATTRIBUTES.get(target, target), values, _first_filled)

    def join(self, group, name, values, join):
        group[name] = list(map(join, group[name], values)) if name in group else values

    def of(self, name):
        """The values of an attribute of Person, blank where no column gives it."""
        return self.people[name] if name in self.people else [""] * self.size


class RowCleaner:
    """Turns rows into Rows by a plan, a chunk at a time: column by column, because cells repeat and rows do not."""

    def __init__(self, plan, width, *, phone_region, not_answered=(), sources=None, campaigns=None):
        self.width = width
        self.phone_region = phone_region
        self.unmailable = plan.unmailable
        self.row_number = plan.row_number
        self.unanswered = frozenset(word.casefold() for word in (*not_answered, *plan.not_answered))
        lookups = {"source": (sources or Spellings(), "sources"), "campaign": (campaigns or Spellings(), "campaigns")}
        self.columns = [_Cells(column, _cleaner(column, plan, lookups)) for column in plan.columns]

    def clean(self, first_number, rows):
        """The Rows for a list of rows as they stand in the file (cells or Broken), numbered from `first_number`."""
        problems = [[] for _ in rows]
        by_column = list(zip(*self._even(rows, problems), strict=True))
        given = _Given(len(rows))
        for cells in self.columns:
            given.add(cells.column, self._clean_column(by_column[cells.column.index], cells, problems))
        deleted = given.people.pop("deleted", None) or itertools.repeat(False)
        company_keys = self._complete(given, first_number, problems)
        people = map(Person, *(given.people.get(name) or itertools.repeat(_BLANK[name]) for name in ATTRIBUTES))
        facts = _as_dicts(given.facts, len(rows))
        return list(map(_row, itertools.count(first_number), rows, people, company_keys, facts, deleted, problems))

    def _complete(self, given, first_number, problems):
        """Puts the columns together to what a Person has; returns the keys of the companies."""
        people, size = given.people, given.size
        if names := people.pop("full_name", None):
            names = [
                (first, last) if first or last else whole or ("", "")
                for whole, first, last in zip(names, given.of("first_name"), given.of("last_name"), strict=True)
            ]
            people["first_name"], people["last_name"] = zip(*names, strict=True)
        people["name_key"] = list(map(keys.name_key, given.of("first_name"), given.of("last_name")))
        if addresses := people.pop("email", None):
            people["email"], people["email_key"] = zip(*(pair or ("", "") for pair in addresses), strict=True)
        if given.phones:
            self._take_phones(given, problems)
        if given.emails:
            others = people.get("others") or [()] * size
            further = zip(*given.emails, strict=True)
            people["others"] = list(map(_with_emails, others, further, people["email_key"]))
        for sign in ("mail_status", "mail_bounced"):
            if sign in people:
                given.join(people, "do_not_email", people.pop(sign), _first_filled)
        if self.unmailable:
            people["do_not_email"] = [True] * size
        if self.row_number:
            people["external_id"] = [str(first_number + place) for place in range(size)]
        people["fields"] = _as_dicts(given.fields, size)
        known = {name: keys.company_key(name) for name in set(given.of("company"))}
        people["company"] = [name if known[name] else "" for name in given.of("company")]
        return [known[name] for name in given.of("company")]

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

    def _clean_column(self, texts, cells, problems):
        name, cache, blank = cells.column.name, cells.cache, cells.blank
        if len(cache) > CACHE_SIZE:
            cache = cells.forget()
        is_bad = False
        for raw in set(texts).difference(cache):
            value = self._clean_cell(raw, cells.clean)
            cache[raw] = value = blank if value is None else value
            is_bad = is_bad or type(value) is BadCell
        values = list(map(cache.__getitem__, texts))
        if is_bad or BadCell in set(map(type, values)):
            for place, value in enumerate(values):
                if type(value) is BadCell:
                    problems[place].append((name, value.message[:MESSAGE_LIMIT]))
                    values[place] = blank if value.kept is None else value.kept
        if cells.is_unique:
            cells.forget()
        return values

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
            value = cleaning.read(clean, text)
        except BadCell as problem:
            # Anew, because the one raised holds on to its whole stack.
            return BadCell(problem.message, problem.kept)
        return BadCell(bad, value) if bad else value

    def _take_phones(self, given, problems):
        """Puts the numbers of all columns in the place of a main one and others beside it."""
        people = given.people
        rows = zip(_alternatives(given.phones, given.size), given.of("country"), problems, strict=True)
        found = [self._phones_of(*row) if row[0] else ("", "", ()) for row in rows]
        people["phone"], people["phone_key"], people["others"] = zip(*found, strict=True)

    def _phones_of(self, cells, country, problems):
        """(main number, its key, others): of what cannot be dialled, one is kept where nothing can, and nobody is found
        by it."""
        region = cleaning.region_of(country) if country else None
        numbers, undiallable = {}, []
        for name, raw in cells:
            try:
                number, key = cleaning.read(cleaning.phone, raw, region, self.phone_region)
            except Undiallable as problem:
                undiallable.append((name, problem))
                continue
            except BadCell as problem:
                problems.append((name, problem.message[:MESSAGE_LIMIT]))
                if problem.kept is None:
                    continue
                number, key = problem.kept
            numbers.setdefault(key, number[:50])
        for place, (name, problem) in enumerate(undiallable):
            message = problem.left_out if numbers or place else problem.message
            problems.append((name, message[:MESSAGE_LIMIT]))
        if not numbers:
            return undiallable[0][1].kept[0] if undiallable else "", "", ()
        (key, number), *others = numbers.items()
        return number, key, tuple(Other(Key.PHONE.value, "", key, number) for key, number in others)

    def _note_width(self, cells, problems):
        size = len(cells)
        if size < self.width:
            if any(cell.strip() for cell in cells):
                problems.append(("", f"The row has {size} cells and the header {self.width}."))
        elif any(cell.strip() for cell in cells[self.width :]):
            problems.append(
                ("", f"The row has {size} cells and the header {self.width}; what stands behind was left out.")
            )


def _row(number, cells, person, company_key, facts, is_deleted, problems):
    if type(cells) is Broken:
        return Row(number, person, "", {}, [("", cells.message)], cells.message, [cells.text[:1000]])
    rejected = "The record is marked as deleted." if is_deleted else _why_nobody(person, cells)
    if rejected:
        problems.append(("", rejected))
    return Row(number, person, company_key, facts, problems, rejected, cells if problems else None)


def _why_nobody(person, cells):
    """Why the row cannot be taken, or ""."""
    if person.email_key or person.external_id or person.phone_key or person.name_key:
        return ""
    if not any(cell.strip() for cell in cells):
        return "The row is empty."
    return "Nothing tells who this is: no external id, e-mail, phone number or name that can be used."


def _with_emails(others, addresses, main):
    """The others of a row with further addresses, (address, key) pairs, that are not the main one."""
    for address, key in filter(None, addresses):
        if key != main and all(key != other.key for other in others):
            others = (*others, Other(Key.EMAIL.value, "", key, address))
    return others


def _blank(column):
    """What a cell that says nothing stands for."""
    if column.is_custom or column.target in _COMPANY_FACTS or column.target in {Key.EMAIL, Key.PHONE}:
        return None
    return _BLANK.get(_ATTRIBUTES.get(column.target, column.target), False)


def _first_given(first, second):
    return second if first is None else first


def _first_filled(first, second):
    return first or second


def _joined_tags(first, second):
    return list(dict.fromkeys([*first, *second]))


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
    if field.code == "company":
        return cleaning.company(field.model_field.max_length)
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
