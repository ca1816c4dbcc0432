"""The language opens upwards: what a room registers is checked, compiled, described and edited like all the rest."""

import sys

import pytest
from django.apps import AppConfig, apps
from django.core.exceptions import ImproperlyConfigured, ValidationError

from leads.conditions import (
    Column,
    ConditionError,
    Field,
    Vocabulary,
    check,
    check_dependencies,
    describe,
    foundations,
    matching,
    register,
    registry,
)
from leads.enums import FieldType
from leads.fields import ValueType, codes
from leads.models import FieldDefinition, Lead, OtherKey, Task
from scoring.rules import condition_problems
from tests.factories.leads import make_lead
from tests.leads.conditions.crowd import NOW, add_lead, days, found

ROOM = "tests.leads.conditions.room"


@pytest.fixture
def registered_apart(monkeypatch):
    """What is registered in the test is forgotten after it."""
    monkeypatch.setattr(registry, "_FIELDS", dict(registry._FIELDS))
    monkeypatch.setattr(codes, "_TAKEN", set(codes._TAKEN))


@pytest.fixture
def room(registered_apart, monkeypatch):
    """A room that is there for the time of the test, found as every room is when the program starts."""
    monkeypatch.setitem(apps.app_configs, "room", AppConfig.create(ROOM))
    apps.get_app_config("leads").ready()
    yield
    del sys.modules[f"{ROOM}.conditions"]


def text(code, **more):
    return Field(code, code.capitalize(), ValueType.TEXT, Column("job_title"), **more)


def due(lead, **more):
    Task.objects.create(lead=lead, title="Call", created_at=NOW, **more)


@pytest.fixture
def busy(cast):
    """Leads with an open task soon, with an open one late and a done one soon, and with none."""
    soon, late = NOW + days(2), NOW + days(20)
    with_soon, with_late = add_lead("soon"), add_lead("late")
    due(with_soon, kind="call", due_at=soon, assignee=cast.ben)
    due(with_soon, kind="email", due_at=late, assignee=cast.ben)
    due(with_late, kind="email", due_at=late, assignee=cast.ben)
    due(with_late, kind="call", due_at=soon, assignee=cast.ben, done_at=NOW, done_by=cast.ben)
    add_lead("none")


@pytest.mark.parametrize(
    ("test", "names", "says"),
    [
        ({"field": "task_due_at", "op": "next_days", "value": 7}, {"soon"}, "task due at is in the next 7 days"),
        ({"field": "task_due_at", "op": "filled"}, {"soon", "late"}, "task due at is filled"),
        ({"field": "task_due_at", "op": "empty"}, {"none"}, "task due at is empty"),
        ({"field": "task_kind", "op": "is", "value": "call"}, {"soon"}, "kind of a task is call"),
        ({"field": "task_kind", "op": "is_not", "value": "call"}, {"late", "none"}, "kind of a task is not call"),
        ({"field": "task_kind", "op": "in", "value": ["call", "email"]}, {"soon", "late"}, None),
    ],
)
def test_what_a_room_registers_is_asked_in_its_rows(room, busy, test, names, says):
    check(test)

    assert found(test) == names
    assert says is None or describe(test) == says


def test_what_a_room_registers_is_refused_like_all_the_rest(room, db):
    with pytest.raises(ConditionError) as caught:
        check({"all": [{"field": "task_kind", "op": "is", "value": "dance"}, {"field": "task_du_at", "op": "filled"}]})

    assert [problem.path for problem in caught.value.problems] == ["all[0].value", "all[1].field"]
    assert "is task_due_at meant?" in str(caught.value)


def test_the_editor_is_told_what_a_room_registers(room, db):
    fields = {each["code"]: each for each in Vocabulary.load().as_json()["fields"]}

    assert fields["task_kind"]["group"] == "Tasks"
    assert fields["task_kind"]["ops"] == ["is", "is_not", "in", "not_in"]
    assert {"value": "call", "label": "Call"} in fields["task_kind"]["choices"]
    assert "next_days" in fields["task_due_at"]["ops"]


def test_owners_are_offered_who_can_own_leads_now_and_the_others_are_known(cast):
    cast.cal.is_active = False
    cast.cal.save()

    choices = Vocabulary.load().references["owner"].choices
    assert choices[0] == (cast.ben.pk, "Ben")
    assert (cast.cal.pk, "Cal (not offered)") in choices[1:]


def test_no_field_of_an_admin_takes_the_code_of_a_room_s(room, db):
    with pytest.raises(ValidationError, match="built-in"):
        FieldDefinition(code="task_due_at", label="Mine", type=FieldType.TEXT).full_clean()


def test_a_room_that_is_not_there_has_registered_nothing(db):
    with pytest.raises(ConditionError, match="unknown field 'task_due_at'"):
        check({"field": "task_due_at", "op": "filled"})


def test_scoring_refuses_what_follows_from_the_score_however_far_away(room, db):
    vocabulary = Vocabulary.load()

    (problem,) = condition_problems({"not": {"field": "fame", "op": "filled"}}, vocabulary)

    assert str(problem) == "not.field: a scoring rule cannot look at fame: it follows from the score"
    assert foundations("fame") == {"owner", "grade", "score"}
    assert condition_problems({"field": "task_due_at", "op": "filled"}, vocabulary) == []


def test_a_code_is_registered_once(registered_apart):
    register(text("rank"))

    for code in ("rank", "email", "score"):
        with pytest.raises(ImproperlyConfigured, match=code):
            register(text(code))


def test_fields_that_depend_on_each_other_are_an_error_at_start(registered_apart):
    register(text("rank", depends_on=frozenset({"fame"})), text("fame", depends_on=frozenset({"rank"})))

    with pytest.raises(ImproperlyConfigured, match="rank on fame on rank|fame on rank on fame"):
        check_dependencies()


def test_a_field_that_depends_on_none_that_is_there_is_an_error_at_start(registered_apart):
    register(text("rank", depends_on=frozenset({"fame"})))

    with pytest.raises(ImproperlyConfigured, match="rank depends on fame, and there is none"):
        check_dependencies()


def test_a_condition_finds_a_person_by_an_address_beside_her_main_one(db):
    nora, bo = make_lead(email="nora@home.example"), make_lead(email="bo@acme.example")
    for kind, value in (("email", "Nora@Acme.example"), ("email", "n@x.example"), ("phone", "+49 171 1234567")):
        OtherKey.objects.create(lead=nora, kind=kind, value=value, key=value.lower())
    main = {"field": "email", "op": "contains", "value": "@acme"}
    others = main | {"field": "other_emails"}

    def found_by(tree):
        return list(matching(Lead.objects.order_by("pk"), tree, now=NOW, vocabulary=Vocabulary.load()))

    assert found_by(main) == [bo]
    assert found_by(others) == [nora]
    assert found_by({"any": [main, others]}) == [nora, bo]
    assert found_by({"field": "other_phones", "op": "empty"}) == [bo]
    assert describe(others, Vocabulary.load()) == 'other e-mails contains "@acme"'
