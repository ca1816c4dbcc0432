"""Which fields a condition may name: the registered ones and every FieldDefinition."""

import difflib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from leads.activities import all_kinds
from leads.conditions import grammar
from leads.conditions.field import Field, Stored
from leads.conditions.operators import OPERATORS, PAYLOAD_OPS, PAYLOAD_TYPES, SEEN_OPS
from leads.conditions.references import References, referred_by
from leads.conditions.registry import registered
from leads.enums import FieldType
from leads.fields import ValueType
from leads.models import FieldDefinition
from team.models import Workspace

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


@dataclass(frozen=True)
class Vocabulary:
    """Every field by code. Immutable: load one per request or task and pass it on.

    known_references, known_zone: what `references` and `zone` are, where that is not to be asked of the database.
    """

    fields: MappingProxyType = field(default_factory=lambda: MappingProxyType(registered()))
    known_references: Mapping[str, References] | None = None
    known_zone: str = ""

    @classmethod
    def of(cls, definitions, *, references=None, zone=""):
        """The vocabulary of the registered fields and these FieldDefinitions, loaded with_answers.

        A registered code cannot be taken over.
        """
        custom = {item.code: _custom(item) for item in definitions if item.type in _CUSTOM_TYPES}
        return cls(MappingProxyType(custom | registered()), references, zone)

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

    @cached_property
    def references(self) -> Mapping[str, References]:
        """What each reference may name, by the code of the field. One query, when it is first asked for.

        A condition that is stored names ids, so that to run it needs no names.
        """
        if self.known_references is not None:
            return self.known_references
        return referred_by(each for each in self.fields.values() if each.type == ValueType.REFERENCE)

    @cached_property
    def zone(self) -> str:
        """The IANA zone whose calendar days conditions mean: the workspace's. One query, when it is first asked for."""
        return self.known_zone or Workspace.objects.current().time_zone

    def _choices(self, each):
        return self.references[each.code].choices if each.type == ValueType.REFERENCE else each.choices

    def as_json(self):
        """What the condition editor needs to know, as plain JSON values.

        {"fields": [{code, label, type, group, ops, choices: [{value, label}], active}],
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
                    "choices": [{"value": value, "label": label} for value, label in self._choices(each)],
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
