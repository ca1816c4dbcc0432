"""New people are written at one place: the same rows, in the same statements, for one and for many."""

import json

import pytest
from django.db import IntegrityError, transaction

from insights.invariants import check_all
from leads.activities import kinds
from leads.changes import changing
from leads.intake.copying import copy_now
from leads.intake.entering import enter_people
from leads.intake.people import Other, Person
from leads.models import Activity, DirtyLead, Lead, OtherKey, Transition


def enter(people, *, by=None, now):
    """Enters them; the tables that were written, in order."""
    tables = []

    def copy(statement, text):
        tables.append(statement.split()[1])
        copy_now(statement, text)

    with changing(by=by, now=now) as change:
        payloads = [json.dumps({"number": number}) for number in range(len(people))]
        enter_people(change, people, reason=kinds.ENTERED, kind=kinds.NOTE, payloads=payloads, copy=copy)
        assert change.held == {person.id for person in people}
    return tables


def somebody(number):
    others = (Other("email", "", f"home{number}@x.example", f"Home{number}@x.example"),)
    return Person(
        first_name="Ann\\\t",
        last_name=f"Person {number}",
        name_key=f"ann person {number}",
        email=f"{number}@x.example",
        email_key=f"{number}@x.example",
        tags=['a "b"', "c,d"],
        fields={"note": "line\nline \\", "seats": 7, "trial": True, "wishes": ["x", "y"]},
        others=others,
    )


@pytest.mark.parametrize("count", [1, 300])
def test_one_and_many_are_written_alike(cast, now, count, django_assert_num_queries):
    people = [somebody(number) for number in range(count)]
    with django_assert_num_queries(4 + 6):  # their ids, the marks, the savepoint around them, and the tables
        tables = enter(people, by=cast.mia, now=now)

    assert tables == [
        "leads_transition",
        "leads_changerow",
        "leads_activity",
        "leads_leadsearch",
        "leads_lead",
        "leads_otherkey",
    ]
    lead = Lead.objects.get(pk=people[-1].id)
    assert (lead.first_name, lead.tags, lead.stage, lead.created_at) == ("Ann\\\t", ['a "b"', "c,d"], "name", now)
    assert lead.fields == people[-1].fields
    step = Transition.objects.get(lead=lead)
    assert (step.seq, step.to_stage, step.actor, step.reason, step.at) == (1, "name", cast.mia, "entered", now)
    told = Activity.objects.get(lead=lead)
    assert (told.kind, told.payload, told.actor) == ("note", {"number": count - 1}, cast.mia)
    assert list(Lead.objects.search(f"home{count - 1}")) == [lead]
    assert OtherKey.objects.get(lead=lead).key == f"home{count - 1}@x.example"
    assert DirtyLead.objects.count() == Lead.objects.count() == count
    assert [finding.invariant.says for finding in check_all() if finding.count] == []


def test_nobody_is_no_statement(db, now, django_assert_num_queries):
    with django_assert_num_queries(2):
        assert enter([], now=now) == []


def test_an_external_id_that_somebody_has_is_refused_and_nothing_is_written(cast, now):
    taken = {"external_system": "crm", "external_id": "7", "last_name": "Roe", "name_key": "roe"}
    enter([Person(**taken)], now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        enter([Person(last_name="Poe", name_key="poe"), Person(**taken)], now=now)
    assert Lead.objects.count() == Transition.objects.count() == 1
