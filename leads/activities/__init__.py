"""The kinds of activity: one declaration each, with all its traits (docs/architecture.md, recipes).

A room declares its own kinds in its module `activities`, which is imported at start; everything else asks here.
"""

from leads.activities import kinds
from leads.activities.kind import Chip, FieldWords, Kind, Trait, Words
from leads.activities.reasons import Because, register_reason
from leads.activities.registry import all_kinds, codes_under, codes_with, is_known, kind_of, register

__all__ = [
    "Because",
    "Chip",
    "FieldWords",
    "Kind",
    "Trait",
    "Words",
    "all_kinds",
    "codes_under",
    "codes_with",
    "is_known",
    "kind_of",
    "kinds",
    "register",
    "register_reason",
]
