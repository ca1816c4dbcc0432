"""Why the program itself moved somebody: a code with its facts, put into words when it is shown.

What a person gives as a reason is text, and stays as she wrote it.
"""

from dataclasses import dataclass, field
from string import Formatter
from typing import NamedTuple


class Part(NamedTuple):
    """Of the words of a reason: text, and the name of the fact that comes after it, or None."""

    text: str
    fact: str | None


_PARTS: dict[str, tuple[Part, ...]] = {}


@dataclass(frozen=True)
class Because:
    """A registered reason. `facts` are numbers, codes, and names as they are at this time."""

    code: str
    facts: dict = field(default_factory=dict)


def register_reason(code: str, words: str) -> None:
    """Says how a reason of this code reads: text with {names of facts} in it.

    Nothing but names stands in the braces, because conditions have PostgreSQL make the same words. ValueError for
    anything else, and for a code that is taken.
    """
    if code in _PARTS:
        raise ValueError(f"There is a reason {code} already.")
    parts = []
    for text, fact, shape, conversion in Formatter().parse(words):
        if shape or conversion or not (fact is None or fact.isidentifier()):
            raise ValueError(f"The reason {code} can have names of facts alone in braces.")
        parts.append(Part(text, fact))
    _PARTS[code] = tuple(parts)


def registered_reasons() -> dict[str, tuple[Part, ...]]:
    """The parts of the words of every reason by its code."""
    return dict(_PARTS)


def reason_words(reason: str, facts: dict | None) -> str:
    """A stored reason as a person reads it; without facts it is somebody's own words, or a sentence of before.

    A fact that is not there is left out.
    """
    if facts is None:
        return reason
    if reason not in _PARTS:
        return forgotten_reason(reason)
    said = ((part.text, facts.get(part.fact)) for part in _PARTS[reason])
    return "".join(f"{text}{'' if fact is None else fact}" for text, fact in said)


def is_reason(code: str) -> bool:
    """Whether a room has registered a reason of this code."""
    return code in _PARTS


def forgotten_reason(code: str) -> str:
    """A code in words where nobody knows its facts, or its room, any more."""
    return code.replace("_", " ").capitalize()
