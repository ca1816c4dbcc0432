"""The answers of a choice field: a code that stays, a label that may be renamed. No queries.

Lead.fields, conditions and model files hold codes. People and files may say either, code or label, exactly; any case
does where only one answer is meant, and what could mean two is refused.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from leads.fields.spelling import AmbiguousSpelling, Spellings

CODE_LIMIT = 50
LABEL_LIMIT = 500
# Signs that tell answers apart, as words of a code.
_SIGNS = {
    "<=": "up to",
    ">=": "from",
    "≤": "up to",
    "≥": "from",
    "<": "under",
    ">": "over",
    "+": "plus",
    "&": "and",
    "%": "percent",
    "#": "sharp",
}
_SIGN = re.compile("|".join(map(re.escape, _SIGNS)))


class NoAnswer(ValueError):
    """The text names no answer, or not one alone; the message says so."""


class SeveralAnswers(NoAnswer):
    """It could name more than one."""


class Choice(NamedTuple):
    """One answer. `labels` are all it ever had, the first being version 1 and the last the one in force."""

    code: str
    label: str
    is_retired: bool = False
    labels: tuple[str, ...] = ()

    @property
    def label_version(self) -> int:
        return len(self.labels) or 1

    @property
    def written(self) -> str:
        """As exports write it."""
        return f"{self.code}: {self.label}"


@dataclass(frozen=True)
class Answers:
    """The answers of one field in order; retired ones are known, and no longer offered."""

    choices: tuple[Choice, ...] = ()

    @classmethod
    def new(cls, labels: Iterable[str]) -> "Answers":
        """The answers that a field gets which is made with these labels; a label that comes again is left out."""
        return cls().with_labels(labels)

    def with_labels(self, labels: Iterable[str]) -> "Answers":
        """These answers and those of further labels, each with the code it will keep."""
        known = {choice.label for choice in self.choices}
        fresh = [label for label in dict.fromkeys(labels) if label not in known]
        taken = {choice.code for choice in self.choices}
        words = {*known, *fresh}
        added = []
        for label in fresh:
            code = free_code(label, taken=taken, words=words - {label})
            taken.add(code)
            added.append(Choice(code, label))
        return Answers((*self.choices, *added))

    def __bool__(self) -> bool:
        return bool(self.choices)

    @cached_property
    def _by_code(self) -> dict[str, Choice]:
        return {choice.code: choice for choice in self.choices}

    @cached_property
    def _spellings(self) -> Spellings:
        codes = [(choice.code, choice.code) for choice in self.choices]
        labels = [(choice.label, choice.code) for choice in self.choices]
        # What exports write. A label of the past serves as well, unless it is another answer's now.
        whole = [
            (f"{choice.code}: {label}", code)
            for choice in self.choices
            for label in {choice.label, *choice.labels}
            for code in {choice.code, *(other for name, other in labels if name == label)}
        ]
        return Spellings(codes, labels, whole)

    def get(self, code: object) -> Choice | None:
        """The answer of a code, or None."""
        return self._by_code.get(code) if isinstance(code, str) else None

    def find(self, text: str) -> Choice:
        """The answer that a code or a label names, or `CODE: LABEL` as exports write it. Raises NoAnswer."""
        try:
            code = self._spellings.find(text)
        except AmbiguousSpelling as error:
            raise _several(text, [self._by_code[code] for code in sorted(error.values)]) from None
        if code is None:
            raise self._unknown(text)
        return self._by_code[code]

    def has(self, text: str) -> bool:
        """Whether `find` finds an answer."""
        try:
            return bool(self.find(text))
        except NoAnswer:
            return False

    def find_told(self, code: str, label: str) -> Choice:
        """The answer that another installation tells by its code and its label there.

        A code that there is here counts only beside a label that its answer has or had; for any other the label
        alone says what is meant. Raises NoAnswer.
        """
        here = self.get(code)
        if here is None:
            return self.find(label)
        return here if here.label == label else self.find(f"{code}: {label}")

    def _unknown(self, text):
        code, _, label = text.partition(": ")
        others = [choice for choice in self.choices if label in (choice.label, *choice.labels)]
        if others and (named := self.get(code)):
            return _several(text, [named, *others])
        return NoAnswer(f"{text} is none of the answers.")

    def label(self, code: object, version: int | None = None) -> str:
        """The label of a code, now or in a version; what is no code of this field stands for itself."""
        choice = self.get(code)
        if choice is None:
            return str(code)
        if version and version <= len(choice.labels):
            return choice.labels[version - 1]
        return choice.label

    def offered(self, *, kept: Iterable[object] = ()) -> list[tuple[str, str]]:
        """(code, label) of what may be chosen, and of the answers `kept` that stay although they are retired.

        A kept value that is no answer at all is offered as it is, so that saving a form loses nothing.
        """
        kept = [code for code in kept if isinstance(code, str)]
        chosen = [choice for choice in self.choices if not choice.is_retired or choice.code in kept]
        said = [(choice.code, f"{choice.label} (retired)" if choice.is_retired else choice.label) for choice in chosen]
        return said + [(code, code) for code in kept if code not in self._by_code]

    def versions(self, value: object) -> dict[str, int]:
        """{code: version of its label} of the codes in a stored value, for rows that are never changed."""
        codes = value if isinstance(value, list) else [value]
        return {choice.code: choice.label_version for code in codes if (choice := self.get(code))}


NO_ANSWERS = Answers()


def _several(text, choices):
    meant = " or ".join(choice.written for choice in choices)
    return SeveralAnswers(f"{text} can mean {meant}: give the code.")


def free_code(label: str, *, taken: Iterable[str], words: Iterable[str]) -> str:
    """A readable code for a label: none that is `taken`, nor one of the `words` that are labels of other answers."""
    text = _SIGN.sub(lambda sign: f" {_SIGNS[sign[0]]} ", label.casefold())
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    code = re.sub(r"[^a-z0-9]+", "_", bare).strip("_")[: CODE_LIMIT - 6].strip("_") or "answer"
    taken, free, number = {*taken, *words}, code, 2
    while free in taken:
        free, number = f"{code}_{number}", number + 1
    return free
