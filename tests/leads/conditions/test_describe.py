import pytest

from leads.conditions import Vocabulary, describe
from leads.conditions.references import References, Referred
from tests.leads.conditions.crowd import field_of

FIELDS = [
    field_of(code="purse", label="Budget", type="number", dimension="budget"),
    field_of(code="timing", label="Timeframe", type="choice", answers=["Now", "This year"], dimension="timeframe"),
    field_of(code="wishes", label="Interests", type="choices", answers=["Email", "Ads"]),
    field_of(code="city_2", label="CITY", type="text"),
    field_of(code="job", label="What is your occupation", type="text"),
    field_of(code="crm", label="CRM system", type="text"),
    field_of(code="quote", label='A "quoted" label', type="boolean"),
]
SOURCES = References(
    (
        Referred(1, "google", "Google"),
        Referred(2, "fair_1", "Fair"),
        Referred(3, "fair_2", "FAIR"),
    )
)
VOCABULARY = Vocabulary.of(FIELDS, references={"source": SOURCES}, zone="Europe/Berlin")
A_OR_B = {"field": "grade", "op": "in", "value": ["A", "B"]}

EXAMPLES = [
    ({"field": "purse", "op": "over", "value": 50000}, "budget is over 50,000"),
    ({"answer": "purse", "op": "over", "value": 50000.0}, "budget is over 50,000"),
    ({"field": "purse", "op": "at_most", "value": -0.25}, "budget is at most -0.25"),
    ({"field": "purse", "op": "is", "value": -0.0}, "budget is 0"),
    ({"field": "purse", "op": "between", "value": [1, 1000]}, "budget is between 1 and 1,000"),
    ({"field": "purse", "op": "empty"}, "budget is empty"),
    ({"answer": "timing", "op": "is", "value": "now"}, 'timeframe is "Now"'),
    ({"field": "timing", "op": "not_in", "value": ["now", "This year"]}, 'timeframe is neither "Now" nor "This year"'),
    ({"field": "wishes", "op": "has_any", "value": ["Email", "Ads"]}, 'interests include "Email" or "Ads"'),
    ({"field": "wishes", "op": "has_all", "value": ["Email", "Ads"]}, 'interests include "Email" and "Ads"'),
    ({"field": "wishes", "op": "has_all", "value": ["Email"]}, 'interests include "Email"'),
    ({"field": "wishes", "op": "has_none", "value": ["Email"]}, 'interests do not include "Email"'),
    ({"field": "wishes", "op": "has_none", "value": ["Email", "Ads"]}, 'interests include neither "Email" nor "Ads"'),
    ({"field": "city", "op": "is", "value": "Ulm"}, 'city is "Ulm"'),
    ({"field": "city_2", "op": "is", "value": "Ulm"}, 'CITY (city_2) is "Ulm"'),
    ({"field": "job", "op": "contains", "value": 'a "b"'}, '"What is your occupation" contains "a \\"b\\""'),
    ({"field": "crm", "op": "starts_with", "value": "S"}, 'CRM system starts with "S"'),
    ({"field": "quote", "op": "is", "value": False}, '"A \\"quoted\\" label" is no'),
    ({"field": "stage", "op": "at_least", "value": "qualified"}, "stage is at least qualified lead"),
    ({"field": "grade", "op": "is", "value": "A"}, "grade is A"),
    ({"field": "grade", "op": "in", "value": ["A"]}, "grade is A"),
    (A_OR_B, "grade is A or B"),
    ({"field": "do_not_email", "op": "is", "value": True}, "do not e-mail is yes"),
    ({"field": "source", "op": "is_not", "value": 1}, 'source is not "Google"'),
    ({"field": "source", "op": "in", "value": [2, 3]}, 'source is "Fair (fair_1)" or "FAIR (fair_2)"'),
    ({"field": "source", "op": "is", "value": 4}, "source is number 4 (gone)"),
    ({"field": "source", "op": "is", "value": "google"}, 'source is "google" (unknown)'),
    ({"field": "source", "op": "filled"}, "source is filled"),
    ({"field": "recycle_on", "op": "next_days", "value": 1}, "recycled until is in the next 1 day"),
    ({"field": "created_at", "op": "within_days", "value": 7}, "created at is in the last 7 days"),
    ({"field": "created_at", "op": "after", "value": "2026-01-31"}, "created at is after 2026-01-31 (Europe/Berlin)"),
    (
        {"field": "created_at", "op": "before", "value": "2026-01-31T10:00+02:00"},
        "created at is before 2026-01-31 08:00:00 UTC",
    ),
    ({"activity": "visit"}, "had a visit"),
    (
        {"activity": ["form", "event_attended"], "within_days": 30},
        "had a form or an event attended in the last 30 days",
    ),
    (
        {"activity": "visit", "where": {"path": "url", "op": "contains", "value": "pricing"}, "at_least": 3},
        'had at least 3 visits (url contains "pricing")',
    ),
    (
        {
            "activity": "visit",
            "where": [{"path": "url", "op": "in", "value": ["a", "b"]}, {"path": "n", "op": "over", "value": 3}],
            "within_days": 1,
        },
        'had a visit ((url is "a" or "b") and n is over 3) in the last 1 day',
    ),
    (
        {"activity": ["call", "meeting"], "seen": "last", "op": "more_than_days_ago", "value": 90},
        "last call or meeting was more than 90 days ago",
    ),
    (
        {"activity": "visit", "seen": "first", "op": "after", "value": "2026-01-01"},
        "first visit was after 2026-01-01 (Europe/Berlin)",
    ),
    (
        {"all": [{"field": "purse", "op": "over", "value": 50000}, A_OR_B]},
        "budget is over 50,000 and (grade is A or B)",
    ),
    (
        {"any": [{"all": [A_OR_B, {"activity": "visit"}]}, {"not": {"field": "phone", "op": "filled"}}]},
        "((grade is A or B) and had a visit) or not (phone is filled)",
    ),
    ({"all": [{"any": [A_OR_B]}]}, "grade is A or B"),
]


@pytest.mark.parametrize(("tree", "english"), EXAMPLES, ids=[english for _, english in EXAMPLES])
def test_examples_read_like_this(tree, english):
    assert describe(tree, VOCABULARY) == english


def test_words_of_a_value_cannot_pose_as_another_condition():
    one = {"field": "city", "op": "is", "value": 'A" and region is "B'}
    two = {"all": [{"field": "city", "op": "is", "value": "A"}, {"field": "region", "op": "is", "value": "B"}]}

    assert describe(one, VOCABULARY) == 'city is "A\\" and region is \\"B"'
    assert describe(two, VOCABULARY) == 'city is "A" and state/region is "B"'


def test_a_label_that_is_shared_is_told_apart_by_its_code():
    twins = Vocabulary.of(
        [
            field_of(code=code, label=label, type="text")
            for code, label in [("x", "Twin"), ("y", "TWIN"), ("z", "Twin (x)")]
        ]
    )

    said = {describe({"field": code, "op": "filled"}, twins) for code in "xyz"}

    assert said == {"twin (x) is filled", "TWIN (y) is filled", '"Twin (x)" is filled'}


def test_an_own_field_with_the_label_of_a_built_in_one_is_told_apart():
    said = {describe({"field": code, "op": "filled"}, VOCABULARY) for code in ("city", "city_2")}

    assert said == {"city is filled", "CITY (city_2) is filled"}
