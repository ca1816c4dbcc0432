"""The hand-over receipt as both sides read it, whether its row keeps codes or, from before, finished words."""

import datetime
from dataclasses import dataclass

from django.utils.dateparse import parse_datetime

from leads.activities import FieldWords, kind_of
from routing.models import Handover
from routing.words import end_words, why_words
from scoring.queries import rules_of


@dataclass(frozen=True)
class Touch:
    title: str
    text: str
    at: datetime.datetime


@dataclass(frozen=True)
class Receipt:
    """`stayed`: why the stage did not rise, "" where it did. `ledger` is [(rule, points)], `answers` [(question,
    answer)]; answers, `source` and `campaign` are as they were called then, "" for none."""

    why: str
    ended: str
    stayed: str
    source: str
    campaign: str
    ledger: list[tuple[str, int]]
    answers: list[tuple[str, str]]
    touches: list[Touch]


def receipt_of(handover: Handover, fields: FieldWords, published=None) -> Receipt:
    """What the receipt of a hand-over says. One query for rules that are not those of `published`, a loaded model."""
    kept = handover.receipt
    return Receipt(
        why=why_words(handover.why, handover.why_facts),
        ended=end_words(handover.end, handover.end_reason, handover.end_facts),
        stayed=_stayed(kept.get("stage_lacks"), fields),
        source=_name(kept, "source"),
        campaign=_name(kept, "campaign"),
        ledger=_ledger(kept.get("ledger", []), kept.get("model_version"), published),
        answers=[
            (fields.label(code), fields.value(code, value, kept.get("labels", {}).get(code)))
            for code, value in kept.get("answers", {}).items()
        ],
        touches=[_touch(touch, fields) for touch in kept.get("last_touches", [])],
    )


def _stayed(parts, fields):
    if parts is None:
        return ""
    return f"Missing: {'; '.join(fields.lacks(parts))}" if parts else "The definition could not be asked"


def _name(kept, what):
    return kept.get(f"{what}_name", kept.get(what)) or ""


def _ledger(lines, version, published):
    rules = rules_of(version, published) if any("rule" in line for line in lines) else []
    named = {number: rule.label for number, rule in enumerate(rules, start=1)}
    return [
        (line["label"] if "label" in line else named.get(line["rule"], f"Rule {line['rule']}"), line["points"])
        for line in lines
    ]


def _touch(touch, fields):
    kind = kind_of(touch["kind"])
    payload = {"outcome": touch.get("outcome"), "note" if touch.get("outcome") else "text": touch.get("text", "")}
    return Touch(*kind.says(kind, payload, fields), parse_datetime(touch["at"]))
