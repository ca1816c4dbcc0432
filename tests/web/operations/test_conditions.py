"""What the condition editor is told as one edits."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories.leads import make_lead
from web.operations import conditions

URL = reverse("web:condition-check")
HOT = json.dumps({"field": "grade", "op": "is", "value": "A"})


def test_a_condition_is_said_and_its_leads_are_counted(cast, as_user):
    for grade in "AAB":
        make_lead(owner=cast.ben, grade=grade)
    answer = as_user(cast.mia).post(URL, {"condition": HOT})
    assert answer.json() == {"says": "grade is A", "count": "2"}
    assert as_user(cast.ann).post(URL, {"condition": HOT}).json()["count"] == "2"
    assert as_user(cast.ann).post(URL, {"condition": ""}).json() == {"says": "", "count": ""}


def test_many_are_counted_to_a_limit(cast, as_user, monkeypatch):
    monkeypatch.setattr(conditions, "COUNTED", 2)
    for _ in range(3):
        make_lead(grade="A")
    assert as_user(cast.mia).post(URL, {"condition": HOT}).json()["count"] == "2+"


def test_what_takes_too_long_is_said_without_a_number(cast, as_user, monkeypatch):
    # No test has as many leads as this takes, so the database is made to dawdle; its timeout is the real one.
    def count_slowly(leads, cap):
        return leads.extra(where=["pg_sleep(10) IS NULL"]).count()

    make_lead(grade="A")
    monkeypatch.setattr(conditions, "capped_count", count_slowly)
    assert as_user(cast.mia).post(URL, {"condition": HOT}).json() == {"says": "grade is A", "count": ""}


@pytest.mark.parametrize("text", ["{", '{"field": "nothing", "op": "is", "value": 1}', '{"all": "x"}'])
def test_what_is_wrong_is_said(cast, as_user, text):
    answer = as_user(cast.ann).post(URL, {"condition": text}).json()
    assert answer.keys() == {"problem"}
    assert answer["problem"]


def test_it_is_for_who_reads_everybody_and_needs_the_token(cast, as_user):
    assert [as_user(user).post(URL, {"condition": HOT}).status_code for user in (cast.ben, cast.ada)] == [403, 403]
    assert as_user(cast.mia).get(URL).status_code == 405
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(cast.mia)
    assert forged.post(URL, {"condition": HOT}).status_code == 403


@pytest.mark.parametrize(
    "text", ["[" * 20_000, '{"not": ' * 50_000, '{"all": [' * 60 + HOT + "]}" * 60, "[" + "9" * 5000]
)
def test_a_condition_of_any_depth_is_one_or_a_problem(cast, as_user, text):
    assert "problem" in as_user(cast.mia).post(URL, {"condition": text}).json()
