import copy
import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from leads.models import Source
from scoring.actions.versions import dump_model, roll_back
from scoring.models import RegradeRun, ScoringModel
from tests.factories.leads import make_source
from tests.scoring.made import CITY, RANGES

pytestmark = pytest.mark.django_db

STARTERS = sorted((Path(__file__).parents[2] / "scoring" / "starter").glob("*.json"))
GOOD = {
    "name": "Good",
    "question_set": "btd",
    "ranges": RANGES,
    "answers": {"budget": {"approved": "Approved"}},
    "rules": [
        {"label": "In Porto", "points": 10, "when": CITY},
        {"label": "Visited", "points": 3, "cap": 9, "half_life_days": 14, "when": {"activity": "visit"}},
    ],
    "requirements": [
        {"grade": "A", "label": "A budget", "when": {"answer": "budget", "op": "is", "value": "approved"}}
    ],
}
DELETE = object()


def changed(*changes):
    """GOOD with values put at paths such as ("rules", 0, "points")."""
    data = copy.deepcopy(GOOD)
    for path, value in changes:
        holder = data
        for step in path[:-1]:
            holder = holder[step]
        if value is DELETE:
            del holder[path[-1]]
        else:
            holder[path[-1]] = value
    return data


def load(tmp_path, data, *options):
    file = tmp_path / "model.json"
    file.write_text(data if isinstance(data, str) else json.dumps(data))
    out = StringIO()
    call_command("load_scoring_model", str(file), *options, stdout=out)
    return out.getvalue()


def refusals(tmp_path, data):
    """The lines the command says on standard error; asserts that nothing was written."""
    with pytest.raises(CommandError) as refused:
        load(tmp_path, data, "--publish")
    assert refused.value.returncode == 2
    assert not ScoringModel.objects.exists()
    return str(refused.value).splitlines()


REFUSED = [
    ([(("colour",), "red")], ["colour"]),
    ([(("name",), DELETE)], ["name"]),
    ([(("name",), " ")], ["name"]),
    ([(("name",), "x" * 101)], ["name"]),
    ([(("notes",), 7)], ["notes"]),
    ([(("question_set",), "bant")], ["question_set"]),
    ([(("question_set",), ["btd"])], ["question_set"]),
    ([(("ranges",), DELETE)], ["ranges"]),
    ([(("ranges",), [75, 50, 25])], ["ranges"]),
    ([(("ranges", "E"), [0, 1])], ["ranges.E"]),
    ([(("ranges", "C"), DELETE)], ["ranges.C"]),
    ([(("ranges", "B"), [50, 73])], ["ranges.B[1]"]),  # 74 belongs to nobody
    ([(("ranges", "B"), [50, 75])], ["ranges.B[1]"]),  # 75 belongs to two
    ([(("ranges", "B"), [80, 74])], ["ranges.B"]),
    ([(("ranges", "C"), [25, 48]), (("ranges", "D"), [None, 30])], ["ranges.C[1]", "ranges.D[1]"]),
    ([(("ranges", "A"), [75, 100])], ["ranges.A[1]"]),
    ([(("ranges", "D"), [0, 24])], ["ranges.D[0]"]),
    ([(("ranges", "A"), [75.5, None])], ["ranges.A[0]"]),
    ([(("ranges", "A"), [None, None])], ["ranges.A[0]"]),
    ([(("ranges", "A"), [75])], ["ranges.A"]),
    ([(("ranges", "A"), [10**9, None])], ["ranges.A[0]"]),
    ([(("rules",), DELETE)], ["rules"]),
    ([(("rules",), {})], ["rules"]),
    ([(("rules", 0), "In Porto")], ["rules[0]"]),
    ([(("rules", 0, "point"), 3)], ["rules[0].point"]),
    ([(("rules", 0, "label"), DELETE)], ["rules[0].label"]),
    ([(("rules", 0, "label"), "one two three four five six seven eight nine")], ["rules[0].label"]),
    ([(("rules", 1, "label"), "in porto ")], ["rules[1].label"]),  # the same label
    ([(("rules", 0, "points"), 0)], ["rules[0].points"]),
    ([(("rules", 0, "points"), DELETE)], ["rules[0].points"]),
    ([(("rules", 0, "points"), 1001)], ["rules[0].points"]),
    ([(("rules", 0, "points"), 40_000)], ["rules[0].points"]),
    ([(("rules", 0, "points"), 2.5)], ["rules[0].points"]),
    ([(("rules", 0, "points"), True)], ["rules[0].points"]),
    ([(("rules", 0, "points"), "10")], ["rules[0].points"]),
    ([(("rules", 1, "cap"), 0)], ["rules[1].cap"]),
    ([(("rules", 1, "cap"), 40_000)], ["rules[1].cap"]),
    ([(("rules", 1, "half_life_days"), 0)], ["rules[1].half_life_days"]),
    ([(("rules", 1, "half_life_days"), 1.5)], ["rules[1].half_life_days"]),
    ([(("rules", 1, "cap"), DELETE)], ["rules[1].half_life_days"]),  # a half-life without a cap
    ([(("rules", 0, "cap"), 5)], ["rules[0].when"]),  # counts activities, but tests a field
    ([(("rules", 1, "when"), {"all": [{"activity": "visit"}, {"activity": "form"}]})], ["rules[1].when"]),
    ([(("rules", 1, "when"), {"not": {"activity": "visit"}})], ["rules[1].when"]),
    ([(("rules", 1, "when"), {"any": [{"activity": "visit", "at_least": 3}]})], ["rules[1].when.any[0].at_least"]),
    ([(("rules", 1, "when", "at_least"), 2)], ["rules[1].when.at_least"]),
    (
        [(("rules", 1, "when"), {"activity": "visit", "seen": "last", "op": "within_days", "value": 3})],
        ["rules[1].when.seen"],
    ),
    ([(("rules", 0, "when"), DELETE)], ["rules[0].when"]),
    ([(("rules", 0, "when"), None)], ["rules[0].when"]),
    ([(("rules", 0, "when"), {"field": "cty", "op": "is", "value": "x"})], ["rules[0].when.field"]),
    ([(("rules", 0, "when"), {"field": "city", "op": "over", "value": 3})], ["rules[0].when.op"]),
    (
        [(("rules", 0, "when"), {"all": [CITY, {"not": {"answer": "budget", "op": "is", "value": "Lots"}}]})],
        ["rules[0].when.all[1].not.value"],
    ),
    ([(("rules", 0, "when"), {"field": "grade", "op": "is", "value": "A"})], ["rules[0].when.field"]),
    (
        [(("rules", 0, "when"), {"any": [CITY, {"not": {"field": "score", "op": "over", "value": 5}}]})],
        ["rules[0].when.any[1].not.field"],
    ),
    ([(("rules", 0, "when"), {"activity": ["visit", "grade_changed"]})], ["rules[0].when.activity"]),
    ([(("requirements",), "none")], ["requirements"]),
    ([(("requirements", 0, "grade"), "D")], ["requirements[0].grade"]),
    ([(("requirements", 0, "grade"), DELETE)], ["requirements[0].grade"]),
    ([(("requirements", 0, "when"), {"field": "cty", "op": "filled"})], ["requirements[0].when.field"]),
    (
        [(("colour",), 1), (("ranges", "B"), [50, 80]), (("rules", 0, "points"), 0), (("rules", 1, "cap"), -1)],
        ["colour", "ranges.B[1]", "rules[0].points", "rules[1].cap"],
    ),
]


@pytest.mark.parametrize(("changes", "paths"), REFUSED, ids=[str(paths) for _, paths in REFUSED])
def test_a_bad_file_is_refused_with_the_path_of_every_problem(tmp_path, changes, paths):
    lines = refusals(tmp_path, changed(*changes))
    assert [line.split(": ")[0] for line in lines] == paths


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Expecting value"),
        ("{", "Expecting"),
        ("[1]", "has to be an object"),
        ('{"name": "a", "name": "b"}', "'name' stands twice"),
        ('{"name": NaN}', "NaN is not a number"),
        (r'{"name": "Half \ud800"}', r"'Half \ud800' holds NUL or half a character"),
        ("[" * 100_000, ""),
    ],
)
def test_what_is_no_model_at_all_is_refused(tmp_path, text, said):
    (line,) = refusals(tmp_path, text)
    assert said in line


def test_more_rules_than_there_may_be_are_refused(tmp_path):
    rules = [{"label": f"Rule {number}", "points": 1, "when": CITY} for number in range(201)]
    assert refusals(tmp_path, changed((("rules",), rules))) == ["rules: holds more than 200"]


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(CommandError, match="No such file") as refused:
        call_command("load_scoring_model", str(tmp_path / "none.json"))
    assert refused.value.returncode == 2


def test_a_good_file_becomes_a_draft_or_is_published(tmp_path):
    assert load(tmp_path, GOOD) == "Good v1 is draft.\n"
    assert load(tmp_path, GOOD, "--publish") == "Good v2 is published.\n"
    assert RegradeRun.objects.get().model.version == 2


def test_a_group_of_one_activity_test_can_be_counted(tmp_path):
    assert load(tmp_path, changed((("rules", 1, "when"), {"all": [{"activity": "visit"}]})))


def test_what_is_dumped_can_be_loaded(tmp_path):
    load(tmp_path, GOOD, "--publish")
    load(tmp_path, changed((("name",), "Draft – naïve")))
    published, draft = StringIO(), StringIO()
    call_command("dump_scoring_model", stdout=published)
    call_command("dump_scoring_model", "--version", "2", stdout=draft)
    assert json.loads(published.getvalue()) == GOOD
    assert json.loads(draft.getvalue()) == changed((("name",), "Draft – naïve"))
    assert load(tmp_path, published.getvalue()) == "Good v3 is draft.\n"


def test_there_may_be_nothing_to_dump():
    with pytest.raises(CommandError, match="No scoring model is published"):
        call_command("dump_scoring_model")
    with pytest.raises(CommandError, match="no version 7"):
        call_command("dump_scoring_model", "--version", "7")


@pytest.mark.parametrize("starter", STARTERS, ids=[starter.stem for starter in STARTERS])
def test_the_starter_models_load_and_name_their_set(tmp_path, starter):
    load(tmp_path, starter.read_text())
    model = ScoringModel.objects.get()
    assert model.question_set.code == starter.stem
    assert {wanted.grade for wanted in model.requirements.all()} == {"A"}


def test_there_is_a_starter_for_each_set():
    assert [starter.stem for starter in STARTERS] == ["btd", "man"]


def test_a_file_names_sources_by_code_and_finds_them_or_is_refused(tmp_path, now):
    """The id of a source is another one elsewhere."""
    source = make_source("fair")
    load(tmp_path, changed((("rules", 0, "when"), {"field": "source", "op": "in", "value": ["Fair"]})), "--publish")
    model = ScoringModel.objects.get()
    assert model.rules.first().condition == {"field": "source", "op": "in", "value": [source.pk]}

    Source.objects.filter(pk=source.pk).update(code="expo")
    assert dump_model(model)["rules"][0]["when"] == {"field": "source", "op": "in", "value": ["expo"]}
    assert roll_back(to=model, by=None, now=now).rules.first().condition["value"] == [source.pk]


@pytest.mark.parametrize("value", ["nowhere", 1])
def test_a_file_that_names_no_source_of_here_is_refused(tmp_path, value):
    make_source("fair")
    wrong = changed((("rules", 0, "when"), {"field": "source", "op": "is", "value": value}))
    (line,) = refusals(tmp_path, wrong)
    assert line.startswith("rules[0].when.value: ")
