"""Why the program itself moved somebody: a code with its facts, put into words when it is shown.

What a person gives as a reason is text, and stays as she wrote it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

_WORDS: dict[str, Callable[[dict], str]] = {}


@dataclass(frozen=True)
class Because:
    """A registered reason. `facts` are numbers, codes, and names as they are at this time."""

    code: str
    facts: dict = field(default_factory=dict)

    @property
    def words(self) -> str:
        return reason_words(self.code, self.facts)


def register_reason(code: str, words: Callable[[dict], str]) -> None:
    """Says how a reason of this code reads, given its facts; ValueError for a code that is taken."""
    if code in _WORDS:
        raise ValueError(f"There is a reason {code} already.")
    _WORDS[code] = words


def reason_words(reason: str, facts: dict | None) -> str:
    """A stored reason as a person reads it; without facts it is somebody's own words, or a sentence of before."""
    if facts is None:
        return reason
    words = _WORDS.get(reason)
    return words(facts) if words else forgotten_reason(reason)


def is_reason(code: str) -> bool:
    """Whether a room has registered a reason of this code."""
    return code in _WORDS


def forgotten_reason(code: str) -> str:
    """A code in words where nobody knows its facts, or its room, any more."""
    return code.replace("_", " ").capitalize()
