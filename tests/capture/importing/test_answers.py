"""Answers in files: by code or label, exactly; what a mapping keeps goes on when they are renamed."""

import json

import pytest
from django.utils import timezone

from capture.importing.actions import running
from capture.importing.models import Import, ImportProblem, RememberedMapping
from leads.actions.answers import delete_answer, rename_answers, retire_answer
from leads.csv_export import lead_lines
from leads.enums import FieldType
from leads.models import FieldDefinition, Lead, Source
from tests.capture.importing.conftest import counts
from tests.factories.leads import make_field, make_lead, make_source

pytestmark = pytest.mark.django_db

MAPPING = {"columns": {"Email": "email", "Budget": "budget"}}


def field(code):
    return FieldDefinition.objects.get(code=code)


def people(*answers):
    return "Email,Budget\n" + "".join(f"p{number}@x.example,{answer}\n" for number, answer in enumerate(answers))


def budgets():
    return list(Lead.objects.order_by("email").values_list("fields__budget", flat=True))


def problems():
    return list(ImportProblem.objects.order_by("number").values_list("message", flat=True))


def test_cells_name_answers_by_code_or_label(bring):
    bring(people("approved", "Approved", "PLANNED", "not_yet", "planned: Planned", ""), mapping=MAPPING)

    assert budgets() == ["approved", "approved", "planned", "not_yet", "planned", None]
    assert problems() == []


def test_cells_are_not_guessed(bring):
    make_field("size", FieldType.CHOICE, answers=["<50", ">50", "50", "XL", "xl"])
    mapping = {"columns": {"Email": "email", "Budget": "size"}}

    bring(people("<50", ">50", "50", "=50", "Xl", "XL"), mapping=mapping)

    assert list(Lead.objects.order_by("email").values_list("fields__size", flat=True)) == [
        "under_50",
        "over_50",
        "50",
        None,
        None,
        "xl_2",
    ]
    assert problems() == [
        "“=50” is none of the answers.",
        "“Xl” can mean xl: xl or xl_2: XL: give the code.",
    ]


def test_a_retired_answer_is_given_to_nobody_new_and_taken_from_nobody(bring, now):
    lead = make_lead(email="p0@x.example", budget="Approved")
    retire_answer(field=field("budget"), code="approved", now=now)

    bring(people("Approved", "Approved"), mapping=MAPPING)

    lead.refresh_from_db()
    assert budgets() == ["approved", None]
    assert problems() == ["“Approved” is no longer offered: whoever has it keeps it."] * 2


def test_a_remembered_mapping_goes_on_after_a_rename(bring, write, now):
    bring(people("Approved"), mapping=MAPPING)
    run = Import.objects.get()
    assert "choices" not in json.dumps(run.mapping)
    rename_answers(field=field("budget"), labels={"approved": "Granted"}, now=now)

    bring("Email,Budget\np1@x.example,Granted\np2@x.example,approved\n", mapping=run.mapping)

    assert budgets() == ["approved"] * 3
    assert not RememberedMapping.objects.exists()


def test_new_fields_get_the_answers_of_the_mapping(bring, attempt):
    mapping = {"columns": {"Email": "email", "Size": {"field": "size", "type": "choice", "choices": ["<50", "50"]}}}
    content = "Email,Size\na@x.example,<50\nb@x.example,50\nc@x.example,5\n"
    tried = attempt(content, mapping=mapping, create_fields=True)

    bring(content, mapping=mapping, create_fields=True)

    assert list(field("size").answers.values_list("code", "label")) == [("under_50", "<50"), ("50", "50")]
    assert list(Lead.objects.order_by("email").values_list("fields__size", flat=True)) == ["under_50", "50", None]
    assert [message for _, _, message, _ in tried.problems] == problems() == ["“5” is none of the answers."]


def test_what_is_exported_comes_back_the_same(bring, now):
    make_field("wishes", FieldType.CHOICES, answers=["Ads, paid", "Mail", "Post; letters"])
    lead = make_lead(email="p@x.example", budget="Approved", wishes=["Ads, paid", "Mail"])
    other = make_lead(email="q@x.example", wishes=["Post; letters"])
    before = [lead.fields, other.fields]
    lines = "".join(lead_lines(Lead.objects.all(), ["email", "budget", "wishes"]))
    assert "approved: Approved" in lines
    Lead.objects.update(fields={})
    rename_answers(field=field("budget"), labels={"approved": "Granted"}, now=now)

    bring(lines)

    assert [person.fields for person in Lead.objects.order_by("email")] == before
    assert problems() == []


def test_an_answer_that_is_retired_while_the_chunk_is_on_its_way_is_left_where_it_is(bring, monkeypatch):
    merge, budget = running._merge_and_commit, field("budget")

    def retire_and_merge(*args):
        retire_answer(field=budget, code="planned", now=timezone.now())
        merge(*args)

    monkeypatch.setattr(running, "_merge_and_commit", retire_and_merge)
    mapping = {"columns": {"Email": "email", "Budget": "budget"}}
    run = bring("Email,Budget\na@x.example,Planned\nb@x.example,Approved\n", mapping=mapping)

    assert counts(run) == (2, 0, 0, 0)
    assert dict(Lead.objects.values_list("email", "fields")) == {
        "a@x.example": {},
        "b@x.example": {"budget": "approved"},
    }
    assert "is no longer offered" in run.problems.get().message


def test_a_source_that_is_retired_while_the_chunk_is_on_its_way_is_given_to_nobody(bring, monkeypatch):
    merge = running._merge_and_commit
    fair, web = make_source("fair"), make_source("web")

    def retire_and_merge(*args):
        Source.objects.filter(pk=fair.pk).update(retired_at=timezone.now())
        merge(*args)

    monkeypatch.setattr(running, "_merge_and_commit", retire_and_merge)
    mapping = {"columns": {"Email": "email", "Source": "source"}}
    run = bring("Email,Source\na@x.example,fair\nb@x.example,web\n", mapping=mapping)

    assert counts(run) == (2, 0, 0, 0)
    assert dict(Lead.objects.values_list("email", "source")) == {"a@x.example": None, "b@x.example": web.pk}
    assert run.problems.get().message == "“fair” is no longer offered among the sources."


def test_undoing_brings_no_answer_back_that_has_been_deleted(bring):
    budget = field("budget")
    mapping = {"columns": {"Email": "email", "City": "city", "Budget": "budget"}}
    bring("Email,Budget\na@x.example,Planned\n", mapping=mapping)
    run = bring("Email,City,Budget\na@x.example,Ulm,Approved\n", mapping=mapping)
    retire_answer(field=budget, code="planned", now=timezone.now())
    delete_answer(field=budget, code="planned", is_used=lambda: False)
    running.undo(run=run, by=None, now=timezone.now())
    running.continue_import(run_id=run.pk, clock=timezone.now)

    lead = Lead.objects.get()
    assert (lead.city, lead.fields) == ("", {"budget": "approved"})
    run.refresh_from_db()
    assert run.undone["examples"][0]["fields"] == ["budget"]
