"""Which fields the language knows beside an admin's. Rooms register theirs while the program starts."""

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

from django.core.exceptions import ImproperlyConfigured

from leads.conditions.field import Column, Field, Joined, Reason, Related, Rows
from leads.enums import SourceKind
from leads.fields import BY_CODE, FIELDS, ValueType, Writer, claim

_FIELDS: dict[str, Field] = {}


def register(*fields: Field) -> None:
    """Makes fields known; ImproperlyConfigured for a code that is taken."""
    for each in fields:
        if each.code in _FIELDS:
            raise ImproperlyConfigured(f"There is a condition field {each.code} already.")
        claim(each.code)
        _FIELDS[each.code] = each


def built_in(code: str, *, depends_on: Iterable[str] = ()) -> Field:
    """A field that every lead has, as conditions read it; the room that writes it registers it."""
    declared = BY_CODE[code]
    head, *points = declared.path.split("__")
    if declared.beside:
        origin = Rows("leads.OtherKey", "value", {"kind": declared.beside})
    elif declared.facts:
        origin = Reason(head, declared.facts)
    elif points:
        origin = Related(head, points[0])
    else:
        origin = Column(head) if head else Joined("first_name", "last_name")
    return Field(
        code,
        declared.label,
        ValueType.TEXT if declared.beside else declared.type,
        origin,
        choices=declared.choices,
        ordered=declared.ordered,
        can_be_empty=declared.can_be_empty,
        past_only=declared.past_only,
        depends_on=frozenset(depends_on),
        group=declared.group,
    )


def registered() -> dict[str, Field]:
    """Every registered field by code, those of the record first."""
    return dict(_FIELDS)


def foundations(code: str) -> frozenset[str]:
    """The codes of all that a field depends on, however far away; nothing for an admin's field."""
    found: set[str] = set()
    left = [code]
    while left:
        each = _FIELDS.get(left.pop())
        new = each.depends_on - found if each else set()
        found |= new
        left += new
    return frozenset(found)


def check_dependencies() -> None:
    """ImproperlyConfigured where a field depends on one that does not exist, or on itself."""
    for each in _FIELDS.values():
        for unknown in sorted(each.depends_on - _FIELDS.keys()):
            raise ImproperlyConfigured(f"The condition field {each.code} depends on {unknown}, and there is none.")
    try:
        TopologicalSorter({each.code: each.depends_on for each in _FIELDS.values()}).prepare()
    except CycleError as error:
        circle = " on ".join(reversed(error.args[1]))
        raise ImproperlyConfigured(f"Condition fields depend on each other: {circle}.") from None


# What scoring and hand-overs write of a lead, their rooms register.
register(*(built_in(field.code) for field in FIELDS if field.writer not in {Writer.SCORING, Writer.HANDOVER}))

# What sources of any installation have in common.
register(
    Field(
        "source_kind",
        "Kind of source",
        ValueType.CHOICE,
        Related("source", "kind"),
        choices=tuple(SourceKind.choices),
        depends_on=frozenset({"source"}),
        group=BY_CODE["source"].group,
    )
)
