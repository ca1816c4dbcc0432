"""Answers have a code that stays: named exactly, renamed, retired, and never lost."""

import pytest
from django.core.exceptions import ValidationError

from leads.actions.answers import (
    add_answers,
    define_field,
    delete_answer,
    order_answers,
    rename_answers,
    restore_answer,
    retire_answer,
)
from leads.conditions import Vocabulary, answers_of, as_stored, check, describe, matching
from leads.enums import FieldType
from leads.fields.answers import Answers, Choice, NoAnswer
from leads.models import Activity, FieldDefinition, Lead
from tests.factories.deeds import change_lead, create_lead
from tests.factories.leads import make_field, make_lead

pytestmark = pytest.mark.django_db


def answers_to(code):
    return FieldDefinition.objects.with_answers().get(code=code).answer_list


def budget():
    return FieldDefinition.objects.get(code="budget")


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("Within 3 months", "within_3_months"),
        ("<50", "under_50"),
        (">50", "over_50"),
        ("50", "50"),
        ("≥ 50 %", "from_50_percent"),
        ("C++", "c_plus_plus"),
        ("Größe", "grosse"),
        ("はい", "answer"),
        ("x" * 500, "x" * 44),
    ],
)
def test_a_label_makes_a_readable_code(label, code):
    assert Answers.new([label]).choices == (Choice(code, label),)


def test_different_labels_make_different_codes():
    answers = Answers.new(["<50", ">50", "50", "はい", "いいえ", "a b", "a_b", "A b"])

    assert len({choice.code for choice in answers.choices}) == 8
    for choice in answers.choices:
        assert answers.find(choice.code) == answers.find(choice.label) == choice


@pytest.mark.parametrize("text", ["approved", "Approved", "APPROVED", " approved  ", "approved: Approved"])
def test_an_answer_is_named_by_code_or_label(text):
    assert answers_to("budget").find(text).code == "approved"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Perhaps", "Perhaps is none of the answers."),
        ("approved: Planned", "approved: Planned can mean approved: Approved or planned: Planned: give the code."),
        ("approved: Perhaps", "approved: Perhaps is none of the answers."),
        ("YES", "YES can mean yes: yes or yes_2: Yes: give the code."),
    ],
)
def test_what_names_no_answer_or_several_is_refused(text, message):
    answers = Answers((*Answers.new(["Yes", "yes"]).choices, *answers_to("budget").choices))

    with pytest.raises(NoAnswer) as refused:
        answers.find(text)

    assert str(refused.value) == message


def test_a_code_beside_a_label_that_another_answer_has_now_is_refused(now):
    rename_answers(field=budget(), labels={"approved": "Granted", "planned": "Approved"}, now=now)

    with pytest.raises(NoAnswer, match="can mean approved: Granted or planned: Approved: give the code"):
        answers_to("budget").find("approved: Approved")


def test_a_lead_keeps_codes(cast, now):
    lead = make_lead(budget="Approved", timeframe="within_3_months")

    assert lead.fields == {"budget": "approved", "timeframe": "within_3_months"}


def test_a_retired_answer_survives_that_another_is_saved(cast, now):
    lead = make_lead(budget="Approved")
    retire_answer(field=budget(), code="approved", now=now)

    change_lead(lead=lead, changes={"budget": "approved", "timeframe": "Later or never"}, by=cast.ada, now=now)

    assert lead.fields == {"budget": "approved", "timeframe": "later_or_never"}


def test_a_retired_answer_of_several_stays_and_cannot_be_chosen(cast, now):
    field = make_field("wishes", FieldType.CHOICES, answers=["Ads", "Mail", "Post"])
    lead, other = make_lead(wishes=["Ads", "Mail"]), make_lead()
    retire_answer(field=field, code="ads", now=now)

    change_lead(lead=lead, changes={"wishes": ["ads", "post"]}, by=cast.ada, now=now)
    assert lead.fields["wishes"] == ["ads", "post"]

    with pytest.raises(ValidationError) as refused:
        change_lead(lead=other, changes={"wishes": ["Ads"]}, by=cast.ada, now=now)
    assert refused.value.message_dict == {"wishes": ["Ads: no longer offered."]}
    with pytest.raises(ValidationError):
        create_lead(values={"last_name": "Roe", "wishes": ["Ads"]}, by=cast.ada, now=now)
    restore_answer(field=field, code="ads")
    change_lead(lead=other, changes={"wishes": ["Ads"]}, by=cast.ada, now=now)
    assert other.fields["wishes"] == ["ads"]


def test_a_change_names_the_versions_of_the_labels_in_force(cast, now):
    lead = make_lead(budget="Planned")
    rename_answers(field=budget(), labels={"approved": "Granted"}, now=now)

    change_lead(lead=lead, changes={"budget": "Granted"}, by=cast.ada, now=now)

    assert Activity.objects.get(lead=lead, kind="field_changed").payload == {
        "changed": {"budget": ["planned", "approved"]},
        "labels": {"budget": {"planned": 1, "approved": 2}},
    }


def test_labels_have_versions(now):
    field = budget()

    assert rename_answers(field=field, labels={"approved": " Granted ", "planned": "Planned"}, now=now) == 1
    assert rename_answers(field=field, labels={"approved": "Money is there"}, now=now) == 1

    answers = answers_to("budget")
    assert answers.get("approved").labels == ("Approved", "Granted", "Money is there")
    assert [answers.label("approved", version) for version in (1, 2, 3, None)] == [
        "Approved",
        "Granted",
        "Money is there",
        "Money is there",
    ]


def test_two_answers_can_change_names(now):
    rename_answers(field=budget(), labels={"approved": "Planned", "planned": "Approved"}, now=now)

    assert answers_to("budget").find("Planned").code == "approved"


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("", "An answer needs a label."),
        ("Planned", "Planned is the label of another answer."),
        ("planned", "planned is the code of another answer."),
        ("x" * 501, "A label has at most 500 characters."),
    ],
)
def test_a_label_that_cannot_be_is_refused(now, label, message):
    with pytest.raises(ValidationError) as refused:
        rename_answers(field=budget(), labels={"approved": label}, now=now)

    assert refused.value.messages == [message]
    assert answers_to("budget").label("approved") == "Approved"


def test_answers_are_added_behind_the_others_and_put_in_order(now):
    field = budget()
    add_answers(field=field, labels=["Asked for"], now=now)
    with pytest.raises(ValidationError, match="Asked for is the label of another answer"):
        add_answers(field=field, labels=["Asked for"], now=now)

    order_answers(field=field, codes=["asked_for", "no_budget"])

    assert [choice.code for choice in answers_to("budget").choices] == [
        "asked_for",
        "no_budget",
        "approved",
        "planned",
        "not_yet",
    ]


def test_only_a_retired_answer_that_nothing_uses_is_deleted(now):
    field = budget()
    with pytest.raises(ValidationError, match="Only an answer that is retired"):
        delete_answer(field=field, code="planned", is_used=lambda: False)
    retire_answer(field=field, code="planned", now=now)
    with pytest.raises(ValidationError, match="Planned is in use"):
        delete_answer(field=field, code="planned", is_used=lambda: True)

    delete_answer(field=field, code="planned", is_used=lambda: False)

    assert answers_to("budget").get("planned") is None


def test_a_field_that_is_there_keeps_its_answers(now):
    define_field(code="budget", label="Money", type="choice", answers=Answers.new(["Much"]), now=now)

    assert answers_to("budget").get("much") is None


def test_a_condition_is_kept_by_codes_and_said_by_labels(now):
    tree = {"all": [{"answer": "budget", "op": "in", "value": ["Approved", "planned"]}, {"not": {"activity": "visit"}}]}
    vocabulary = Vocabulary.load()
    check(tree, vocabulary)

    kept = as_stored(tree, vocabulary)

    assert kept["all"] == [{"answer": "budget", "op": "in", "value": ["approved", "planned"]}, tree["all"][1]]
    assert answers_of(kept) == (("budget", "approved"), ("budget", "planned"))
    rename_answers(field=budget(), labels={"approved": "Granted"}, now=now)
    assert describe(kept) == '(budget is "Granted" or "Planned") and not (had a visit)'


def test_renaming_and_retiring_leave_a_condition_as_it_was(now):
    lead, tree = make_lead(budget="Approved"), {"field": "budget", "op": "is", "value": "approved"}
    rename_answers(field=budget(), labels={"approved": "Granted"}, now=now)
    retire_answer(field=budget(), code="approved", now=now)

    check(tree)

    assert list(matching(Lead.objects.all(), tree, now=now)) == [lead]
