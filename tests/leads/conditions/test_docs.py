"""docs/conditions.md says what the program does."""

import json
import re
from pathlib import Path

import pytest

from leads.activities import all_kinds
from leads.conditions import ConditionError, Vocabulary, as_stored, check, describe
from leads.conditions.operators import OPERATORS
from leads.conditions.registry import registered
from leads.models import Source
from tests.leads.conditions.crowd import add_field

PAGE = (Path(__file__).parents[3] / "docs" / "conditions.md").read_text()
EXAMPLES = re.findall(r"```json\n(.+?)\n```\n(> |Refused: `)(.+?)`?\n", PAGE, re.DOTALL)


@pytest.fixture
def vocabulary(db):
    add_field("budget", "choice", answers=["Approved", "Planned", "Not yet", "No budget"], dimension="budget")
    add_field("seats", "integer")
    add_field("interests", "choices", answers=["Email", "Scoring", "Ads"])
    add_field("renewal", "date")
    add_field("last_remark", "text")
    for code in ("website", "referral"):
        Source.objects.update_or_create(code=code, defaults={"name": code.capitalize()})
    return Vocabulary.load()


def test_every_example_is_followed_by_its_english_or_its_refusal():
    assert len(EXAMPLES) == PAGE.count("```json") > 20


def test_examples_read_as_the_page_says(vocabulary):
    accepted = [(json.loads(tree), words) for tree, mark, words in EXAMPLES if mark == "> "]

    for tree, _ in accepted:
        check(tree, vocabulary)

    assert [describe(as_stored(tree, vocabulary), vocabulary) for tree, _ in accepted] == [
        words for _, words in accepted
    ]


def test_refusals_read_as_the_page_says(vocabulary):
    for tree, words in [(json.loads(tree), words) for tree, mark, words in EXAMPLES if mark != "> "]:
        with pytest.raises(ConditionError) as caught:
            check(tree, vocabulary)
        assert str(caught.value) == words


def test_the_page_names_every_field_operator_and_kind():
    named = set(re.findall(r"`([a-z_]+)`", PAGE))

    assert registered().keys() - named == set()
    assert set(OPERATORS) - named == set()
    assert {kind.code for kind in all_kinds()} - named == set()
