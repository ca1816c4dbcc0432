import json

import pytest
from django import forms

from leads.conditions.widgets import ConditionField
from tests.leads.conditions.crowd import add_field, add_source

GOOD = {"field": "score", "op": "over", "value": 5}


class RuleForm(forms.Form):
    condition = ConditionField()


class FilterForm(forms.Form):
    condition = ConditionField(required=False)


def errors(text, form=RuleForm):
    return form({"condition": text}).errors.get("condition", [])


def test_a_condition_is_cleaned_to_its_tree(db):
    form = RuleForm({"condition": json.dumps(GOOD)})

    assert form.is_valid()
    assert form.cleaned_data == {"condition": GOOD}


def test_every_problem_is_an_error_that_names_its_path(db):
    text = json.dumps({"all": [GOOD | {"op": "near"}, {"not": {"field": "grade", "op": "is", "value": 1}}]})

    told = errors(text)

    assert [error.split(":")[0] for error in told] == ["all[0].op", "all[1].not.value"]


@pytest.mark.parametrize(
    "text", ["{", "score over 5", '{"field": ' + "1" * 5000 + "}", "[" * 100_000, '{"a": "\\u', "{'field': 'score'}"]
)
def test_what_is_no_json_is_an_error_and_stays_as_typed(db, text):
    form = RuleForm({"condition": text})

    assert form.errors == {"condition": ["This is not JSON."]}
    assert form["condition"].value() == text


@pytest.mark.parametrize("text", ["[]", "{}", "0", "false", '""', "NaN", '[{"field": "score"}]', '{"all": []}'])
def test_json_that_is_no_condition_is_an_error(db, text):
    assert errors(text)
    assert errors(text, FilterForm)


@pytest.mark.parametrize("text", ["", "null"])
def test_nothing_is_none_or_an_error_where_one_is_needed(db, text):
    form = FilterForm({"condition": text})

    assert form.is_valid()
    assert form.cleaned_data == {"condition": None}
    assert errors(text) == ["This field is required."]


def test_not_touched_is_not_changed(db):
    assert not RuleForm({"condition": json.dumps(GOOD, indent=4)}, initial={"condition": GOOD}).has_changed()
    assert RuleForm({"condition": "{"}, initial={"condition": GOOD}).has_changed()


def test_the_vocabulary_is_sent_once_for_any_number_of_editors(db, django_assert_num_queries):
    add_field("seats", "integer", label="</script><script>alert(1)</script>")
    add_source("zzz")
    media = sum((RuleForm(prefix=str(number)).media for number in range(5)), forms.Media())

    with django_assert_num_queries(2):
        html = str(media)

    assert html.count('id="condition-vocabulary"') == 1
    assert html.count('type="module"') == 1
    assert "<script>alert" not in html
    assert '"zzz"' in html


def test_the_text_area_holds_readable_json_escaped(db):
    html = RuleForm(initial={"condition": {"field": "city", "op": "is", "value": "</textarea>"}}).as_p()

    assert "data-condition-editor" in html
    assert "&lt;/textarea&gt;" in html
