"""The database itself refuses bad histories, whoever writes."""

import datetime

import pytest
from django.db import IntegrityError, connection, transaction

from leads.enums import Disposition, Side, Stage
from leads.models import (
    Activity,
    Campaign,
    Company,
    DirtyLead,
    ExternalId,
    Lead,
    LeadSearch,
    OtherKey,
    StageDefinition,
    Task,
    Transition,
)
from team.models import Pool
from tests.factories.leads import NOW, make_lead, make_source

HOUR = datetime.timedelta(hours=1)


def refused(name):
    """A context in which the constraint `name` has to fail, deferred ones included."""
    return _Refused(name)


class _Refused:
    def __init__(self, name):
        self.name = name

    def __enter__(self):
        self.atomic = transaction.atomic()
        self.atomic.__enter__()

    def __exit__(self, kind, error, trace):
        if error is None:
            try:
                connection.check_constraints()
            except IntegrityError as late:
                kind, error, trace = IntegrityError, late, late.__traceback__
        self.atomic.__exit__(kind or RuntimeError, error or RuntimeError(), trace)
        assert isinstance(error, IntegrityError), f"{self.name} refused nothing: {error!r}"
        assert error.__cause__.diag.constraint_name == self.name
        return True


def lead_row(**values):
    return Lead.objects.create(**({"stage_since": NOW, "created_at": NOW, "changed_at": NOW} | values))


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("lead_stage_known", {"stage": "whale"}),
        ("lead_disposition_known", {"disposition": "maybe", "disposition_reason": "x"}),
        ("lead_grade_known", {"grade": "E", "score_version": 1, "scored_at": NOW}),
        ("lead_has_exactly_one_keeper", {"side": Side.SALES}),
        ("lead_has_exactly_one_keeper", {"side": "both"}),
        ("customer_has_contract_and_money", {"stage": Stage.CUSTOMER, "contract_on": NOW.date()}),
        ("customer_has_contract_and_money", {"stage": Stage.CUSTOMER, "first_paid_on": NOW.date()}),
        ("disposition_has_a_reason", {"disposition": Disposition.LOST}),
        ("recycled_lead_has_a_date", {"disposition": Disposition.RECYCLED, "disposition_reason": "Bad timing"}),
        ("lead_score_has_a_version_and_a_time", {"score": 5}),
        ("lead_score_has_a_version_and_a_time", {"grade": "A"}),
        ("lead_score_has_a_version_and_a_time", {"score_version": 1, "scored_at": NOW}),
        ("external_id_names_its_system", {"external_id": "7"}),
    ],
)
def test_lead_refuses(db, constraint, values):
    with refused(constraint):
        lead_row(**values)


def test_lead_has_one_keeper_never_two(cast):
    pool = Pool.objects.get(code="sales")

    with refused("lead_has_exactly_one_keeper"):
        lead_row(side=Side.SALES, owner=cast.ben, pool=pool)
    with refused("lead_has_exactly_one_keeper"):
        lead_row(side=Side.MARKETING, owner=cast.ben)
    lead_row(side=Side.SALES, owner=cast.ben)
    lead_row(side=Side.SALES, pool=pool)
    lead_row(side=Side.MARKETING)


def test_external_id_is_given_once_per_system(db):
    crm = lead_row(external_system="crm", external_id="7")
    shop = lead_row(external_system="shop", external_id="7")

    with refused("leads_externalid_pkey"):
        lead_row(external_system="crm", external_id="7")
    with refused("leads_externalid_pkey"):
        other_id(shop, "crm", "7")
    with refused("leads_externalid_pkey"):
        other_id(shop, "shop", "7")
    other_id(shop, "crm", "8")
    with refused("leads_externalid_pkey"):
        Lead.objects.filter(pk=crm.pk).update(external_id="8")


def test_an_external_id_that_is_let_go_of_is_free_again(db):
    first = lead_row(external_system="crm", external_id="7")
    other = other_id(first, "crm", "8")
    Lead.objects.filter(pk=first.pk).update(external_id="9")
    other.delete()
    second = lead_row(external_system="crm", external_id="7")
    other_id(second, "crm", "8")
    first.delete()
    second.delete()

    assert not ExternalId.objects.exists()


@pytest.mark.parametrize(("tables", "left"), [("leads_otherkey", ["7"]), ("leads_lead", [])])
def test_truncated_tables_leave_no_id_of_theirs(db, tables, left):
    lead = lead_row(external_system="crm", external_id="7")
    other_id(lead, "crm", "8")
    other_id(lead, "shop", "7")

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"TRUNCATE {tables} CASCADE")

    assert list(ExternalId.objects.values_list("key", flat=True)) == left


def other_id(lead, system, key):
    return OtherKey.objects.create(lead=lead, kind="external_id", system=system, value=key, key=key)


def step(lead, **values):
    """A good second step of a lead that begins as a name, but for `values`."""
    first = lead.transitions.get(seq=1)
    row = {
        "seq": 2,
        "previous_seq": 1,
        "from_stage": first.to_stage,
        "from_disposition": first.to_disposition,
        "from_at": first.at,
        "to_stage": Stage.LEAD,
        "to_disposition": Disposition.OPEN,
        "at": first.at + HOUR,
        "reason": "Asked",
        "definition": StageDefinition.objects.get(stage="lead", is_current=True),
    }
    return Transition.objects.create(lead=lead, **(row | values))


def test_a_good_step_is_taken(db):
    assert step(make_lead()).pk


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("transition_history_is_contiguous", {"from_stage": Stage.SUSPECT}),
        ("transition_history_is_contiguous", {"from_disposition": Disposition.LOST}),
        ("transition_history_is_contiguous", {"from_at": NOW + HOUR / 2}),
        ("transition_history_is_contiguous", {"seq": 4, "previous_seq": 3}),
        ("transition_follows_the_one_before", {"at": NOW}),
        ("transition_follows_the_one_before", {"at": NOW - HOUR}),
        ("transition_follows_the_one_before", {"seq": 3}),
        ("transition_follows_the_one_before", {"from_at": None}),
        ("transition_follows_the_one_before", {"from_stage": None}),
        ("transition_follows_the_one_before", {"from_disposition": None}),
        ("transition_follows_the_one_before", {"seq": 1}),
        ("transition_changes_something", {"to_stage": Stage.NAME}),
        ("transition_has_a_reason", {"reason": ""}),
        ("transition_stage_known", {"to_stage": "whale"}),
        ("transition_disposition_known", {"to_disposition": "maybe"}),
    ],
)
def test_history_refuses(db, constraint, values):
    lead = make_lead()

    with refused(constraint):
        step(lead, **values)


def test_history_refuses_a_second_beginning_and_a_fork(db):
    lead = make_lead()
    step(lead)

    with refused("transition_seq_once"):
        step(lead, to_stage=Stage.SUSPECT)
    with refused("transition_seq_once"):
        step(
            lead,
            seq=1,
            previous_seq=None,
            from_stage=None,
            from_disposition=None,
            from_at=None,
        )


def test_history_refuses_to_lose_its_middle(db):
    lead = make_lead()
    step(lead)

    with refused("transition_history_is_contiguous"):
        lead.transitions.filter(seq=1).delete()
    with refused("transition_history_is_contiguous"):
        lead.transitions.filter(seq=1).update(to_stage=Stage.CUSTOMER)


def test_one_definition_of_a_stage_is_current(db):
    with refused("one_current_stage_definition"):
        StageDefinition.objects.create(stage="lead", version=2, who="x", moves_in="y", created_at=NOW)
    with refused("stage_version_once"):
        StageDefinition.objects.create(stage="lead", version=1, who="x", moves_in="y", created_at=NOW, is_current=False)
    with refused("definition_stage_known"):
        StageDefinition.objects.create(stage="whale", version=1, who="x", moves_in="y", created_at=NOW)


def test_activity_refuses(db):
    lead = make_lead()

    def visit(**values):
        return Activity.objects.create(
            **({"lead": lead, "kind": "visit", "occurred_at": NOW, "recorded_at": NOW} | values)
        )

    visit(dedupe_key="a")
    visit()
    visit()
    with refused("activity_dedupe_key_once_a_lead"):
        visit(dedupe_key="a")


def test_task_done_has_time_and_person(cast):
    lead = make_lead()

    def task(**values):
        return Task.objects.create(lead=lead, title="Call", due_at=NOW, assignee=cast.ben, created_at=NOW, **values)

    task(done_at=NOW, done_by=cast.ben)
    with refused("task_done_has_time_and_person"):
        task(done_at=NOW)
    with refused("task_done_has_time_and_person"):
        task(done_by=cast.ben)


def test_company_and_campaign_refuse(db):
    with refused("company_has_a_name"):
        Company.objects.create(name="!", name_key="", created_at=NOW)
    with refused("campaign_ends_after_it_starts"):
        Campaign.objects.create(
            code="x", name="x", source=make_source(), starts_on=NOW.date(), ends_on=NOW.date() - HOUR * 24
        )


def test_a_lead_has_one_mark_and_one_search_document(db):
    lead = make_lead()

    with refused("leads_dirtylead_pkey"):
        DirtyLead.objects.create(lead=lead, marked_at=NOW)
    with refused("leads_leadsearch_pkey"):
        LeadSearch(lead=lead, document="x").save(force_insert=True)
