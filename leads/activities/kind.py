"""What there is to say about a kind of activity."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from django.db import models


class Chip(models.TextChoices):
    """The filter chips of the timeline; every kind is under exactly one."""

    CONTACT = "contact", "Contact"
    MARKETING = "marketing", "Marketing"
    CHANGES = "changes", "Changes"
    SYSTEM = "system", "System"


class Trait(Enum):
    """What the program concludes from an activity of a kind."""

    # A person reached out to a person: it counts as having worked the lead.
    CONTACT = auto()
    # Brings a lead back to sales after a hand-over has ended: she did something, or somebody talked to her.
    SIGNAL = auto()
    # She asks for something: it ends a recycling time before its date.
    ASKING = auto()
    # What she did, or what was done to reach her, as against what the program noted: receipts name the last ones.
    TOUCH = auto()
    # The program writes it by itself, without an actor, about everybody: no sign that somebody has worked the lead.
    AUTOMATIC = auto()
    # Scoring itself makes it: scoring rules cannot count it, and one more asks for no new score.
    UNSCORED = auto()


class Words(NamedTuple):
    """An activity in words, without markup: a line, and what was said, written or changed, which may be empty."""

    title: str
    text: str = ""


@dataclass(frozen=True)
class FieldWords:
    """How fields are spoken of: the label of a code, and a value under it as a person reads it.

    `value` takes the versions of the labels that were in force, {code of an answer: version}, or None for a row from
    before there were any. `lacks` takes conditions that somebody did not meet, and gives a phrase for each.
    """

    label: Callable[[str], str]
    value: Callable[[str, object, dict[str, int] | None], str]
    lacks: Callable[[list], list[str]]


# What people wrote or what a page, a mail or a file is called, in the order in which it is told.
TOLD = ("title", "subject", "form", "name", "url", "link", "file", "reason", "note", "text")


def plain(kind: "Kind", payload: dict, fields: FieldWords) -> Words:
    """The name of the kind, and whatever text the payload holds."""
    told = (payload.get(key) for key in TOLD)
    return Words(kind.label, "\n".join(text for text in told if text and isinstance(text, str)))


@dataclass(frozen=True)
class Kind:
    """`code` is what is stored. `one` and `many` stand within a sentence, `composer` on the button that logs one.

    `says` turns a payload, of today or of any day before, into `Words`; it is given the kind, the payload and
    `FieldWords`.
    """

    code: str
    label: str
    one: str
    many: str
    icon: str
    chip: Chip
    traits: tuple[Trait, ...] = ()
    says: Callable[["Kind", dict, FieldWords], Words] = plain
    composer: str = ""
    in_conditions: bool = True
