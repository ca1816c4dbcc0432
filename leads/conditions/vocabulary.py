"""Which fields a condition may name: the registered ones and every FieldDefinition."""

import difflib
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

from django.db.models import CharField, F, Value

from leads.activities import all_kinds
from leads.conditions import grammar
from leads.conditions.field import Field, Stored
from leads.conditions.operators import OPERATORS, PAYLOAD_OPS, PAYLOAD_TYPES, SEEN_OPS
from leads.conditions.registry import registered
from leads.enums import FieldType
from leads.fields import ValueType
from leads.models import FieldDefinition, Lead
from team.models import User

SUGGESTIONS = 200


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
        origin=Stored(definition.code),
        choices=tuple((each.code, f"{each.label} (retired)" if each.is_retired else each.label) for each in ordered),
        answers=answers,
        dimension=definition.dimension,
        is_active=definition.is_active,
        group="Rating answers" if definition.dimension else "Own fields",
    )


def _offered(model):
    """Its rows but for those that are retired, or can own no leads: a condition that names one keeps it."""
    if model is User:
        return User.objects.active().lead_owners()
    return model.objects.offered() if hasattr(model.objects, "offered") else model.objects.all()


@dataclass(frozen=True)
class Vocabulary:
    """Every field by code. Immutable: load one per request or task and pass it on."""

    fields: MappingProxyType = field(default_factory=lambda: MappingProxyType(registered()))

    @classmethod
    def of(cls, definitions):
        """The vocabulary of the registered fields and these FieldDefinitions, loaded with_answers.

        A registered code cannot be taken over.
        """
        custom = {item.code: _custom(item) for item in definitions if item.type in _CUSTOM_TYPES}
        return cls(MappingProxyType(custom | registered()))

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
        references = [each for each in self.fields.values() if each.type == ValueType.REFERENCE]
        parts = [
            _offered(Lead._meta.get_field(each.origin.key).related_model)
            .order_by(each.origin.name)
            .annotate(of_field=Value(each.code, output_field=CharField()), word=F(each.origin.name))
            .values_list("of_field", "word")[:SUGGESTIONS]
            for each in references
        ]
        words = {}
        for code, word in parts[0].union(*parts[1:], all=True):
            words.setdefault(code, []).append(word)
        offered = {each.code: replace(each, suggestions=tuple(words.get(each.code, ()))) for each in references}
        return Vocabulary(MappingProxyType(dict(self.fields) | offered))

    def as_json(self):
        """What the condition editor needs to know, as plain JSON values.

        {"fields": [{code, label, type, group, ops, choices: [{value, label}], suggestions, active}],
        "ops": {code: {label, takes, closed, compares: types of payload values}}, "activities": {kinds: [{value,
        label}], payload_ops, payload_types: [{value, label}], seen_ops}, "limits": {...}}
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
            "ops": {
                code: {
                    "label": op.label,
                    "takes": op.takes.value,
                    "closed": op.is_closed,
                    "compares": [kind.value for kind in op.compares],
                }
                for code, op in OPERATORS.items()
            },
            "activities": {
                "kinds": [{"value": kind.code, "label": kind.label} for kind in all_kinds() if kind.in_conditions],
                "payload_ops": list(PAYLOAD_OPS),
                "payload_types": [{"value": kind.value, "label": label} for kind, label in PAYLOAD_TYPES.items()],
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
