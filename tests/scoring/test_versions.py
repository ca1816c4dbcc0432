import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from leads.models import FieldDefinition
from scoring.actions import copy_model, dump_model, load_model, publish_model, roll_back
from scoring.models import GradeRequirement, QuestionSet, RegradeRun, ScoringModel, ScoringRule
from scoring.rules import ModelRefused
from tests.factories.leads import make_lead
from tests.scoring.made import CITY, model_file, publish

pytestmark = pytest.mark.django_db

VISIT = {"activity": "visit", "within_days": 30}
MUST = {"grade": "A", "label": "In Porto", "when": CITY}
WHOLE = model_file(
    ("In Porto", 60, CITY),
    ("Visited", -2, VISIT, {"cap": 10, "half_life_days": 7}),
    ("Clicked", 2, {"activity": "email_clicked"}, {"cap": 10}),
    requirements=[MUST],
    question_set="man",
    notes="Why so",
)


def test_a_loaded_file_is_a_draft_that_dumps_as_the_same_file(cast, now):
    model = load_model(data=WHOLE, by=cast.ann, now=now)
    assert (model.status, model.version, model.created_by, model.created_at) == ("draft", 1, cast.ann, now)
    assert dump_model(model) == WHOLE
    again = load_model(data=dump_model(model), by=None, now=now)
    assert (again.version, dump_model(again)) == (2, WHOLE)


def test_publishing_retires_the_version_before_and_asks_for_a_regrade(cast, now):
    make_lead()
    first = publish_model(model=load_model(data=WHOLE, by=None, now=now), by=cast.ann, now=now)
    second = publish_model(model=load_model(data=WHOLE, by=None, now=now), by=cast.ann, now=now)
    first.refresh_from_db()
    assert (first.status, first.retired_at) == ("retired", now)
    assert (second.status, second.published_at, second.published_by) == ("published", now, cast.ann)
    old, new = RegradeRun.objects.order_by("pk")
    assert (old.model, old.cancelled_at) == (first, now)
    assert (new.model, new.cancelled_at, new.requested_by) == (second, None, cast.ann)


def test_a_version_is_published_once(now):
    model = publish(("In Porto", 60, CITY), now=now)
    with pytest.raises(ValidationError, match="published already"):
        publish_model(model=model, by=None, now=now)


def test_rolling_back_publishes_a_copy_of_the_old_version(cast, now):
    first = publish(("In Porto", 60, CITY), now=now)
    second = publish(("In Porto", 10, CITY), now=now)
    back = roll_back(to=first, by=cast.ann, now=now)
    assert (back.version, back.status, dump_model(back)) == (3, "published", dump_model(first))
    second.refresh_from_db()
    assert second.status == "retired"


def test_a_draft_whose_field_is_gone_is_not_published(now):
    FieldDefinition.objects.create(code="seats", label="Seats", type="integer")
    draft = load_model(data=model_file(("Big", 5, {"field": "seats", "op": "over", "value": 9})), by=None, now=now)
    FieldDefinition.objects.filter(code="seats").delete()
    with pytest.raises(ModelRefused) as refused:
        publish_model(model=draft, by=None, now=now)
    assert [problem.path for problem in refused.value.problems] == ["rules[0].when.field"]
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_a_draft_without_rules_is_not_published(now):
    inforce = publish(("In Porto", 60, CITY), now=now)
    draft = load_model(data=model_file(requirements=[MUST]), by=None, now=now)
    with pytest.raises(ModelRefused, match="rules: there are none yet, so everybody would score 0"):
        publish_model(model=draft, by=None, now=now)
    assert ScoringModel.objects.published().get() == inforce


def test_a_copy_has_everything(now):
    model = publish_model(model=load_model(data=WHOLE, by=None, now=now), by=None, now=now)
    copy = copy_model(model=model, by=None, now=now)
    assert (copy.status, copy.version, dump_model(copy)) == ("draft", 2, WHOLE)


CHANGES = {
    "name": lambda model: ScoringModel.objects.filter(pk=model.pk).update(name="Other"),
    "range": lambda model: ScoringModel.objects.filter(pk=model.pk).update(a_from=76),
    "status": lambda model: ScoringModel.objects.filter(pk=model.pk).update(status="draft", published_at=None),
    "delete": lambda model: model.delete(),
    "rule points": lambda model: model.rules.update(points=1),
    "rule gone": lambda model: model.rules.all().delete(),
    "rule moved in": lambda model: ScoringRule.objects.filter(model__status="draft").update(model=model, position=99),
    "rule moved out": lambda model: model.rules.update(model=ScoringModel.objects.get(status="draft"), position=99),
    "rule added": lambda model: ScoringRule.objects.create(
        model=model, position=50, label="New", condition=CITY, points=1
    ),
    "must-have changed": lambda model: model.requirements.update(label="Other"),
    "must-have gone": lambda model: model.requirements.all().delete(),
    "must-have added": lambda model: GradeRequirement.objects.create(
        model=model, grade="B", label="New", condition=CITY
    ),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("retired", [False, True])
def test_a_version_that_was_published_never_changes(now, change, retired):
    model = publish(("In Porto", 60, CITY), requirements=[MUST], now=now)
    if retired:
        publish(("Elsewhere", 1, {"not": CITY}), now=now)
    load_model(data=model_file(("Draft rule", 5, CITY)), by=None, now=now)
    before = dump_model(ScoringModel.objects.get(pk=model.pk))
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        CHANGES[change](model)
    assert dump_model(ScoringModel.objects.get(pk=model.pk)) == before


def test_a_draft_changes_and_goes(now):
    draft = load_model(data=WHOLE, by=None, now=now)
    draft.rules.update(points=9)
    draft.delete()
    assert not ScoringRule.objects.exists()


@pytest.mark.parametrize("code", ["btd", "man"])
def test_the_question_sets_are_there_with_their_answers(code):
    questions = QuestionSet.objects.get(code=code).questions.select_related("field")
    assert len(questions) == 3
    assert all(question.field.type == "choice" and question.field.answers.exists() for question in questions)
