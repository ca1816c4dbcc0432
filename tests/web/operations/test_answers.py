import json

import pytest
from django.urls import reverse

from leads.actions.answers import retire_answer
from leads.models import Answer, AnswerLabel, FieldDefinition, StageDefinition
from routing.models import AssignmentRule, RoutingPolicy
from tests.factories.leads import make_lead
from tests.scoring.made import publish
from web.operations.answers import Use

FIELDS = reverse("web:answer-fields")
PAGE = reverse("web:answer-list", args=["budget"])
CODES = ["approved", "planned", "not_yet", "no_budget"]


def change(answer, what):
    return reverse("web:answer-change", args=["budget", answer, what])


def budget():
    return FieldDefinition.objects.get(code="budget")


def listed():
    return list(Answer.objects.filter(field=budget()).order_by("position").values_list("code", "label"))


def posted(**changes):
    values = {f"label-{code}": label for code, label in listed()}
    values |= {f"place-{code}": place for place, (code, _) in enumerate(listed(), 1)}
    values["was"] = json.dumps(dict(listed()))
    return values | {name.replace("__", "-"): value for name, value in changes.items()}


def test_the_list_names_the_fields(cast, as_user, now):
    retire_answer(field=budget(), code="planned", now=now)

    page = as_user(cast.ann).get(FIELDS)

    found = {field.code: (field.all_answers, field.retired) for field in page.context["fields"]}
    assert found["budget"] == (4, 1)
    assert "interest" not in found


@pytest.mark.parametrize("who", ["ben", "ada", "mia"])
def test_answers_are_the_admins_to_change(cast, as_user, who):
    client = as_user(getattr(cast, who))
    before = listed()

    answers = [client.post(url, posted(label__approved="Granted")) for url in (PAGE, change("planned", "retire"))]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert listed() == before


def test_labels_and_order_are_saved(cast, as_user):
    values = posted(label__approved="Granted", place__no_budget=1)

    answer = as_user(cast.ann).post(PAGE, values)

    assert answer.status_code == 302
    assert listed() == [
        ("no_budget", "No budget"),
        ("approved", "Granted"),
        ("planned", "Planned"),
        ("not_yet", "Not yet"),
    ]


def typed(page):
    """What a browser sends from the form of a page that was answered."""
    form = page.context["form"]
    return {name: form[name].value() for name in form.fields}


def test_the_page_sends_what_it_shows(cast, as_user):
    before = listed()
    client = as_user(cast.ann)

    assert client.post(PAGE, typed(client.get(PAGE))).status_code == 302
    assert listed() == before


def test_what_one_left_alone_stays_as_somebody_else_has_put_it(cast, as_user):
    client = as_user(cast.ann)
    one, other = posted(label__approved="Granted", place__no_budget=1), posted(label__planned="Soon")

    assert [client.post(PAGE, values).status_code for values in (one, other)] == [302, 302]

    assert listed() == [
        ("no_budget", "No budget"),
        ("approved", "Granted"),
        ("planned", "Soon"),
        ("not_yet", "Not yet"),
    ]


def test_a_label_that_somebody_else_changed_is_told_and_what_was_typed_stays(cast, as_user):
    client = as_user(cast.ann)
    mine = posted(label__approved="Confirmed", label__planned="Soon")
    client.post(PAGE, posted(label__approved="Granted"))

    page = client.post(PAGE, mine)

    assert page.status_code == 409
    assert page.context["form"].errors == {
        "label-approved": ["Somebody else has put “Granted” here meanwhile. Save once more to have yours."]
    }
    assert 'value="Confirmed"' in page.text
    assert dict(listed()) | {"approved": "Granted", "planned": "Planned"} == dict(listed())
    assert client.post(PAGE, typed(page)).status_code == 302
    assert dict(listed()) | {"approved": "Confirmed", "planned": "Soon"} == dict(listed())


def test_an_order_that_somebody_else_changed_is_told_and_can_be_changed_after_that(cast, as_user):
    client = as_user(cast.ann)
    mine = posted(place__no_budget=1)
    client.post(PAGE, posted(place__not_yet=1))

    page = client.post(PAGE, mine)

    assert page.status_code == 409
    assert page.context["form"].non_field_errors() == [
        "Somebody else has changed the order meanwhile: Not yet, Approved, Planned, No budget. "
        "Save once more to have yours."
    ]
    assert [code for code, _ in listed()] == ["not_yet", "approved", "planned", "no_budget"]
    assert client.post(PAGE, typed(page)).status_code == 302
    assert listed()[0] == ("no_budget", "No budget")


def test_the_same_from_both_is_no_conflict(cast, as_user):
    client = as_user(cast.ann)
    values = posted(label__approved="Granted", place__no_budget=1)

    assert [client.post(PAGE, values).status_code for _ in range(2)] == [302, 302]

    assert AnswerLabel.objects.filter(answer__field=budget(), answer__code="approved").count() == 2


def test_an_answer_that_was_added_or_deleted_meanwhile_stays_so(cast, as_user, now):
    client = as_user(cast.ann)
    mine = posted(label__approved="Granted", place__no_budget=1)
    client.post(reverse("web:answer-add", args=["budget"]), {"label": "Asked for"})
    retire_answer(field=budget(), code="planned", now=now)
    client.post(change("planned", "delete"))

    assert client.post(PAGE, mine).status_code == 302

    assert listed() == [
        ("no_budget", "No budget"),
        ("approved", "Granted"),
        ("not_yet", "Not yet"),
        ("asked_for", "Asked for"),
    ]


def test_a_label_typed_for_an_answer_that_was_deleted_meanwhile_is_said(cast, as_user, now):
    client = as_user(cast.ann)
    mine = posted(label__approved="Granted", label__planned="Foreseen")
    retire_answer(field=budget(), code="planned", now=now)
    client.post(change("planned", "delete"))
    before = listed()

    page = client.post(PAGE, mine)

    assert page.status_code == 422
    assert "Somebody else has deleted “Planned”, which you called “Foreseen”." in page.text
    assert listed() == before
    assert 'value="Granted"' in page.text
    del mine["label-planned"]
    assert client.post(PAGE, mine).status_code == 302
    assert ("approved", "Granted") in listed()


@pytest.mark.parametrize("was", ["", "{", "[" * 20_000, "[]", '"x"', '{"approved": 1}', '{"approved": 1, "gone": 1}'])
def test_without_what_was_shown_nothing_is_overwritten(cast, as_user, was):
    before = listed()

    page = as_user(cast.ann).post(PAGE, posted(label__approved="Granted") | {"was": was})

    assert page.status_code in {409, 422}
    assert listed() == before


def test_retiring_and_offering_again_act_once_when_sent_twice(cast, as_user):
    client = as_user(cast.ann)
    client.post(change("planned", "retire"))
    since = Answer.objects.get(field=budget(), code="planned").retired_at

    assert client.post(change("planned", "retire")).status_code == 302
    assert Answer.objects.get(field=budget(), code="planned").retired_at == since

    assert [client.post(change("planned", "restore")).status_code for _ in range(2)] == [302, 302]
    assert Answer.objects.get(field=budget(), code="planned").retired_at is None


def test_the_enter_key_saves(cast, as_user):
    page = as_user(cast.ann).get(PAGE).text

    form = page[page.index(f'<form class="panel" method="post" action="{PAGE}"') :]
    first_button = form[form.index('<button type="submit"') :].split(">")[0]
    assert "formaction" not in first_button


def test_a_label_that_is_taken_is_refused_and_nothing_saved(cast, as_user):
    before = listed()

    answer = as_user(cast.ann).post(PAGE, posted(label__approved="Planned", place__no_budget=1))

    assert answer.status_code == 422
    assert "Planned is the label of another answer." in answer.text
    assert listed() == before


def test_an_answer_is_added(cast, as_user):
    url = reverse("web:answer-add", args=["budget"])
    client = as_user(cast.ann)

    assert client.post(url, {"label": "Asked for"}).status_code == 302
    assert client.post(url, {"label": "Asked for"}).status_code == 422

    assert listed()[-1] == ("asked_for", "Asked for")


def test_the_page_says_what_uses_each_answer(cast, as_user, now):
    make_lead(budget="Approved")
    publish(("Money is there", 20, {"answer": "budget", "op": "in", "value": ["approved", "planned"]}), now=now)
    policy = RoutingPolicy.objects.get(is_active=True)
    condition = {"field": "budget", "op": "is", "value": "approved"}
    AssignmentRule.objects.create(policy=policy, position=1, name="Rich", condition=condition, pool=policy.default_pool)
    StageDefinition.objects.filter(stage="lead", is_current=True).update(entry=condition)

    page = as_user(cast.ann).get(PAGE)

    uses = {choice.code: use for choice, _, _, use in page.context["rows"]}
    assert str(uses["approved"].leads) == "1"
    assert uses["approved"].named_by == [
        "Test v1 (published): Money is there",
        f"Assignment rule Rich of {policy}",
        "Stage Lead",
    ]
    assert uses["planned"].named_by == ["Test v1 (published): Money is there"]
    assert not uses["no_budget"]
    assert isinstance(uses["no_budget"], Use)


def test_the_page_takes_as_many_queries_whatever_there_is(cast, as_user, now, django_assert_num_queries):
    client = as_user(cast.ann)
    client.get(PAGE)
    with django_assert_num_queries(10):
        client.get(PAGE)
    make_lead(budget="Approved")
    publish(("Money is there", 20, {"answer": "budget", "op": "is", "value": "approved"}), now=now)
    with django_assert_num_queries(10):
        client.get(PAGE)


def test_an_answer_is_retired_and_offered_again(cast, as_user):
    client = as_user(cast.ann)

    client.post(change("planned", "retire"))
    assert Answer.objects.get(field=budget(), code="planned").retired_at is not None
    client.post(change("planned", "restore"))
    assert Answer.objects.get(field=budget(), code="planned").retired_at is None


def test_an_answer_is_deleted_only_when_nothing_uses_it(cast, as_user, now):
    client = as_user(cast.ann)
    lead = make_lead(budget="Planned")
    retire_answer(field=budget(), code="planned", now=now)

    page = client.post(change("planned", "delete"), follow=True)
    assert "Planned is in use: it stays, retired." in page.text
    type(lead).objects.update(fields={})
    client.post(change("planned", "delete"))

    assert [code for code, _ in listed()] == ["approved", "not_yet", "no_budget"]


@pytest.mark.parametrize("url", [change("perhaps", "retire"), change("planned", "explode")])
def test_what_there_is_not_is_not_found(cast, as_user, url):
    assert as_user(cast.ann).post(url).status_code == 404
