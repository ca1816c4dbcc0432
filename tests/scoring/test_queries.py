import pytest

from leads.conditions import Vocabulary
from leads.models import FieldDefinition, Lead
from scoring.engine import regrade
from scoring.queries import LedgerLine, explain, published_model, published_with_questions, unfinished_run, why
from tests.factories.leads import make_lead
from tests.scoring.made import CITY, publish

pytestmark = pytest.mark.django_db

PHONE = {"field": "phone", "op": "filled"}
EVERYBODY = {"field": "id", "op": "over", "value": 0}


def graded(now, **values):
    lead = make_lead(**values)
    regrade([lead.pk], now=now)
    return Lead.objects.get(pk=lead.pk)


def test_the_ledger_is_told_rule_by_rule_and_adds_up(now, django_assert_num_queries):
    publish(("In Porto", 60, CITY), ("Can be phoned", -7, PHONE), now=now)
    lead = graded(now, first_name="P", city="Porto")
    vocabulary, published = Vocabulary.load(), published_model()
    with django_assert_num_queries(0):
        lines = explain(lead, vocabulary, published)
    assert [line[:2] for line in lines] == [("In Porto", 60), ("Can be phoned", 0)]
    assert all(isinstance(line, LedgerLine) and line.condition_text for line in lines)
    assert sum(line.points for line in lines) == lead.score


def test_a_lead_is_explained_by_the_version_that_scored_it(now):
    publish(("In Porto", 60, CITY), now=now)
    lead = graded(now, first_name="P", city="Porto")
    publish(("Something else", 1, CITY), now=now)
    lines = explain(lead, Vocabulary.load(), published_model())
    assert [line.label for line in lines] == ["In Porto"]


def test_an_unscored_lead_has_nothing_to_explain():
    lead = make_lead()
    assert (explain(lead, Vocabulary.load()), why([lead])) == ([], {lead.pk: ""})


def test_why_names_what_gave_most_in_at_most_eight_words(now, django_assert_num_queries):
    publish(
        ("one two three", 5, EVERYBODY),
        ("never this one", 90, {"not": EVERYBODY}),
        ("the five words that matter", 50, EVERYBODY),
        ("alas", -10, EVERYBODY),
        ("left over", 1, EVERYBODY),
        now=now,
    )
    leads = [graded(now), graded(now)]
    with django_assert_num_queries(1):
        reasons = why(leads)
    assert set(reasons.values()) == {"the five words that matter, one two three"}
    assert [len(reason.split()) <= 8 for reason in reasons.values()] == [True, True]


def test_why_says_so_when_nothing_speaks_for_a_lead(now):
    publish(("Alas", -10, EVERYBODY), now=now)
    lead = graded(now)
    assert why([lead]) == {lead.pk: "Nothing speaks for it yet"}


def test_the_questions_are_those_of_the_published_set(now, django_assert_num_queries):
    definitions = list(FieldDefinition.objects.with_answers())
    assert published_with_questions(definitions) == (None, [])
    model = publish(("All", 1, EVERYBODY), question_set="btd", now=now)
    assert published_model() == model
    with django_assert_num_queries(1):
        published, questions = published_with_questions(definitions)
    assert published == model
    assert [field.code for field in questions] == ["budget", "timeframe", "decision_maker"]
    model = publish(("All", 1, EVERYBODY), now=now)
    assert published_with_questions(definitions) == (model, [])


def test_the_published_model_and_its_run(now):
    assert (published_model(), unfinished_run()) == (None, None)
    make_lead()
    model = publish(("All", 1, EVERYBODY), now=now)
    assert (published_model(), unfinished_run().model) == (model, model)
