import pytest
from django.test import Client
from django.urls import reverse

from leads.actions.definitions import define_stage
from leads.enums import FieldType
from leads.models import Company, DirtyLead, FieldDefinition, Lead, LeadSearch, Source, StageDefinition
from leads.models import lead as lead_module
from tests.factories.leads import make_campaign, make_field, make_lead


@pytest.fixture
def browser(cast):
    browser = Client()
    browser.force_login(cast.ann)
    return browser


def url(page, model, *args):
    return reverse(f"admin:leads_{model}_{page}", args=args)


@pytest.mark.parametrize("model", ["company", "source", "campaign", "fielddefinition", "stagedefinition", "lead"])
def test_lists_open_and_others_may_not(browser, cast, now, model):
    make_lead(now=now, company="Acme", campaign=make_campaign())

    assert browser.get(url("changelist", model)).status_code == 200
    assert browser.get(url("changelist", model), {"q": "acme"}).status_code == 200
    stranger = Client()
    stranger.force_login(cast.mia)
    assert stranger.get(url("changelist", model)).status_code == 302


@pytest.mark.parametrize("model", ["company", "source", "campaign", "fielddefinition"])
def test_forms_open_empty_and_filled(browser, now, model):
    make_lead(now=now, company="Acme", campaign=make_campaign())
    make_field("seats")
    known = {
        "company": Company,
        "source": Source,
        "campaign": Lead._meta.get_field("campaign").related_model,
        "fielddefinition": FieldDefinition,
    }

    assert browser.get(url("add", model)).status_code == 200
    assert browser.get(url("change", model, known[model].objects.first().pk)).status_code == 200


def test_a_company_that_is_renamed_is_found_by_its_new_name(browser, now):
    lead = make_lead(now=now, last_name="Roe", company="Acme")
    DirtyLead.objects.all().delete()
    values = {"name": "Übermut  AG", "website": "", "industry": "", "phone": "", "city": "", "country": ""}

    response = browser.post(url("change", "company", lead.company_id), values)

    assert response.status_code == 302
    assert Company.objects.values_list("name", "name_key").get() == ("Übermut AG", "übermut ag")
    assert LeadSearch.objects.get(lead=lead).document == "roe ubermut ag"
    assert DirtyLead.objects.get().lead == lead


def test_a_company_is_not_made_twice(browser, now):
    make_lead(now=now, company="Acme")
    values = {"name": "ACME.", "website": "", "industry": "", "phone": "", "city": "", "country": ""}

    response = browser.post(url("add", "company"), values)

    assert response.context["adminform"].form.errors == {"name": ["This is the same as Acme."]}
    assert Company.objects.count() == 1


def test_a_field_takes_its_answers_line_by_line(browser):
    values = {
        "label": "Colour",
        "code": "colour",
        "type": "choice",
        "answers": "red\r\n\r\n blue \r\n",
        "position": "1",
        "is_active": "on",
    }

    assert browser.post(url("add", "fielddefinition"), values).status_code == 302
    field = FieldDefinition.objects.get(code="colour")
    assert list(field.answers.values_list("code", "label", "position")) == [("red", "red", 1), ("blue", "blue", 2)]
    shown = browser.get(url("change", "fielddefinition", field.pk)).context["adminform"].fieldsets[0][1]["fields"]
    assert "answers" not in shown


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"code": "email"}, {"code": ["email is a built-in field."]}),
        ({"code": "Shoe Size"}, {"code": ["Use small letters, digits and underscores, and start with a letter."]}),
        ({"answers": ""}, {"answers": ["A choice field needs answers to choose from."]}),
        ({"answers": "red\nred"}, {"answers": ["An answer stands twice in the list."]}),
        ({"type": "text"}, {"answers": ["Only a choice field has answers."]}),
    ],
)
def test_a_bad_field_is_refused(browser, changes, errors):
    values = {"label": "X", "code": "x", "type": "choice", "answers": "red", "position": "1"} | changes

    response = browser.post(url("add", "fielddefinition"), values)

    assert response.context["adminform"].form.errors == errors


def test_code_and_type_of_a_field_stay(browser):
    field = make_field("seats", FieldType.INTEGER)
    values = {"label": "Places", "code": "places", "type": "text", "position": "1"}

    assert browser.post(url("change", "fielddefinition", field.pk), values).status_code == 302

    field.refresh_from_db()
    assert (field.label, field.code, field.type) == ("Places", "seats", "integer")
    assert browser.post(url("delete", "fielddefinition", field.pk), {"post": "yes"}).status_code == 403


def test_editing_a_definition_makes_a_version(browser, cast):
    old = StageDefinition.objects.get(stage="lead")
    values = {"who": "Somebody who asked.", "moves_in": old.moves_in, "entry": '{"field": "email", "op": "filled"}'}

    assert browser.post(url("change", "stagedefinition", old.pk), values).status_code == 302

    old.refresh_from_db()
    new = StageDefinition.objects.get(stage="lead", is_current=True)
    assert (old.is_current, old.version, old.entry) == (False, 1, None)
    assert (new.version, new.who, new.created_by) == (2, "Somebody who asked.", cast.ann)
    assert new.entry == {"field": "email", "op": "filled"}
    # What was agreed once can be read, and no longer changed.
    assert browser.get(url("change", "stagedefinition", old.pk)).status_code == 200
    assert browser.post(url("change", "stagedefinition", old.pk), values).status_code == 403


def test_a_bad_entry_condition_is_refused_by_path(browser):
    old = StageDefinition.objects.get(stage="lead")
    values = {"who": "x", "moves_in": "y", "entry": '{"all": [{"field": "emale", "op": "filled"}]}'}

    response = browser.post(url("change", "stagedefinition", old.pk), values)

    [message] = response.context["adminform"].form.errors["entry"]
    assert message.startswith("all[0].field: ")
    assert StageDefinition.objects.filter(stage="lead").count() == 1


def test_the_same_words_make_no_version(cast, now):
    old = StageDefinition.objects.get(stage="lead")

    same = define_stage(stage="lead", who=old.who, moves_in=old.moves_in, entry=old.entry, by=cast.ann, now=now)

    assert same == old
    assert StageDefinition.objects.filter(stage="lead").count() == 1


def test_a_lead_is_only_read(browser, cast, now):
    lead = make_lead(now=now, owner=cast.ben)

    assert browser.get(url("change", "lead", lead.pk)).status_code == 200
    assert browser.post(url("change", "lead", lead.pk), {"stage": "customer", "score": 99}).status_code == 403
    assert browser.post(url("delete", "lead", lead.pk), {"post": "yes"}).status_code == 403
    assert browser.get(url("add", "lead")).status_code == 403
    assert Lead.objects.values_list("stage", "score", "owner").get() == ("name", 0, cast.ben.pk)


def test_whoever_opens_the_admin_sees_there_what_she_sees_elsewhere(cast, now):
    hers, other = make_lead(now=now, owner=cast.ben), make_lead(now=now, owner=cast.cal)
    cast.ben.is_staff = True
    cast.ben.save()
    browser = Client()
    browser.force_login(cast.ben)

    found = browser.get(url("changelist", "lead")).context["cl"].result_list

    assert list(found) == [hers]
    assert browser.get(url("change", "lead", other.pk)).status_code == 404


def test_lists_ask_the_same_number_of_questions_for_more_rows(browser, cast, now, django_assert_max_num_queries):
    def pages():
        for model in ("lead", "campaign", "stagedefinition"):
            assert browser.get(url("changelist", model)).status_code == 200

    make_lead(now=now, company="Acme", owner=cast.ben, campaign=make_campaign("a"))
    with django_assert_max_num_queries(60) as one:
        pages()
    for number in range(3):
        make_lead(now=now, company=f"Acme {number}", owner=cast.cal, campaign=make_campaign(f"b{number}"))
    with django_assert_max_num_queries(60) as many:
        pages()

    assert len(many) == len(one)


def test_search_of_leads_shows_all_that_are_found(browser, cast, now, monkeypatch):
    monkeypatch.setattr(lead_module, "SEARCH_LIMIT", 1)
    for _ in range(3):
        make_lead(now=now, first_name="Zebulon")
    make_lead(now=now, first_name="Other")

    assert browser.get(url("changelist", "lead"), {"q": "zebu"}).context["cl"].result_count == 3
