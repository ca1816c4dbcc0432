"""What holds for every condition, on real PostgreSQL."""

import copy

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from leads.activities import all_kinds
from leads.conditions import ConditionError, Vocabulary, activity_tests, check, compile_condition, describe, matching
from leads.conditions.reading import read
from leads.enums import Disposition, FieldType, Grade, Stage
from leads.models import Lead
from tests.leads.conditions import trees
from tests.leads.conditions.crowd import (
    NOW,
    REFERENCES,
    add_activity,
    add_campaign,
    add_company,
    add_fields_of_all_types,
    add_lead,
    add_source,
    days,
    field_of,
)

# What a field of any type may turn out to hold, its own kind of value and every other.
STORED = [
    None,
    "",
    "a",
    "YES",
    "maybe so",
    "5",
    "A%_\\",
    "é",
    5,
    -0.5,
    10**30,
    1e-30,
    True,
    False,
    "2026-06-10",
    "2026-02-31",
    "0000-00-00",
    "99999-01-01",
    "infinity",
    "today",
    "2026-06-10T10:00:00Z",
    "2026-06-10T10:00:00.123456+00:00",
    "2026-06-10 25:61:61",
    "9999-12-31T23:59:59-14:00",
    [],
    ["yes", "No", 5, None, ["yes"]],
    {},
    {"yes": True},
    [None],
]


def definitions():
    """Own fields of all types, not saved: the vocabulary of the strategies is that of the database below."""
    return [
        field_of(
            code=f"f_{kind}",
            label=f"F {kind}",
            type=kind,
            answers=["Yes", "No", "maybe so"] if kind in {FieldType.CHOICE, FieldType.CHOICES} else [],
            dimension="budget" if kind == FieldType.CHOICE else "",
        )
        for kind in FieldType.values
    ]


VOCABULARY = Vocabulary.of(definitions(), references=REFERENCES, zone="UTC")
COMMON = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@pytest.fixture
def crowd(cast):
    add_fields_of_all_types()
    source = add_source("a", pk=9001)
    companies = [add_company("A%"), add_company("yes", industry="é", employees=5, annual_revenue=5)]
    campaign = add_campaign("yes", source, pk=9002)
    stages = [stage for stage in Stage.values if stage != Stage.CUSTOMER]
    for number, stored in enumerate(STORED):
        scored = number % 3 == 0
        lead = add_lead(
            ["", "a", "YES", "5", "é"][number % 5],
            last_name="No" if number % 2 else "",
            city="A%_\\'\"" if number % 4 == 0 else "",
            company=[None, *companies][number % 3],
            source=[None, source][number % 2],
            campaign=[campaign, None][number % 2],
            tags=[[], ["yes"], ["YES", "a", "NULL", "{}"]][number % 3],
            stage=stages[number % len(stages)],
            disposition=Disposition.LOST if number % 7 == 0 else Disposition.OPEN,
            disposition_reason=["a", "no_budget"][number % 2] if number % 7 == 0 else "",
            disposition_facts={} if number % 21 == 0 else None,
            recycle_on=[None, NOW.date(), NOW.date() - days(number)][number % 3],
            contract_on=[None, NOW.date() + days(number)][number % 2],
            do_not_email=number % 2 == 0,
            grade=Grade.values[number % 4] if scored else "",
            score=number if scored else 0,
            score_version=1 if scored else None,
            scored_at=NOW - days(number) if scored else None,
            side="sales" if number % 5 == 0 else "marketing",
            owner=cast.ben if number % 5 == 0 else None,
            created_at=NOW - days(number),
            fields={} if stored is None else {f"f_{kind}": stored for kind in FieldType.values},
        )
        for kind in all_kinds()[number % 3 :: 3]:
            payload = dict.fromkeys(("url", "n", "flag", "x.y", "0"), stored)
            add_activity(lead, kind.code, NOW - days(number - 2), payload, is_machine=number % 6 == 0)
    return set(Lead.objects.values_list("pk", flat=True))


@settings(max_examples=100, **COMMON)
@given(tree=trees.conditions(VOCABULARY))
def test_any_condition_runs_is_never_null_and_not_is_its_complement(crowd, tree):
    vocabulary = VOCABULARY
    check(tree, vocabulary)

    inside = set(matching(Lead.objects.all(), tree, now=NOW, vocabulary=vocabulary).values_list("pk", flat=True))
    outside = set(
        matching(Lead.objects.all(), {"not": tree}, now=NOW, vocabulary=vocabulary).values_list("pk", flat=True)
    )
    holds = compile_condition(tree, now=NOW, vocabulary=vocabulary)
    annotated = dict(Lead.objects.annotate(holds=holds).values_list("pk", "holds"))

    assert inside | outside == crowd
    assert inside & outside == set()
    assert annotated == {pk: pk in inside for pk in crowd}


def test_every_field_knows_every_operator_it_offers(crowd):
    vocabulary = Vocabulary.load()
    sample = {
        "text": "a",
        "number": 5,
        "boolean": True,
        "date": "2026-06-10",
        "datetime": "2026-06-10",
        "list": "yes",
        "choice": "a",
    }
    for field in vocabulary.fields.values():
        if field.type == "reference":
            one = vocabulary.references[field.code].rows[0].pk
        else:
            one = field.choices[0][0] if field.choices else sample[field.type]
        for op in field.ops:
            takes = {"between": [one, one], "in": [one, one], "not_in": [one]}
            value = [one] if op.startswith("has_") else 3 if "days" in op else takes.get(op, one)
            leaf = {"field": field.code, "op": op, **({} if op in {"filled", "empty"} else {"value": value})}
            check(leaf, vocabulary)
            inside = matching(Lead.objects.all(), leaf, now=NOW, vocabulary=vocabulary).count()
            outside = matching(Lead.objects.all(), {"not": leaf}, now=NOW, vocabulary=vocabulary).count()
            assert inside + outside == len(crowd), leaf


def refusal(use):
    """The problems with which `use` refuses, or None when it does not."""
    try:
        use()
    except ConditionError as error:
        return error.problems
    return None


@settings(max_examples=300, **COMMON)
@given(tree=trees.mutated(VOCABULARY))
@example(tree={"all": [{"field": "score", "op": "is", "value": float("nan")}]})
@example(tree={"field": ["score"], "op": {"is": 1}, "value": 1})
@example(tree={"activity": [["visit"]], "where": [{"path": {}, "op": [], "value": set()}]})
def test_mutated_conditions_are_valid_or_refused_with_a_path_and_never_crash(tree):
    problems = refusal(lambda: check(tree, VOCABULARY))

    if problems is None:
        assert describe(tree, VOCABULARY)
        compile_condition(tree, now=NOW, vocabulary=VOCABULARY)
    else:
        assert problems
        assert all(isinstance(problem.path, str) and problem.message for problem in problems)
        assert all(str(problem).isprintable() for problem in problems)


@settings(max_examples=200, **COMMON)
@given(tree=trees.junk)
def test_random_values_are_refused_by_everything_and_never_crash(tree):
    for use in (
        lambda: check(tree, VOCABULARY),
        lambda: describe(tree, VOCABULARY),
        lambda: compile_condition(tree, now=NOW, vocabulary=VOCABULARY),
        lambda: activity_tests(tree),
    ):
        problems = refusal(use)
        assert problems or (problems is None and isinstance(tree, dict))


@settings(max_examples=200, **COMMON)
@given(one=trees.conditions(VOCABULARY), data=st.data())
def test_conditions_that_read_the_same_are_the_same(one, data):
    another = data.draw(st.one_of(trees.conditions(VOCABULARY), _neighbours(one)))

    same = read(one, VOCABULARY) == read(another, VOCABULARY)

    assert (describe(one, VOCABULARY) == describe(another, VOCABULARY)) is same


@st.composite
def _neighbours(draw, tree):
    """The same condition with one value, operator or group a little different."""
    tree = {"all": [copy.deepcopy(tree)]}
    leaves = [place for place in trees._places(tree) if isinstance(place[0][place[1]], dict)]
    holder, key = draw(st.sampled_from(leaves))
    holder[key] = draw(
        st.one_of(
            trees.conditions(VOCABULARY),
            st.just({"not": holder[key]}),
            st.just({"any": [holder[key], holder[key]]}),
        )
    )
    fits = refusal(lambda: check(tree, VOCABULARY)) is None
    return tree if fits else {"field": "score", "op": "is", "value": 1}
