"""What is refused, where, and in which words."""

import pytest

from leads.conditions import ConditionError, Problem, Vocabulary, check, compile_condition, describe, matching
from leads.fields import is_taken
from leads.models import Lead
from tests.leads.conditions.crowd import NOW, add_field, field_of

GOOD = {"field": "score", "op": "over", "value": 5}
FIELDS = [
    field_of(code="purse", label="Purse", type="choice", answers=["Yes", "No"], dimension="budget"),
    field_of(code="wishes", label="Wishes", type="choices", answers=["Email", "Ads"]),
    field_of(code="paid", label="Paid", type="boolean"),
    field_of(code="renewal", label="Renewal", type="date", is_active=False),
]
VOCABULARY = Vocabulary.of(FIELDS, zone="UTC")


def problems(tree):
    with pytest.raises(ConditionError) as caught:
        check(tree, VOCABULARY)
    return [str(problem) for problem in caught.value.problems]


def paths(tree):
    with pytest.raises(ConditionError) as caught:
        check(tree, VOCABULARY)
    return [problem.path for problem in caught.value.problems]


def test_every_problem_is_named_with_its_path():
    tree = {
        "all": [
            {"field": "scor", "op": "over", "value": 1},
            {"not": {"field": "score", "op": "over", "value": "many"}},
            {"any": [GOOD, {"field": "grade", "op": "is", "value": "E"}, {"answer": "city", "op": "filled"}]},
            {"activity": ["visit", "vist"], "where": [{"path": "u", "op": "near", "value": 1}], "within_days": 0},
        ],
        "colour": 1,
    }

    assert problems(tree)[:5] == [
        "colour: unknown here; known are all",
        "all[0].field: unknown field 'scor'; is score meant?",
        "all[1].not.value: give a number, not 'many'",
        "all[2].any[1].value: 'E' is not one of the answers of grade: D, C, B, A",
        "all[2].any[2].answer: city is not a rating question; say field instead of answer",
    ]
    assert paths(tree)[5:] == ["all[3].activity[1]", "all[3].where[0].op", "all[3].within_days"]


def test_an_error_says_all_of_it_in_one_line():
    with pytest.raises(ConditionError) as caught:
        check({"field": "score", "op": "is", "value": None}, VOCABULARY)

    assert caught.value.problems == (Problem("value", "give a number, not null"),)
    assert str(caught.value) == "value: give a number, not null"


@pytest.mark.parametrize(
    "tree", [None, True, 5, "score over 5", [], [GOOD], (), {1: 2}, {}, {"op": "is"}, object(), b""]
)
def test_what_is_no_condition_object_is_refused_at_the_root(tree):
    assert "" in paths(tree)


@pytest.mark.parametrize(
    ("tree", "path"),
    [
        ({"all": []}, "all"),
        ({"any": {}}, "any"),
        ({"any": (GOOD,)}, "any"),
        ({"not": [GOOD]}, "not"),
        ({"not": None}, "not"),
        ({"all": [GOOD], "any": [GOOD]}, ""),
        ({"field": "score", "answer": "purse", "op": "filled"}, ""),
        (GOOD | {"note": "x"}, "note"),
        (GOOD | {"a\0b": "x"}, "'a\\x00b'"),
        (GOOD | {3: "x"}, "a number"),
        ({"all": [GOOD | {"x y": 1}]}, "all[0].'x y'"),
        ({"field": ["score"], "op": "is", "value": 1}, "field"),
        ({"field": "fields", "op": "filled"}, "field"),
        ({"field": "email_key", "op": "filled"}, "field"),
        ({"field": "score"}, "op"),
        ({"field": "score", "op": ["is"], "value": 1}, "op"),
        ({"field": "score", "op": "contains", "value": "1"}, "op"),
        ({"field": "score", "op": "filled"}, "op"),
        ({"field": "created_at", "op": "next_days", "value": 1}, "op"),
        ({"field": "city", "op": "over", "value": 1}, "op"),
        ({"field": "side", "op": "at_least", "value": "sales"}, "op"),
        ({"field": "score", "op": "is"}, "value"),
        ({"field": "city", "op": "filled", "value": None}, "value"),
    ],
)
def test_wrong_shape_is_refused_with_its_path(tree, path):
    assert paths(tree) == [path]


@pytest.mark.parametrize(
    ("field", "op", "value"),
    [
        ("score", "is", True),
        ("score", "is", "5"),
        ("score", "is", float("nan")),
        ("score", "is", float("inf")),
        ("score", "is", float("-inf")),
        ("score", "is", 10**15),
        ("score", "is", 1e308),
        ("score", "is", [5]),
        ("score", "between", 5),
        ("score", "between", [1, 2, 3]),
        ("score", "between", [2, 1]),
        ("score", "in", []),
        ("score", "in", list(range(501))),
        ("city", "is", 5),
        ("city", "is", ""),
        ("city", "is", "a\0b"),
        ("city", "is", "\ud800"),
        ("city", "is", "x" * 501),
        ("city", "in", "Zurich"),
        ("city", "in", {"Zurich": 1}),
        ("stage", "is", "Lead"),
        ("grade", "at_least", "a"),
        ("purse", "is", "Perhaps"),
        ("wishes", "has_any", "Email"),
        ("paid", "is", 1),
        ("paid", "is", "true"),
        ("renewal", "is", "2026-02-30"),
        ("renewal", "is", "20260210"),
        ("renewal", "is", "2026-W06-2"),
        ("renewal", "is", "２026-02-10"),
        ("renewal", "is", "2026-02-10T10:00:00Z"),
        ("renewal", "is", "0001-01-01"),
        ("renewal", "is", "9999-12-31"),
        ("renewal", "between", ["2026-02-02", "2026-02-01"]),
        ("created_at", "between", ["2026-02-02", "2026-02-01T23:59:59Z"]),
        ("created_at", "between", ["2026-02-02T00:00:00Z", "2026-02-01"]),
        ("renewal", "within_days", 0),
        ("renewal", "within_days", 36501),
        ("renewal", "within_days", 1.5),
        ("renewal", "within_days", True),
        ("renewal", "within_days", "7"),
        ("created_at", "before", "2026-02-10T25:00"),
        ("created_at", "before", "2026-02-10T10:00:00+99:99"),
        ("created_at", "before", "yesterday"),
        ("created_at", "before", 1767225600),
        ("created_at", "is", "2026-02-30"),
    ],
)
def test_wrong_value_is_refused_with_its_path(field, op, value):
    assert paths({"not": {"field": field, "op": op, "value": value}}) == ["not.value"]


def test_numbers_too_long_to_print_are_refused():
    tree = {"all": [{"field": "score", "op": "is", "value": 10**5000}, {"activity": "visit", "at_least": -(10**5000)}]}

    assert paths(tree | {10**5000: 1}) == ["a number", "all[0].value", "all[1].at_least"]


@pytest.mark.parametrize(
    ("value", "at"), [([1, "x", 2], 1), ([True], 0), ([None], 0), ([1, float("nan")], 1), ([{}, 1], 0)]
)
def test_wrong_value_in_a_list_is_named_by_its_place(value, at):
    assert paths({"field": "score", "op": "in", "value": value}) == [f"value[{at}]"]


@pytest.mark.parametrize(
    ("extra", "path"),
    [
        ({"activity": "nap"}, "activity"),
        ({"activity": []}, "activity"),
        ({"activity": {}}, "activity"),
        ({"activity": ["visit"] * 30}, "activity"),
        ({"activity": ["visit", ["form"]]}, "activity[1]"),
        ({"at_least": 0}, "at_least"),
        ({"at_least": 1001}, "at_least"),
        ({"at_least": True}, "at_least"),
        ({"at_least": None}, "at_least"),
        ({"within_days": "7"}, "within_days"),
        ({"within_days": float("inf")}, "within_days"),
        ({"where": []}, "where"),
        ({"where": "url"}, "where"),
        ({"where": [{"path": "u", "op": "filled"}] * 11}, "where"),
        ({"where": {"path": "a b", "op": "filled"}}, "where.path"),
        ({"where": {"path": "a'b", "op": "filled"}}, "where.path"),
        ({"where": {"path": "", "op": "filled"}}, "where.path"),
        ({"where": {"op": "filled"}}, "where.path"),
        ({"where": {"path": "u", "op": "filled", "x": 1}}, "where.x"),
        ({"where": {"path": "u", "op": "has_any", "value": ["x"]}}, "where.op"),
        ({"where": {"path": "u", "op": "over", "value": "x"}}, "where.value"),
        ({"where": {"path": "u", "op": "contains", "value": 5}}, "where.value"),
        ({"where": {"path": "u", "op": "over", "value": True}}, "where.value"),
        ({"where": {"path": "u", "op": "in", "value": ["x", 5]}}, "where.value"),
        ({"where": [{"path": "u", "op": "in", "value": [True]}]}, "where[0].value[0]"),
        ({"seen": "last"}, "op"),
        ({"seen": "ever", "op": "within_days", "value": 3}, "seen"),
        ({"seen": "last", "op": "within_days", "value": "2026-01-01"}, "value"),
        ({"seen": "last", "op": "before", "value": 3}, "value"),
        ({"seen": "last", "op": "between", "value": ["2026-01-01", "2026-01-01"]}, "op"),
        ({"seen": "last", "op": "within_days", "value": 3, "at_least": 2}, "at_least"),
        ({"op": "within_days"}, "op"),
    ],
)
def test_wrong_activity_test_is_refused_with_its_path(extra, path):
    assert paths({"activity": "visit"} | extra) == [path]


def nested(depth, wrap):
    tree = GOOD
    for _ in range(depth):
        tree = wrap(tree)
    return tree


@pytest.mark.parametrize("wrap", [lambda tree: {"not": tree}, lambda tree: {"all": [tree, GOOD]}])
def test_depth_is_limited(wrap):
    check(nested(12, wrap), VOCABULARY)
    for depth in (13, 100_000):
        told = problems(nested(depth, wrap))
        assert {problem.split(": ")[1] for problem in told} == {"groups are nested deeper than 12"}


def test_size_is_limited():
    check({"any": [GOOD] * 199}, VOCABULARY)
    for size in (200, 1_000_000):
        (problem,) = problems({"any": [GOOD] * size})
        assert problem == "any[199]: the condition is too big: more than 200 groups and tests"


def test_a_list_that_holds_itself_is_refused():
    tree = {"all": []}
    tree["all"] += [tree, tree]

    assert len(problems(tree)) > 1


def test_no_more_than_fifty_problems_are_told():
    assert len(problems({"any": [{}] * 199})) == 50


def test_two_conditions_at_the_limit_can_still_be_joined(db):
    deep, wide = nested(12, lambda tree: {"not": tree}), {"any": [GOOD] * 199}

    assert matching(Lead.objects.all(), {"all": [deep, wide]}, now=NOW).count() == 0


def test_an_answer_taken_off_the_list_is_refused_when_written_and_still_runs(db):
    old = {"field": "purse", "op": "is", "value": "Perhaps"}
    add_field("purse", "choice", answers=["Yes", "No"])

    with pytest.raises(ConditionError):
        check(old)

    assert matching(Lead.objects.all(), old, now=NOW).count() == 0
    assert describe(old) == 'purse is "Perhaps"'


def test_compile_and_describe_refuse_what_check_refuses():
    for use in (
        lambda tree: compile_condition(tree, now=NOW, vocabulary=VOCABULARY),
        lambda t: describe(t, VOCABULARY),
    ):
        with pytest.raises(ConditionError, match="is score meant"):
            use({"field": "scor", "op": "is", "value": 1})


def test_check_loads_the_vocabulary_in_one_query(db, django_assert_num_queries):
    add_field("purse", "choice", answers=["Yes", "No"])

    with django_assert_num_queries(1):
        check({"all": [{"field": "purse", "op": "is", "value": "yes"}, {"field": "purse", "op": "filled"}]})


def test_a_range_may_end_on_the_day_on_which_it_starts():
    for low, high in [("2026-02-01T23:59:59Z", "2026-02-01"), ("2026-02-01", "2026-02-01T00:00:00Z")]:
        check({"field": "created_at", "op": "between", "value": [low, high]}, VOCABULARY)


def test_inactive_fields_stay_valid():
    check({"field": "renewal", "op": "filled"}, VOCABULARY)


def test_built_in_codes_are_reserved_and_win():
    taken = Vocabulary.of([field_of(code="score", label="Mine", type="text")])

    assert taken.get("score").label == "Score"
    assert all(map(is_taken, Vocabulary().fields))


def test_a_choice_field_without_answers_is_usable():
    bare = Vocabulary.of([field_of(code="x", label="X", type="choice")])

    check({"field": "x", "op": "is", "value": "anything"}, bare)
