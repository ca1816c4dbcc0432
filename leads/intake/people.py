"""A person on her way in: what is said of her, and the keys she is known by. Pure."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, make_dataclass
from operator import attrgetter
from typing import NamedTuple

from leads import rules
from leads.fields import FIELDS, Key, Merge, ValueType

_TYPES = {
    ValueType.TEXT: "text",
    ValueType.LIST: "varchar[]",
    ValueType.BOOLEAN: "boolean",
    ValueType.DATE: "date",
}
_TAKEN_IN = [each for each in FIELDS if each.path and each.merge not in {None, Merge.FILLS_COMPANY}]
_SQL = {each.column: _TYPES[each.type] if each.column == each.path else "bigint" for each in _TAKEN_IN} | {
    "fields": "jsonb"
}

# The columns of leads_lead that hold what is said of a person, texts first, custom fields last.
TEXTS = (
    *(name for name, sql in _SQL.items() if sql == "text"),
    *dict.fromkeys(each.key_column for each in _TAKEN_IN if each.key_column),
)
# Name to type of those that are no texts.
OTHERS = {name: sql for name, sql in _SQL.items() if sql != "text"}
COLUMNS = (*TEXTS, *OTHERS)

# {column: the code of the field it holds}, without custom fields, which have codes of their own.
CODES = {each.column: each.code for each in _TAKEN_IN}
# The codes of what can be said, answers and all.
SAID = frozenset({*(each.code for each in _TAKEN_IN), "fields"})

_SEARCHED = [each for each in FIELDS if each.is_searched]
# What document_of reads beside `others`: {name in Person: where it is kept, as in Lead.values_list}.
FOUND_BY = {each.code: each.path for each in _SEARCHED} | {
    each.key_column: each.key_column for each in _SEARCHED if each.key == Key.PHONE
}
_words = attrgetter(*(each.code for each in _SEARCHED if each.key != Key.PHONE))

_IN_PYTHON = {
    "text": (str, ""),
    "varchar[]": (Sequence[str], ()),
    "boolean": (bool, False),
    "date": (datetime.date | None, None),
    "bigint": (int | None, None),
    "jsonb": (dict, field(default_factory=dict)),
}
_Columns = make_dataclass(
    "_Columns",
    [(name, *_IN_PYTHON["text"]) for name in TEXTS] + [(name, *_IN_PYTHON[sql]) for name, sql in OTHERS.items()],
    slots=True,
    eq=False,
)


class Other(NamedTuple):
    """An address, a number or an id beside the main one, as a row of OtherKey holds it."""

    kind: str
    system: str
    key: str
    value: str


@dataclass(slots=True, eq=False)
class Person(_Columns):
    """One person by COLUMNS, each blank ("", (), False, None) where nothing is said.

    id: of her lead, None until it has one. company: the name behind company_id, for the words she is found by. Two of
    these are never equal, whatever they hold.
    """

    id: int | None = None
    company: str = ""
    others: Sequence[Other] = ()

    def has(self, kind: str, system: str, key: str) -> bool:
        """Whether she has this key beside her main one."""
        return any((kind, system, key) == other[:3] for other in self.others)


def document_of(person: Person) -> str:
    """The folded words that a person is found by: those of the fields that are searched, main ones and others."""
    others = person.others
    return rules.search_document(
        " ".join([*_words(person), *(other.value for other in others if other.kind == Key.EMAIL)]),
        phone=person.phone,
        phone_key=person.phone_key,
        phone_keys=[other.key for other in others if other.kind == Key.PHONE],
    )


# In the order in which Person takes them.
ATTRIBUTES = tuple(each.name for each in fields(Person))
attributes_of = attrgetter(*ATTRIBUTES)
