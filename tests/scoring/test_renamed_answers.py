"""A scoring model names answers by their codes: renaming or retiring one changes neither its rules nor the scores."""

import pytest

from leads.actions.answers import rename_answers, retire_answer
from leads.enums import FieldType
from leads.fields.answers import Answers
from leads.models import FieldDefinition
from scoring.actions import copy_model, dump_model, load_model, publish_model, roll_back
from scoring.engine import regrade
from scoring.models import ScoringModel
from scoring.rules import ModelRefused
from tests.factories.leads import make_field, make_lead
from tests.scoring.made import RANGES

pytestmark = pytest.mark.django_db


def model_file(value, **more):
    when = {"answer": "budget", "op": "is", "value": value}
    rules = [{"label": "Budget approved", "points": 25, "when": when}]
    return {"name": "Money", "ranges": RANGES, "rules": rules} | more


def published(now, value="Approved"):
    return publish_model(model=load_model(data=model_file(value), by=None, now=now), by=None, now=now)


def rename(code, label, now):
    rename_answers(field=FieldDefinition.objects.get(code="budget"), labels={code: label}, now=now)


def score_of(lead, now):
    regrade([lead.pk], now=now)
    lead.refresh_from_db()
    return lead.score


def test_a_renamed_answer_scores_as_before(now):
    lead = make_lead(budget="Approved")
    model = published(now)
    assert score_of(lead, now) == 25
    kept = list(model.rules.values())

    rename("approved", "Granted", now)
    retire_answer(field=FieldDefinition.objects.get(code="budget"), code="approved", now=now)

    assert score_of(lead, now) == 25
    assert list(ScoringModel.objects.get(pk=model.pk).rules.values()) == kept


def test_a_model_is_copied_and_rolled_back_after_an_answer_was_renamed_and_retired(now):
    lead = make_lead(budget="Approved")
    first = published(now)
    published(now, "Planned")
    assert score_of(lead, now) == 0
    rename("approved", "Granted", now)
    retire_answer(field=FieldDefinition.objects.get(code="budget"), code="approved", now=now)

    assert copy_model(model=first, by=None, now=now).rules.get().condition["value"] == "approved"
    roll_back(to=ScoringModel.objects.get(pk=first.pk), by=None, now=now)

    assert score_of(lead, now) == 25


def test_a_file_tells_code_and_label_and_is_taken_by_either(now):
    rename("approved", "Granted", now)
    model = published(now, "Granted")

    data = dump_model(model)

    assert data["answers"] == {"budget": {"approved": "Granted"}}
    assert data["rules"][0]["when"]["value"] == "approved"
    # What was called so when the file was written.
    rename("approved", "Money is there", now)
    assert load_model(data=data, by=None, now=now).rules.get().condition == model.rules.get().condition


def test_a_file_from_elsewhere_is_understood_by_its_labels(now):
    data = model_file("ok", answers={"budget": {"ok": "Approved"}})

    assert load_model(data=data, by=None, now=now).rules.get().condition["value"] == "approved"


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        (
            {"budget": {"approved": "Planned"}},
            "answers.budget.approved: approved: Planned can mean approved: Granted or planned: Planned: give the code.",
        ),
        (
            {"budget": {"planned": "Approved"}},
            "answers.budget.planned: planned: Approved can mean planned: Planned or approved: Granted: give the code.",
        ),
        (
            {"budget": {"approved": "Whatever"}},
            "answers.budget.approved: approved: Whatever is none of the answers.",
        ),
        ({"budget": {"ok": "Whatever"}}, "answers.budget.ok: Whatever is none of the answers."),
        ({"budget": {"approved": 7}}, "answers.budget.approved: has to be text"),
        ({"income": {"approved": "Approved"}}, "answers.income: is no field here"),
        ({"city": {"approved": "Approved"}}, "answers.city.approved: Approved is none of the answers."),
    ],
)
def test_a_file_that_contradicts_the_answers_is_refused(now, answers, problem):
    rename("approved", "Granted", now)

    with pytest.raises(ModelRefused) as refused:
        load_model(data=model_file("approved", answers=answers), by=None, now=now)

    assert list(map(str, refused.value.problems)) == [problem]


def test_codes_that_two_installations_gave_the_other_way_round_are_not_taken_for_each_other(now):
    make_field("pays", FieldType.CHOICE, answers=["いいえ", "はい"])
    elsewhere = Answers.new(["はい", "いいえ"])
    yes = elsewhere.find("はい").code
    when = {"field": "pays", "op": "is", "value": yes}
    file = {"name": "Pays", "ranges": RANGES, "rules": [{"label": "Pays", "points": 5, "when": when}]}

    with pytest.raises(ModelRefused) as refused:
        load_model(data=file | {"answers": {"pays": {yes: "はい"}}}, by=None, now=now)

    assert list(map(str, refused.value.problems)) == [
        "answers.pays.answer: answer: はい can mean answer: いいえ or answer_2: はい: give the code."
    ]


def test_a_file_with_answers_that_are_none_is_refused(now):
    with pytest.raises(ModelRefused) as refused:
        load_model(data=model_file("Perhaps", answers=["budget"]), by=None, now=now)

    assert list(map(str, refused.value.problems)) == [
        "answers: has to be an object of fields, each an object of code and label",
        "rules[0].when.value: 'Perhaps' is not one of the answers of budget: approved, planned, not_yet, no_budget",
    ]
