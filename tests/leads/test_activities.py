"""The table of kinds of activity."""

import pytest

from leads.activities import (
    Chip,
    FieldWords,
    Kind,
    Trait,
    all_kinds,
    codes_under,
    codes_with,
    kind_of,
    kinds,
    register,
    register_reason,
)
from leads.activities.reasons import reason_words
from leads.activities.registry import _KINDS

FIELDS = FieldWords(
    label=str.capitalize,
    value=lambda _code, value, _versions: "" if value is None else str(value),
    lacks=lambda parts: [f"{part}" for part in parts],
)
CALLED_BACK = Kind(
    "called_back", "Call back", "call back", "calls back", icon="phone", chip=Chip.CONTACT, traits=(Trait.ASKING,)
)


@pytest.fixture
def called_back():
    register(CALLED_BACK)
    yield CALLED_BACK
    del _KINDS[CALLED_BACK.code]


def test_a_room_above_adds_a_kind_and_everything_asks_by_trait(called_back):
    assert kind_of("called_back") is called_back
    assert codes_with(Trait.ASKING) == ["form", "email_replied", "entered_again", "called_back"]
    assert codes_under(Chip.CONTACT)[-1] == "called_back"


def test_a_code_is_taken_once():
    with pytest.raises(ValueError, match="There is a kind of activity call already"):
        register(kinds.CALL)


def test_a_code_fits_its_column():
    with pytest.raises(ValueError, match="1 to 20 characters"):
        register(Kind("a" * 21, "A", "a", "as", icon="phone", chip=Chip.SYSTEM))


def test_the_rooms_above_have_registered_theirs():
    assert {"grade_changed", "handed_over", "imported"} <= {kind.code for kind in all_kinds()}


def test_a_kind_that_nobody_declares_any_more_still_has_a_name():
    assert kind_of("fax_sent").label == "Fax sent"


def test_a_reason_is_taken_once_and_reads_when_nobody_declares_it_any_more():
    with pytest.raises(ValueError, match="There is a reason entered already"):
        register_reason("entered", "Came in")

    assert reason_words("won_at_cards", {}) == "Won at cards"


@pytest.mark.parametrize("words", ["{count:,} times", "Given to {to.name}", "Given to {}", "By {by!r}", "{0}"])
def test_the_words_of_a_reason_hold_names_of_facts_and_nothing_else(words):
    with pytest.raises(ValueError, match="names of facts alone"):
        register_reason("won_at_cards", words)


@pytest.mark.parametrize(
    ("code", "payload", "words"),
    [
        ("visit", {"title": "Prices", "url": "/prices", "seconds": 3}, ("Visit", "Prices\n/prices")),
        ("call", {"outcome": "talked", "note": "Wants an offer"}, ("Call: talked", "Wants an offer")),
        ("call", {"outcome": "talked", "text": "Talked"}, ("Call: talked", "")),
        ("call", {"text": "Talked at length"}, ("Call", "Talked at length")),
        ("stage_changed", {"from": None, "to": "name", "reason": "Came in"}, ("Entered the database", "Came in")),
        ("stage_changed", {"from": "name", "to": "lead", "reason": "Asked"}, ("Became a lead", "Asked")),
        (
            "stage_changed",
            {"from": "lead", "to": "lead", "to_disposition": "lost", "reason": "Price"},
            ("Lost", "Price"),
        ),
        (
            "stage_changed",
            {"from": None, "to": "name", "reason": "entered", "facts": {}},
            ("Entered the database", "Entered by hand"),
        ),
        (
            "stage_changed",
            {"from": "lead", "to": "qualified", "reason": "handed_over", "facts": {"policy": 1, "policy_name": "Then"}},
            ("Became a qualified lead", "Handed to sales by the policy Then"),
        ),
        (
            "stage_changed",
            {"from": "lead", "to": "lead", "to_disposition": "recycled", "reason": "bad_timing", "facts": {}},
            ("Recycled", "Bad timing"),
        ),
        (
            "stage_changed",
            {"from": "name", "to": "lead", "reason": "bad_timing"},
            ("Became a lead", "bad_timing"),
        ),
        ("field_changed", {"changed": {"city": [None, "Kiel"]}}, ("Facts changed", "City: empty → Kiel")),
        (
            "entered_again",
            {"values": {"city": "Oslo"}, "source": "fair", "source_name": "Trade fair", "note": "Met there"},
            ("Entered again", "City: Oslo\nSource: Trade fair\nMet there"),
        ),
        ("grade_changed", {"from": "C", "to": "A", "score": 90}, ("Grade from C to A", "90 points")),
        ("imported", {"import": 3, "file": "fair.csv"}, ("Import", "fair.csv")),
    ],
)
def test_each_kind_says_what_its_payload_holds(code, payload, words):
    kind = kind_of(code)

    assert kind.says(kind, payload, FIELDS) == words
