import json

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from leads.foreign_json import MAX_DEPTH, ForeignJSON, ForeignJSONField
from tests.architecture.test_source import SOURCES, found_in, name

REFUSED = {
    "thousands of brackets": "[" * 20_000,
    "deeper than anything": "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
    "deep objects": '{"a":' * 5000 + "1" + "}" * 5000,
    "a number of thousands of digits": "[" + "9" * 5000 + "]",
    "no number": "[NaN]",
    "an endless number": "[-Infinity]",
    "a number too large": "[1e999]",
    "a key twice": '{"a": 1, "b": {"c": 1, "c": 2}}',
    "NUL": r'["a\u0000b"]',
    "NUL in a key": r'{"a\u0000b": 1}',
    "half a character": r'["\ud800"]',
    "half": '["a',
    "nothing": "",
}
# Who reads JSON that the program itself has written.
OWN = {
    "capture/importing/actions/merging.py": "the fields of a row that the import has staged",
    "capture/importing/reading/workbook.py": "the answer of a process of our own",
    "demo/fill.py": "the starter model that comes along",
    "leadfunnel/appliance/run.py": "a lock file that bin/run has written",
    "leads/queries.py": "payloads as the database keeps them",
    "web/leads/queries.py": "answers as the database lists them",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_nobody_could_keep_is_one_kind_of_error(text):
    with pytest.raises(json.JSONDecodeError):
        json.loads(text, cls=ForeignJSON)
    if text:
        with pytest.raises(ValidationError):
            ForeignJSONField().clean(text)


@pytest.mark.parametrize(
    "value",
    [{"a": [1, 2.5, None, True, "\u00e9"]}, "]" * 3000 + "[" * 3000, ['{"[' * 400, '\\"['], {"[": {"{": []}}],
)
def test_what_is_json_is_read_as_it_is(value):
    assert json.loads(json.dumps(value), cls=ForeignJSON) == value
    assert json.loads(json.dumps(value, ensure_ascii=False), cls=ForeignJSON) == value


def test_as_deep_as_may_be():
    text = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert json.dumps(json.loads(text, cls=ForeignJSON)) == text


@given(st.text(alphabet='[]{}":,\\u0019e-tn \ud800', max_size=200))
def test_any_text_is_json_or_that_error(text):
    try:
        value = json.loads(text, cls=ForeignJSON)
    except json.JSONDecodeError:
        return
    assert json.loads(json.dumps(value)) == value


def test_foreign_json_is_read_by_nobody_else():
    def reads(path):
        text = path.read_text()
        return ["loads"] * (text.count("json.load") - text.count("cls=ForeignJSON")) + ["JSONField"] * text.count(
            "forms.JSONField"
        )

    elsewhere = [path for path in SOURCES if name(path) != "leads/foreign_json.py"]
    assert found_in(elsewhere, reads).keys() == OWN.keys()
