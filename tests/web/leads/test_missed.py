"""Why this score says what the letter is missing."""

import pytest
from django.urls import reverse

from leads.conditions import Vocabulary
from leads.models import Lead
from routing.actions import settle_dirty
from scoring.actions import load_model, publish_model
from scoring.queries import MustHave, missed_must_haves, published_model
from tests.factories.leads import make_lead

KIEL = {"field": "city", "op": "is", "value": "Kiel"}
PHONE = {"field": "phone", "op": "filled"}
MODEL = {
    "name": "Strict",
    "ranges": {"A": [75, None], "B": [50, 74], "C": [25, 49], "D": [None, 24]},
    "rules": [{"label": "Known", "points": 99, "when": {"field": "email", "op": "filled"}}],
    "requirements": [
        {"grade": "A", "label": "From Kiel, reachable", "when": {"all": [KIEL, PHONE]}},
        {"grade": "B", "label": "Reachable", "when": PHONE},
    ],
}


@pytest.fixture
def strict(cast, now):
    model = load_model(data=MODEL, by=cast.ann, now=now)
    publish_model(model=model, by=cast.ann, now=now)


@pytest.mark.parametrize(
    ("facts", "grade", "missed"),
    [
        ({"city": "Kiel", "phone": "+49 89 1234567"}, "A", []),
        ({"phone": "+49 89 1234567"}, "B", [MustHave("A", "From Kiel, reachable", ['city is "Kiel"'])]),
        (
            {},
            "C",
            [
                MustHave("A", "From Kiel, reachable", ['city is "Kiel"', "phone is filled"]),
                MustHave("B", "Reachable", ["phone is filled"]),
            ],
        ),
        ({"email": ""}, "D", []),
    ],
)
def test_a_letter_below_its_points_says_what_it_is_missing(strict, now, facts, grade, missed):
    lead = make_lead(**{"email": "ines@example.com", "last_name": "Moreau", "now": now} | facts)
    settle_dirty(now=now)
    lead.refresh_from_db()

    assert lead.grade == grade
    assert missed_must_haves(lead, Vocabulary.load(), published_model(), now=now) == missed


@pytest.mark.parametrize("page", ["lead-detail", "work-lead"])
def test_lead_page_and_work_mode_say_why_99_points_are_a_b(strict, cast, as_user, now, page):
    lead = make_lead(phone="+49 89 1234567", now=now)
    settle_dirty(now=now)
    owner = Lead.objects.get(pk=lead.pk).owner

    shown = as_user(owner).get(reverse(f"web:{page}", args=[lead.pk])).content.decode()

    assert "Points enough for A, which needs <strong>From Kiel, reachable</strong>" in shown
    assert "Missing: city is &quot;Kiel&quot;" in shown


def test_a_letter_of_a_version_before_is_explained_by_that_version(strict, cast, now):
    lead = make_lead(phone="+49 89 1234567", now=now)
    settle_dirty(now=now)
    easy = load_model(data=MODEL | {"requirements": []}, by=cast.ann, now=now)
    publish_model(model=easy, by=cast.ann, now=now)
    lead.refresh_from_db()

    missed = missed_must_haves(lead, Vocabulary.load(), published_model(), now=now)

    assert [each.label for each in missed] == ["From Kiel, reachable"]
