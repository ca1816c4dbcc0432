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
from leads.conditions.operators import FILLING, OPERATORS, OPS_OF_TYPE, PAYLOAD_OPS, RANK_OPS, SEEN_OPS, ValueType
from leads.enums import Disposition, FieldType, Grade, Side, Stage
from leads.models import Campaign, FieldDefinition, Source
from team.models import Pool, User

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

    choices: (value, label) pairs of a closed list, in rank order when `ordered`. can_be_empty: there may be no value.
    past_only: stamped by the machine, so never in the future. column: of Lead, of Company, or the foreign key.
    dimension: the rating dimension of an answer, or "". inactive fields stay valid and are no longer offered.
    """

    code: str
    label: str
    type: ValueType
    origin: Origin = Origin.COLUMN
    column: str = ""
    choices: tuple = ()
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
        # An import may have made a text a list or the other way round; a rule for one has to stay valid for the other.
        free = self.is_custom and self.type == ValueType.CHOICE
        known = OPS_OF_TYPE[ValueType.TEXT if free else self.type]
        if self.past_only:
            known = tuple(op for op in known if op != "next_days")
        return known + (RANK_OPS if self.ordered else ()) + (FILLING if self.can_be_empty else ())

    def choice(self, word):
        """The value of the closed list that `word` names: exact for built-in lists, any case for custom ones; None."""
        values = [value for value, _ in self.choices]
        if word in values or not self.is_custom:
            return word if word in values else None
        return next((value for value in values if value.casefold() == word.casefold()), None)


def _text(code, label, group="Person", **more):
    return Field(code, label, ValueType.TEXT, column=code, group=group, **more)


def _choice(code, label, enum, **more):
    return Field(code, label, ValueType.CHOICE, column=code, choices=tuple(enum.choices), group="Lifecycle", **more)


def _stamp(code, label, *, can_be_empty=False):
    return Field(
        code, label, ValueType.DATETIME, column=code, can_be_empty=can_be_empty, past_only=True, group="Lifecycle"
    )


def _of_company(code, label, kind, column):
    return Field(code, label, kind, origin=Origin.COMPANY, column=column, group="Company")


# What a reference points to and the column that names it.
REFERENCES = {
    "source": (Source, "code"),
    "campaign": (Campaign, "code"),
    "pool": (Pool, "code"),
    "owner": (User, "email"),
}


def _reference(code, label, group):
    return Field(code, label, ValueType.REFERENCE, origin=Origin.REFERENCE, column=f"{code}_id", group=group)


# The lowest first, because at least B means B or better.
_GRADES = tuple(reversed(Grade.choices))

BUILT_IN = {
    built_in.code: built_in
    for built_in in (
        _text("first_name", "First name"),
        _text("last_name", "Last name"),
        Field("full_name", "Full name", ValueType.TEXT, origin=Origin.NAME, group="Person"),
        _text("email", "E-mail"),
        _text("phone", "Phone"),
        _text("job_title", "Job title"),
        _text("street", "Street"),
        _text("city", "City"),
        _text("region", "State/region"),
        _text("postal_code", "Postal code"),
        _text("country", "Country"),
        _text("website", "Website"),
        _text("time_zone", "Time zone"),
        Field("tags", "Tags", ValueType.LIST, column="tags", group="Person"),
        *(
            Field(code, label, ValueType.BOOLEAN, column=code, can_be_empty=False, group="Person")
            for code, label in (
                ("do_not_email", "Do not e-mail"),
                ("do_not_call", "Do not call"),
                ("do_not_post", "Do not send post"),
            )
        ),
        _of_company("company", "Company", ValueType.TEXT, "name"),
        _of_company("industry", "Industry", ValueType.TEXT, "industry"),
        _of_company("employees", "Employees", ValueType.NUMBER, "employees"),
        _of_company("annual_revenue", "Annual revenue", ValueType.NUMBER, "annual_revenue"),
        _reference("source", "Source", "Lifecycle"),
        _reference("campaign", "First campaign", "Lifecycle"),
        _choice("stage", "Stage", Stage, ordered=True, can_be_empty=False),
        _stamp("stage_since", "In this stage since"),
        _choice("disposition", "Disposition", Disposition, can_be_empty=False),
        _text("disposition_reason", "Reason of the disposition", "Lifecycle"),
        Field("recycle_on", "Recycled until", ValueType.DATE, column="recycle_on", group="Lifecycle"),
        Field("contract_on", "Contract signed on", ValueType.DATE, column="contract_on", group="Lifecycle"),
        Field("first_paid_on", "First payment on", ValueType.DATE, column="first_paid_on", group="Lifecycle"),
        _choice("side", "Side", Side, can_be_empty=False),
        _reference("owner", "Owner", "Lifecycle"),
        _reference("pool", "Pool", "Lifecycle"),
        replace(_choice("grade", "Grade", Grade, ordered=True), choices=_GRADES),
        Field("score", "Score", ValueType.NUMBER, column="score", can_be_empty=False, group="Lifecycle"),
        _stamp("scored_at", "Scored at", can_be_empty=True),
        _stamp("created_at", "Created at"),
        _stamp("changed_at", "Changed at"),
        Field("id", "Lead number", ValueType.NUMBER, column="id", can_be_empty=False, group="Lifecycle"),
        _text("external_system", "External system", "Lifecycle"),
        _text("external_id", "External id", "Lifecycle"),
    )
}

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
    words = definition.choices if isinstance(definition.choices, list) else []
    return Field(
        code=definition.code,
        label=definition.label or definition.code,
        type=_CUSTOM_TYPES[definition.type],
        origin=Origin.CUSTOM,
        choices=tuple((word, word) for word in words if isinstance(word, str)),
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
        """The vocabulary of the built-in fields and these FieldDefinitions; a built-in code cannot be taken over."""
        custom = {item.code: _custom(item) for item in definitions if item.type in _CUSTOM_TYPES}
        return cls(MappingProxyType(custom | BUILT_IN))

    @classmethod
    def load(cls):
        """The vocabulary of the database, in one query."""
        return cls.of(FieldDefinition.objects.order_by("position", "label", "code"))

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
