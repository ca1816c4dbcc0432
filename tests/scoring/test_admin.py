import re

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from leads.models import FieldDefinition
from scoring.actions import dump_model, load_model
from scoring.models import QuestionSet, RegradeRun, ScoringModel
from tests.cast import make_user
from tests.factories.leads import make_lead
from tests.scoring.made import CITY, model_file, publish

pytestmark = pytest.mark.django_db

LIST = "/admin/scoring/scoringmodel/"
VISIT = {"activity": "visit"}


def page(model, end=""):
    return f"{LIST}{model.pk}/{end or 'change/'}"


@pytest.fixture
def draft(now):
    rules = (("In Porto", 60, CITY), ("Visited", 2, VISIT, {"cap": 10, "half_life_days": 7}))
    must = {"grade": "A", "label": "Phone", "when": {"field": "phone", "op": "filled"}}
    return load_model(data=model_file(*rules, requirements=[must]), by=None, now=now)


@pytest.fixture
def as_ann(client, cast):
    client.force_login(cast.ann)
    return client


def form_of(response):
    """What a browser would post back from the change page."""
    data = {}
    forms = [response.context["adminform"].form]
    for inline in response.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.initial_forms]
    for form in forms:
        for bound in form:
            value = bound.value()
            data[bound.html_name] = "" if value is None else value
    return data


PAGES = [LIST, f"{LIST}add/", "/admin/scoring/questionset/"]


@pytest.mark.parametrize("path", PAGES)
def test_the_admin_opens_for_an_admin_alone(client, cast, path):
    for user, status in ((cast.ann, 200), (cast.mia, 302), (cast.ben, 302)):
        client.force_login(user)
        assert client.get(path).status_code == status


@pytest.mark.parametrize("end", ["change/", "publish/", "copy/", "roll-back/"])
def test_nobody_else_reaches_a_model(client, cast, draft, end):
    for user in (cast.mia, cast.ben, cast.ada):
        client.force_login(user)
        assert client.post(page(draft, end)).status_code == 302
    assert list(ScoringModel.objects.values_list("status", flat=True)) == ["draft"]


def test_a_draft_shows_its_conditions_in_english_and_what_the_points_add_up_to(as_ann, draft):
    text = as_ann.get(page(draft)).content.decode()
    assert "city is" in text.lower()
    assert "anything from 0 to 70" in " ".join(text.split())


def test_a_published_version_says_in_words_what_its_rules_give(as_ann, now):
    rules = (
        ("In Porto", 60, CITY),
        ("Visited", 2, VISIT, {"cap": 10, "half_life_days": 7}),
        ("Called", -3, {"activity": "call"}, {"cap": 9, "half_life_days": 1}),
        ("Wrote", 4, {"activity": "email_replied"}, {"cap": 8}),
    )
    model = publish(*rules, now=now)
    shown = [
        cell.strip()
        for cell in re.findall(
            r"field-points_in_words.*?readonly[^>]*>(.*?)<", as_ann.get(page(model)).content.decode(), re.S
        )
    ]
    assert shown == [
        "60",
        "2 each, halved every 7 days, 10 at most",
        "-3 each, halved every 1 day, -9 at most",
        "4 each, 8 at most",
    ]


def test_the_pages_take_a_fixed_number_of_queries(as_ann, now, django_assert_max_num_queries):
    rules = [(f"Rule {number}", 1, CITY) for number in range(12)]
    model = load_model(data=model_file(*rules), by=None, now=now)
    with django_assert_max_num_queries(25):
        assert as_ann.get(page(model)).status_code == 200
    with django_assert_max_num_queries(15):
        assert as_ann.get(LIST).status_code == 200


def test_a_draft_is_edited_with_its_rules(as_ann, draft):
    data = form_of(as_ann.get(page(draft)))
    data |= {"name": "Renamed", "rules-0-points": "55", "rules-0-position": "2", "rules-1-position": "1"}
    response = as_ann.post(page(draft), data)
    assert response.status_code == 302, response.context["errors"]
    changed = dump_model(ScoringModel.objects.get(pk=draft.pk))
    assert changed["name"] == "Renamed"
    assert [(rule["label"], rule["points"]) for rule in changed["rules"]] == [("Visited", 2), ("In Porto", 55)]


def test_a_rule_is_added_last_and_counts_when_it_has_a_cap(as_ann, draft):
    data = form_of(as_ann.get(page(draft)))
    data |= {
        "rules-TOTAL_FORMS": "3",
        "rules-2-id": "",
        "rules-2-model": draft.pk,
        "rules-2-label": "Clicked",
        "rules-2-points": "4",
        "rules-2-cap": "9",
        "rules-2-condition": '{"activity": "email_clicked"}',
    }
    assert as_ann.post(page(draft), data).status_code == 302
    rule = draft.rules.get(label="Clicked")
    assert (rule.position, rule.kind, rule.cap, rule.half_life_days) == (3, "behaviour", 9, None)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rules-0-condition": '{"all": [{"field": "cty", "op": "is", "value": 1}]}'}, "all[0].field"),
        ({"rules-0-condition": '{"not": {"field": "grade", "op": "is", "value": "A"}}'}, "not.field"),
        ({"rules-0-condition": "{not json"}, "not JSON"),
        ({"rules-0-points": "0"}, "Zero points"),
        ({"rules-0-points": "1001"}, "at most 1000"),
        ({"rules-0-half_life_days": "3"}, "needs a cap"),
        ({"rules-0-cap": "3"}, "single activity test"),
        ({"rules-0-label": "one two three four five six seven eight nine"}, "at most 8 words"),
        ({"a_from": "50"}, "have to descend"),
        ({"a_from": "9000000"}, "between"),
        ({"requirements-0-condition": '{"field": "cty", "op": "filled"}'}, "unknown field"),
    ],
)
def test_what_is_wrong_is_named_and_what_was_typed_stays(as_ann, draft, changes, said):
    before = dump_model(draft)
    response = as_ann.post(page(draft), form_of(as_ann.get(page(draft))) | changes)
    assert response.status_code == 200
    text = response.content.decode()
    assert said in text
    bound = [response.context["adminform"].form] + [
        form for inline in response.context["inline_admin_formsets"] for form in inline.formset.forms
    ]
    shown = {field.html_name: field.value() for form in bound for field in form}
    assert {name: shown[name] for name in changes} == changes
    assert dump_model(ScoringModel.objects.get(pk=draft.pk)) == before


def test_a_new_model_is_a_draft_with_the_next_version(as_ann, cast, draft):
    data = {"name": "New", "question_set": "", "a_from": 70, "b_from": 40, "c_from": 20, "notes": ""}
    for prefix in ("rules", "requirements"):
        data |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    assert as_ann.post(f"{LIST}add/", data).status_code == 302
    model = ScoringModel.objects.get(name="New")
    assert (model.version, model.status, model.created_by) == (draft.version + 1, "draft", cast.ann)


def test_publishing_is_asked_for_and_then_done(as_ann, cast, draft):
    asked = as_ann.get(page(draft, "publish/"))
    assert (asked.status_code, ScoringModel.objects.get().status) == (200, "draft")
    assert as_ann.post(page(draft, "publish/")).status_code == 302
    model = ScoringModel.objects.get()
    assert (model.status, model.published_by) == ("published", cast.ann)
    assert as_ann.post(page(draft, "publish/")).status_code == 403


def test_a_draft_that_cannot_be_published_says_why(as_ann, now):
    FieldDefinition.objects.create(code="seats", label="Seats", type="integer")
    draft = load_model(data=model_file(("Big", 5, {"field": "seats", "op": "over", "value": 9})), by=None, now=now)
    FieldDefinition.objects.filter(code="seats").delete()
    response = as_ann.post(page(draft, "publish/"))
    assert response.status_code == 200
    assert "rules[0].when.field" in response.content.decode()
    assert as_ann.get(page(draft)).status_code == 200


def test_a_draft_without_rules_says_why_it_cannot_be_published(as_ann, now):
    empty = load_model(data=model_file(), by=None, now=now)
    assert "rules: there are none yet" in as_ann.post(page(empty, "publish/")).text
    empty.refresh_from_db()
    assert empty.status == "draft"


def test_a_published_version_is_read_only(as_ann, now):
    model = publish(("In Porto", 60, CITY), now=now)
    response = as_ann.get(page(model))
    assert (response.status_code, "never changes" in response.content.decode()) == (200, True)
    assert as_ann.post(page(model), {"name": "Other"}).status_code == 403
    assert as_ann.post(page(model, "delete/"), {"post": "yes"}).status_code == 403


def test_a_published_version_is_a_table_in_english(as_ann, now):
    text = as_ann.get(page(publish(("In Porto", 60, CITY), now=now))).content.decode()
    assert "<table" in text
    assert "city is" in text
    assert "&quot;op&quot;" not in text


def test_a_version_is_copied_and_rolled_back_to(as_ann, now):
    first = publish(("In Porto", 60, CITY), now=now)
    publish(("In Porto", 70, CITY), now=now)
    assert as_ann.post(page(first, "copy/")).status_code == 302
    assert as_ann.post(page(first, "roll-back/")).status_code == 302
    assert list(ScoringModel.objects.order_by("version").values_list("version", "status")) == [
        (1, "retired"),
        (2, "retired"),
        (3, "draft"),
        (4, "published"),
    ]


def test_without_the_right_to_publish_a_draft_can_be_edited_but_not_published(client, cast, draft):
    user = make_user("eve", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label="scoring").exclude(codename="publish_scoringmodel")
    )
    client.force_login(user)
    assert client.get(page(draft)).status_code == 200
    for end in ("publish/", "roll-back/"):
        assert client.post(page(draft, end)).status_code == 403
    make_lead()
    publish(("In Porto", 60, CITY), now=draft.created_at)
    run = RegradeRun.objects.get()
    assert client.post(reverse("admin:scoring_regraderun_cancel", args=[run.pk])).status_code == 403


def test_the_progress_of_a_regrade_is_shown_and_can_be_cancelled(as_ann, now):
    make_lead()
    model = publish(("In Porto", 60, CITY), now=now)
    for path in (LIST, page(model)):
        assert "0 of about 1 leads" in " ".join(as_ann.get(path).content.decode().split())
    cancel = reverse("admin:scoring_regraderun_cancel", args=[RegradeRun.objects.get().pk])
    assert as_ann.get(cancel).status_code == 405
    assert as_ann.post(cancel).status_code == 302
    assert RegradeRun.objects.get().cancelled_at is not None
    assert "of about" not in as_ann.get(LIST).content.decode()


def test_questions_are_shown_with_their_answers(as_ann):
    questions = QuestionSet.objects.get(code="btd")
    text = as_ann.get(f"/admin/scoring/questionset/{questions.pk}/change/").content.decode()
    assert "Approved, Planned, Not yet, No budget" in text
