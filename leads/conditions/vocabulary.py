"""Which fields a condition may name: the built-in ones and every FieldDefinition."""

import difflib
from collections import Counter
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

from django.db.models import CharField, F, Value

from leads.activities import all_kinds
from leads.conditions import grammar
from leads.conditions.operators import FILLING, OPERATORS, OPS_OF_TYPE, PAYLOAD_OPS, RANK_OPS, SEEN_OPS
from leads.enums import FieldType
from leads.fields import FIELDS, ValueType
from leads.fields.answers import NO_ANSWERS, Answers, NoAnswer
from leads.models import FieldDefinition, Lead

SUGGESTIONS = 200


class Origin(StrEnum):
    """Where a value stands: a column of Lead, its name in two columns, Company, a row that Lead points to, jsonb."""

    COLUMN = "column"
    NAME = "name"
    COMPANY = "company"
    REFERENCE = "reference"
    CUSTOM = "custom"


@dataclass(frozen=True)
class Field:
    """One field of the language.

    choices: (value, label) pairs of a closed list, in rank order when `ordered`. answers: those of an own field, by
    which `choices` are found, too. can_be_empty: there may be no value.
    past_only: stamped by the machine, so never in the future. column: of Lead, of Company, or the foreign key.
    dimension: the rating dimension of an answer, or "". inactive fields stay valid and are no longer offered.
    """

    code: str
    label: str
    type: ValueType
    origin: Origin = Origin.COLUMN
    column: str = ""
    choices: tuple = ()
    answers: Answers = NO_ANSWERS
    ordered: bool = False
    can_be_empty: bool = True
    past_only: bool = False
    dimension: str = ""
    is_active: bool = True
    group: str = "Person"
    suggestions: tuple = ()

    @property
    def is_custom(self):
        return self.origin == Origin.CUSTOM

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


def _built_in(field):
    origin, column = Origin.COLUMN, field.path
    if not field.path:
        origin = Origin.NAME
    elif field.of_company:
        origin, column = Origin.COMPANY, field.path.removeprefix("company__")
    elif field.type == ValueType.REFERENCE:
        origin, column = Origin.REFERENCE, f"{field.code}_id"
    return Field(
        field.code,
        field.label,
        field.type,
        origin=origin,
        column=column,
        choices=field.choices,
        ordered=field.ordered,
        can_be_empty=field.can_be_empty,
        past_only=field.past_only,
        group=field.group,
    )


def _pointed_to(field):
    """The model that a reference points to, and the column that names a row of it."""
    _, column = field.path.split("__")
    return Lead._meta.get_field(field.code).related_model, column


BUILT_IN = {field.code: _built_in(field) for field in FIELDS}
REFERENCES = {field.code: _pointed_to(field) for field in FIELDS if field.type == ValueType.REFERENCE}

_CUSTOM_TYPES = {
    FieldType.TEXT: ValueType.TEXT,
    FieldType.INTEGER: ValueType.NUMBER,
    FieldType.NUMBER: ValueType.NUMBER,
    FieldType.BOOLEAN: ValueType.BOOLEAN,
    FieldType.DATE: ValueType.DATE,
    FieldType.DATETIME: ValueType.DATETIME,
    FieldType.CHOICE: ValueType.CHOICE,
    FieldType.CHOICES: ValueType.LIST,
}


def _custom(definition):
    answers = definition.answer_list
    # What is still offered comes first: an editor starts with it.
    ordered = sorted(answers.choices, key=lambda choice: choice.is_retired)
    return Field(
        code=definition.code,
        label=definition.label or definition.code,
        type=_CUSTOM_TYPES[definition.type],
        origin=Origin.CUSTOM,
        choices=tuple((each.code, f"{each.label} (retired)" if each.is_retired else each.label) for each in ordered),
        answers=answers,
        dimension=definition.dimension,
        is_active=definition.is_active,
        group="Rating answers" if definition.dimension else "Own fields",
    )


@dataclass(frozen=True)
class Vocabulary:
    """Every field by code. Immutable: load one per request or task and pass it on."""

    fields: MappingProxyType = field(default_factory=lambda: MappingProxyType(dict(BUILT_IN)))

    @classmethod
    def of(cls, definitions):
        """The vocabulary of the built-in fields and these FieldDefinitions, loaded with_answers.

        A built-in code cannot be taken over.
        """
        custom = {item.code: _custom(item) for item in definitions if item.type in _CUSTOM_TYPES}
        return cls(MappingProxyType(custom | BUILT_IN))

    @classmethod
    def load(cls):
        """The vocabulary of the database, in one query."""
        return cls.of(FieldDefinition.objects.with_answers().order_by("position", "label", "code"))

    def get(self, code):
        """The Field of a code, or None."""
        return self.fields.get(code)

    def nearest(self, code):
        """The known code that `code` is most probably meant to be, or "" when none is near."""
        return next(iter(difflib.get_close_matches(code[:60], self.fields, n=1)), "")

    @cached_property
    def shared_labels(self):
        """The codes of the own fields whose label another field has too, whatever its case."""
        times = Counter(each.label.casefold() for each in self.fields.values())
        return {each.code for each in self.fields.values() if each.is_custom and times[each.label.casefold()] > 1}

    def with_suggestions(self):
        """The same fields with up to SUGGESTIONS codes per reference for the editor to offer, in one query."""
        parts = [
            model.objects.order_by(column)
            .annotate(of_field=Value(code, output_field=CharField()), word=F(column))
            .values_list("of_field", "word")[:SUGGESTIONS]
            for code, (model, column) in REFERENCES.items()
        ]
        words = {}
        for code, word in parts[0].union(*parts[1:], all=True):
            words.setdefault(code, []).append(word)
        offered = {code: replace(self.fields[code], suggestions=tuple(words.get(code, ()))) for code in REFERENCES}
        return Vocabulary(MappingProxyType(dict(self.fields) | offered))

    def as_json(self):
        """What the condition editor needs to know, as plain JSON values.

        {"fields": [{code, label, type, group, ops, choices: [{value, label}], suggestions, active}],
        "ops": {code: {label, takes}}, "activities": {kinds: [{value, label}], payload_ops, seen_ops}, "limits": {...}}
        """
        return {
            "fields": [
                {
                    "code": each.code,
                    "label": f"{each.label} ({each.code})" if each.code in self.shared_labels else each.label,
                    "type": each.type.value,
                    "group": each.group,
                    "ops": list(each.ops),
                    "choices": [{"value": value, "label": label} for value, label in each.choices],
                    "suggestions": list(each.suggestions),
                    "active": each.is_active,
                }
                for each in self.fields.values()
            ],
            "ops": {code: {"label": op.label, "takes": op.takes.value} for code, op in OPERATORS.items()},
            "activities": {
                "kinds": [{"value": kind.code, "label": kind.label} for kind in all_kinds() if kind.in_conditions],
                "payload_ops": list(PAYLOAD_OPS),
                "seen_ops": list(SEEN_OPS),
            },
            "limits": {
                "depth": grammar.MAX_DEPTH,
                "days": grammar.MAX_DAYS,
                "count": grammar.MAX_COUNT,
                "text": grammar.MAX_TEXT,
                "list": grammar.MAX_LIST,
            },
        }
