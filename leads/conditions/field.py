"""What a condition may test: a field, and where its value stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from leads.conditions.operators import FILLING, OPS_OF_TYPE, RANK_OPS
from leads.fields import ValueType
from leads.fields.answers import NO_ANSWERS, Answers, NoAnswer


class Column(NamedTuple):
    """In a column of Lead."""

    name: str


class Joined(NamedTuple):
    """In two text columns of Lead, a space between."""

    first: str
    second: str


class Reason(NamedTuple):
    """In the words made from two columns of Lead: a reason, and the facts of one that is a code."""

    name: str
    facts: str


class Related(NamedTuple):
    """In a column of the row that a foreign key of Lead points to."""

    key: str
    name: str


class Stored(NamedTuple):
    """In Lead.fields under this key: a field that an admin added."""

    key: str


class Rows(NamedTuple):
    """In a column of the rows of `model` ("app.Model") that point to the lead; one that meets the test is enough.

    only: lookups of the model and their values, for the rows that are looked at. lead: the column that points.
    """

    model: str
    name: str
    only: Mapping = MappingProxyType({})
    lead: str = "lead_id"


@dataclass(frozen=True)
class Field:
    """One field of the language.

    choices: (value, label) pairs of a closed list, in rank order when `ordered`. answers: those of an own field, by
    which `choices` are found, too. can_be_empty: there may be no value.
    past_only: stamped by the machine, so never in the future. depends_on: codes of the fields that the program makes
    this one from. dimension: the rating dimension of an answer, or "". inactive fields stay valid and are no longer
    offered.
    """

    code: str
    label: str
    type: ValueType
    origin: Column | Joined | Reason | Related | Stored | Rows
    choices: tuple = ()
    answers: Answers = NO_ANSWERS
    ordered: bool = False
    can_be_empty: bool = True
    past_only: bool = False
    depends_on: frozenset[str] = field(default=frozenset())
    dimension: str = ""
    is_active: bool = True
    group: str = "Person"

    @property
    def is_custom(self):
        return isinstance(self.origin, Stored)

    @property
    def ops(self):
        """The codes of the operators this field knows."""
        known = OPS_OF_TYPE[self.type]
        if self.past_only:
            known = tuple(op for op in known if op != "next_days")
        return known + (RANK_OPS if self.ordered else ()) + (FILLING if self.can_be_empty else ())

    def choice(self, word):
        """The value of the closed list that `word` names: of an answer its code or its label. Raises NoAnswer."""
        if self.is_custom:
            return self.answers.find(word).code
        if word not in dict(self.choices):
            raise NoAnswer(f"{word} is none of the answers.")
        return word
