"""What was kept by the words of answers is kept by their codes after the migration, and means the same."""

import json

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from leads.conditions import matching
from leads.models import FieldDefinition, Lead
from scoring.models import GradeRequirement, ScoringRule
from tests.factories.leads import make_field, make_lead
from tests.scoring.made import publish

pytestmark = pytest.mark.django_db


def is_test(op, value, head="field"):
    return {head: "size", "op": op, "value": value}


@pytest.fixture
def migrated(now, cast):
    """migrated(words of the field, fields of leads, conditions of a published model) -> (leads, conditions) after."""

    def migrated(listed, leads, trees):
        make_field("size", "choice")
        make_field("sizes", "choices")
        people = [make_lead() for _ in leads]
        if trees:
            publish(*((f"Rule {number}", 1, {"activity": "visit"}) for number, _ in enumerate(trees)), now=now)
        _sql("SET CONSTRAINTS ALL IMMEDIATE")
        # It builds an index beside whoever writes, which a test's transaction does not allow: left as it is.
        _executor().recorder.record_unapplied("leads", "0030_tags_in_any_case")
        _executor().migrate([("leads", "0014_answers")])
        _sql("UPDATE leads_fielddefinition SET choices = %s WHERE code IN ('size', 'sizes')", json.dumps(listed))
        for person, fields in zip(people, leads, strict=True):
            _sql("UPDATE leads_lead SET fields = %s WHERE id = %s", json.dumps(fields), person.pk)
        _sql("ALTER TABLE scoring_scoringrule DISABLE TRIGGER scoring_rule_never_changes")
        for rule, tree in zip(ScoringRule.objects.order_by("position"), trees, strict=True):
            _sql("UPDATE scoring_scoringrule SET condition = %s WHERE id = %s", json.dumps(tree), rule.pk)
        _sql("ALTER TABLE scoring_scoringrule ENABLE TRIGGER scoring_rule_never_changes")
        # These commit as they go, which a test does not; they have nothing to do with the words of answers.
        for before, committing in (
            ("0021_change_rows", "0022_grades_so_far"),
            ("0024_disposition_facts", "0025_reasons_of_dispositions"),
            ("0029_stages_by_hand", "0030_tags_in_any_case"),
            ("0030_tags_in_any_case", "0031_numbers_from_their_end"),
        ):
            _executor().migrate([("leads", before)])
            _executor().recorder.record_applied("leads", committing)
        executor = _executor()
        executor.migrate(executor.loader.graph.leaf_nodes())
        _sql("SET CONSTRAINTS ALL IMMEDIATE")
        for person in people:
            person.refresh_from_db()
        return people, [rule.condition for rule in ScoringRule.objects.order_by("position")]

    return migrated


def _executor():
    """One that knows the migrations that were replaced by one of each room, and not that one."""
    executor = MigrationExecutor(connection)
    loader = executor.loader
    loader.disk_migrations = {key: each for key, each in loader.disk_migrations.items() if not each.replaces}
    loader.load_disk = lambda: None
    loader.build_graph()
    return executor


def _sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)


def answers_to(code):
    answers = FieldDefinition.objects.with_answers().get(code=code).answer_list
    return [(choice.code, choice.label, choice.is_retired) for choice in answers.choices]


def test_words_of_leads_become_codes(migrated):
    people, _ = migrated(
        ["<50", ">50", "50", "Ab"],
        [{"size": "<50"}, {"size": ">50", "sizes": ["50", "Ab"]}, {"size": "50"}, {"size": "ab"}, {"city": "50"}, {}],
        [],
    )

    assert [person.fields for person in people] == [
        {"size": "under_50"},
        {"size": "over_50", "sizes": ["50", "ab"]},
        {"size": "50"},
        {"size": "ab"},
        {"city": "50"},
        {},
    ]


def test_an_answer_that_was_taken_off_the_list_comes_back_retired(migrated):
    people, trees = migrated(["Big"], [{"size": "Huge"}], [is_test("in", ["Big", "Tiny"])])

    assert answers_to("size") == [("big", "Big", False), ("huge", "Huge", True), ("tiny", "Tiny", True)]
    assert people[0].fields == {"size": "huge"}
    assert trees == [is_test("in", ["big", "tiny"])]


def test_a_published_model_says_the_same_and_is_guarded_again(migrated, now):
    people, trees = migrated(
        ["Big one", "Bigger", "Small"],
        [{"size": "Big one"}, {"size": "Bigger"}, {"size": "Small"}, {}],
        [
            {"all": [is_test("is", "BIG ONE"), {"not": is_test("in", ["Small"])}]},
            is_test("starts_with", "big"),
            is_test("contains", "none"),
            {"field": "size", "op": "filled"},
            {"activity": "form"},
        ],
    )

    assert trees[:2] == [
        {"all": [is_test("is", "big_one"), {"not": is_test("in", ["small"])}]},
        is_test("in", ["big_one", "bigger"]),
    ]
    found = [set(matching(Lead.objects.all(), tree, now=now).values_list("pk", flat=True)) for tree in trees]
    big, bigger, small, _ = (person.pk for person in people)
    assert found == [{big}, {big, bigger}, set(), {big, bigger, small}, set()]
    with pytest.raises(IntegrityError), transaction.atomic():
        ScoringRule.objects.update(label="Another")
    assert not GradeRequirement.objects.exists()


def test_words_that_differ_in_case_alone_go_on_meeting_the_same_conditions(migrated, now):
    people, trees = migrated(
        ["Yes", "YES"],
        [{"size": "Yes"}, {"size": "YES"}, {"size": "Maybe"}, {"sizes": ["YES", "Maybe"]}, {}],
        [
            is_test("is", "yes"),
            is_test("in", ["maybe", "Yes"]),
            is_test("is_not", "YES"),
            {"field": "sizes", "op": "has_all", "value": ["yes", "maybe"]},
        ],
    )

    found = [set(matching(Lead.objects.all(), tree, now=now).values_list("pk", flat=True)) for tree in trees]
    first, second, third, fourth, none = (person.pk for person in people)
    assert found == [{first, second}, {first, second, third}, {third, fourth, none}, {fourth}]


def test_several_answers_come_into_the_order_of_the_list(migrated):
    people, _ = migrated(["Solar", "Battery"], [{"sizes": ["Battery", "solar", "Gone", "Solar"]}], [])

    assert people[0].fields == {"sizes": ["solar", "battery", "gone"]}
