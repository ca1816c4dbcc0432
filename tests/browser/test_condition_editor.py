"""The condition editor on a page of ours, under its content security policy, and without JavaScript."""

import json

import pytest
from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.template import Context, Template
from django.urls import include, path
from hypothesis import HealthCheck, given, settings

from leads.conditions import Vocabulary, describe
from leads.conditions.widgets import ConditionField
from tests.browser.chromium import DESK, PHONE
from tests.leads.conditions import trees
from tests.leads.conditions.crowd import add_field, add_source

TREE = {
    "all": [
        {"field": "job_title", "op": "contains", "value": "manager"},
        {"field": "budget", "op": "in", "value": ["approved", "planned"]},
        {
            "not": {
                "any": [{"field": "tags", "op": "has_any", "value": ["vip", "b, c"]}, {"field": "phone", "op": "empty"}]
            }
        },
        {
            "activity": ["visit", "form"],
            "where": [{"path": "url", "op": "contains", "value": "pricing"}, {"path": "n", "op": "is", "value": 3}],
            "at_least": 3,
            "within_days": 14,
        },
        {"activity": "call", "seen": "last", "op": "more_than_days_ago", "value": 90},
    ]
}

PAGE = Template("""<!doctype html><html lang="en" data-bs-theme="{{ theme }}"><head><title>Editor</title>
<link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="/static/tabler/css/tabler.min.css">
{{ form.media }}</head><body class="p-3"><h1>Editor</h1>
<form method="get">{{ form.as_div }}<button class="btn btn-primary">Save</button></form>
<pre>{{ saved }}</pre></body></html>""")


class RuleForm(forms.Form):
    condition = ConditionField()


@login_not_required
def editor(request):
    """The form with TREE, or with what was sent and what became of it."""
    sent = request.GET.get("condition")
    form = RuleForm({"condition": sent}) if sent is not None else RuleForm(initial={"condition": TREE})
    saved = json.dumps(form.cleaned_data["condition"]) if sent is not None and form.is_valid() else ""
    theme = request.COOKIES.get("theme", "light")
    return HttpResponse(PAGE.render(Context({"form": form, "saved": saved, "theme": theme})))


urlpatterns = [path("editor/", editor), path("", include("web.urls"))]
pytestmark = [pytest.mark.urls("tests.browser.test_condition_editor")]


@pytest.fixture(autouse=True)
def _budget(committed):
    add_field("budget", "choice", answers=["Approved", "Planned", "Not yet"])


@pytest.fixture
def page(chromium, site):
    context = chromium.new_context(viewport=DESK, base_url=site.url)
    context.set_default_timeout(10_000)
    page = context.new_page()
    wrong = []
    page.on("console", lambda message: message.type in {"error", "warning"} and wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    context.close()
    assert wrong == []


def sent(page):
    """What the text area holds, as JSON."""
    return json.loads(page.locator("textarea[name=condition]").input_value() or "null")


def save(page):
    page.get_by_role("button", name="Save").click()
    page.wait_for_load_state()
    return json.loads(page.locator("pre").inner_text() or "null")


def test_a_condition_is_shown_and_saved_as_it_was(page):
    page.goto("/editor/")

    assert page.locator("textarea[name=condition]").is_hidden()
    assert page.locator(".condition-row").count() == 6
    assert save(page) == TREE


def test_what_is_referred_to_is_shown_by_its_name_and_kept_by_its_id(page):
    fair, expo = (add_source(code, name=name) for code, name in (("fair", "The fair"), ("expo", "Expo")))
    one, several = ({"field": "source", "op": op, "value": value} for op, value in (("is", fair.pk), ("in", [fair.pk])))
    page.goto(f"/editor/?condition={json.dumps({'any': [one, several]})}")

    value = page.get_by_label("Value", exact=True)
    assert value.locator("option:checked").inner_text() == "The fair"
    assert page.get_by_label("The fair").is_checked()
    assert save(page) == {"any": [one, several]}

    page.get_by_label("Value", exact=True).select_option(label="Expo")
    page.get_by_label("Expo").check()
    assert save(page) == {"any": [one | {"value": expo.pk}, several | {"value": [expo.pk, fair.pk]}]}


def test_a_condition_is_built_with_the_keyboard_alone(page):
    page.goto("/editor/?condition=")
    page.get_by_role("button", name="Add a test of a field").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Field", exact=True).focus()
    page.keyboard.type("Score")
    page.get_by_label("Operator", exact=True).focus()
    page.keyboard.type("is over")
    page.get_by_label("Value", exact=True).focus()
    page.keyboard.type("50")
    page.keyboard.press("Tab")

    assert sent(page) == {"field": "score", "op": "over", "value": 50}
    assert save(page) == {"field": "score", "op": "over", "value": 50}


def test_tests_groups_and_activities_are_added_changed_and_removed(page):
    page.goto("/editor/?condition=")
    page.get_by_role("button", name="Add a group").click()
    inner = page.get_by_role("group", name="Group of conditions").nth(1)
    inner.get_by_role("button", name="Add a test of activities").click()
    inner.get_by_label("How many times").fill("2")
    inner.get_by_label("Within so many days, empty for ever").fill("")
    inner.locator("summary").click()
    inner.get_by_label("Demo").check()
    inner.get_by_role("button", name="Add a test of what the activity says").click()
    inner.get_by_label("Detail value").fill("x")
    inner.get_by_label("Which of the conditions have to hold").select_option("not_any")

    assert sent(page) == {
        "not": {
            "any": [
                {"field": "stage", "op": "is", "value": "name"},
                {
                    "activity": ["visit", "demo"],
                    "where": {"path": "url", "op": "contains", "value": "x"},
                    "at_least": 2,
                },
            ]
        }
    }

    inner.get_by_role("button", name="Remove this condition").first.click()
    inner.get_by_label("What counts").select_option("last")
    inner.get_by_label("not", exact=True).check()

    assert sent(page)["not"]["any"] == [
        {
            "not": {
                "activity": ["visit", "demo"],
                "where": {"path": "url", "op": "contains", "value": "x"},
                "seen": "last",
                "op": "within_days",
                "value": 30,
            }
        }
    ]

    page.get_by_role("button", name="Remove this group").click()

    assert sent(page) is None
    assert page.evaluate("document.activeElement.textContent") == "+ Field"


def test_changing_the_field_offers_its_own_operators_and_values(page):
    page.goto("/editor/?condition=" + json.dumps({"field": "city", "op": "is", "value": "Ulm"}))
    page.get_by_label("Field", exact=True).select_option("grade")

    assert sent(page) == {"field": "grade", "op": "is", "value": "D"}

    page.get_by_label("Operator", exact=True).select_option("in")
    page.get_by_label("A", exact=True).check()
    page.get_by_label("B", exact=True).check()

    assert sent(page) == {"field": "grade", "op": "in", "value": ["B", "A"]}

    page.get_by_label("Field", exact=True).select_option("do_not_call")

    assert sent(page) == {"field": "do_not_call", "op": "is", "value": True}


def test_text_that_is_no_condition_stays_text_and_its_errors_are_told(page):
    page.goto("/editor/?condition=" + json.dumps({"all": [{"field": "scor", "op": "is", "value": 1}]}))

    assert page.locator("textarea[name=condition]").is_visible()
    assert 'there is no field "scor"' in page.locator(".condition-note").inner_text()
    assert "all[0].field: unknown field 'scor'; is score meant?" in page.locator(".errorlist").inner_text()

    page.locator("textarea[name=condition]").fill(json.dumps({"field": "score", "op": "is", "value": 1}))
    page.get_by_role("button", name="Edit as a form").click()

    assert page.get_by_label("Value", exact=True).input_value() == "1"
    page.get_by_role("button", name="Edit as JSON").click()
    assert page.locator("textarea[name=condition]").is_visible()


def test_without_javascript_the_text_area_is_enough(chromium, site):
    context = chromium.new_context(base_url=site.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/editor/")

    assert page.locator("textarea[name=condition]").is_visible()
    assert save(page) == TREE
    context.close()


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_nothing_is_wider_than_the_screen(chromium, site, viewport):
    context = chromium.new_context(viewport=viewport, base_url=site.url)
    page = context.new_page()
    page.goto("/editor/")

    assert page.locator(".condition-row").count() == 6
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    context.close()


def without_double_negation(tree):
    if isinstance(tree, list):
        return [without_double_negation(member) for member in tree]
    if not isinstance(tree, dict):
        return tree
    while "not" in tree and "not" in tree["not"]:
        tree = tree["not"]["not"]
    return {key: without_double_negation(member) for key, member in tree.items()}


def test_every_condition_comes_back_as_it_went_in(page):
    for kind in ("number", "choices", "datetime"):
        add_field(f"f_{kind}", kind, answers=["Yes", "No"] if kind == "choices" else [])
    vocabulary = Vocabulary.load()
    page.goto("/editor/")
    page.evaluate("async () => { window.editor = await import('/static/js/condition_editor.js'); }")

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(tree=trees.conditions(vocabulary))
    def comes_back(tree):
        back = page.evaluate("text => JSON.stringify(editor.write(editor.read(JSON.parse(text))))", json.dumps(tree))
        expected = describe(without_double_negation(tree), vocabulary)
        assert describe(without_double_negation(json.loads(back)), vocabulary) == expected

    comes_back()
