import datetime

import pytest
from django.core.exceptions import ValidationError

from leads.activities import Because
from leads.enums import Disposition, Stage
from leads.models import Activity, DirtyLead, Lead, StageDefinition
from tests.factories.deeds import move_stage, set_disposition
from tests.factories.leads import make_lead

HOUR = datetime.timedelta(hours=1)


def history(lead):
    return list(
        lead.transitions.order_by("seq").values_list("seq", "from_stage", "to_stage", "to_disposition", "reason")
    )


def test_move_stage_writes_step_lead_activity_and_mark(cast, now):
    lead = make_lead(now=now)
    DirtyLead.objects.all().delete()

    moved = move_stage(leads=[lead], to=Stage.LEAD, reason="Asked for a demo", by=cast.mia, now=now + HOUR)

    assert moved == 1
    lead.refresh_from_db()
    assert (lead.stage, lead.stage_since, lead.changed_at) == ("lead", now + HOUR, now + HOUR)
    step = lead.transitions.get(seq=2)
    assert (step.previous_seq, step.from_stage, step.from_disposition, step.from_at) == (1, "name", "open", now)
    assert (step.to_stage, step.to_disposition, step.at) == ("lead", "open", now + HOUR)
    assert (step.actor, step.reason) == (cast.mia, "Asked for a demo")
    assert step.definition == StageDefinition.objects.get(stage="lead", is_current=True)
    activity = Activity.objects.get(lead=lead, occurred_at=now + HOUR)
    assert (activity.kind, activity.actor) == ("stage_changed", cast.mia)
    assert activity.payload == {
        "from": "name",
        "to": "lead",
        "from_disposition": "open",
        "to_disposition": "open",
        "reason": "Asked for a demo",
    }
    assert DirtyLead.objects.get(lead=lead).marked_at == now + HOUR


def test_move_stage_twice_is_once(cast, now):
    lead = make_lead(now=now)

    assert move_stage(leads=[lead], to=Stage.LEAD, reason="Asked", by=cast.mia, now=now + HOUR) == 1
    assert move_stage(leads=[lead], to=Stage.LEAD, reason="Asked", by=cast.mia, now=now + HOUR) == 0

    assert [row[:3] for row in history(lead)] == [(1, None, "name"), (2, "name", "lead")]


def test_move_stage_behind_the_last_step_keeps_the_order(cast, now):
    lead = make_lead(now=now, stage=Stage.LEAD)
    last = lead.transitions.get(seq=2).at

    move_stage(leads=[lead], to=Stage.NAME, reason="A mistake", by=cast.mia, now=now - HOUR)

    assert lead.transitions.get(seq=3).at == last + datetime.timedelta(microseconds=1)
    assert Lead.objects.get(pk=lead.pk).changed_at > lead.changed_at


def test_move_stage_of_a_set_is_the_same_few_queries(cast, now, django_assert_num_queries):
    few = [make_lead(now=now) for _ in range(2)]
    many = [make_lead(now=now) for _ in range(20)]

    for leads in (few, many):
        with django_assert_num_queries(10):
            assert move_stage(
                leads=Lead.objects.filter(pk__in=[lead.pk for lead in leads]),
                to=Stage.LEAD,
                reason="Asked",
                by=cast.mia,
                now=now + HOUR,
            ) == len(leads)


def test_set_disposition_recycles_and_opens_again(cast, now):
    lead = make_lead(now=now, stage=Stage.LEAD)
    day = now.date() + datetime.timedelta(days=90)

    set_disposition(
        leads=[lead], to=Disposition.RECYCLED, reason="No budget this year", by=cast.ben, now=now + HOUR, recycle_on=day
    )
    lead.refresh_from_db()
    assert (lead.disposition, lead.disposition_reason, lead.recycle_on) == ("recycled", "No budget this year", day)
    assert lead.stage_since < now + HOUR

    set_disposition(leads=[lead], to=Disposition.OPEN, reason="Budget came", by=cast.ben, now=now + 2 * HOUR)
    lead.refresh_from_db()
    assert (lead.disposition, lead.disposition_reason, lead.recycle_on) == ("open", "", None)
    assert [row[3] for row in history(lead)] == ["open", "open", "recycled", "open"]


def test_history_survives_a_round_of_everything(cast, now):
    lead = make_lead(now=now, stage=Stage.PROSPECT)
    Lead.objects.filter(pk=lead.pk).update(contract_on=now.date(), first_paid_on=now.date())

    for number, stage in enumerate([Stage.CUSTOMER, Stage.NAME, Stage.PROSPECT, Stage.LEAD], start=1):
        move_stage(
            leads=Lead.objects.all(), to=stage, reason="Round", by=cast.ann, now=now + number * HOUR, check_entry=False
        )

    assert [row[2] for row in history(lead)] == ["name", "prospect", "customer", "name", "prospect", "lead"]


def test_entry_condition_refuses_one_and_says_what_is_missing(cast, now):
    lead = make_lead(now=now, stage=Stage.LEAD, first_name="Jane", last_name="Roe")

    with pytest.raises(ValidationError) as raised:
        move_stage(leads=[lead], to=Stage.QUALIFIED, reason="Feels right", by=cast.mia, now=now + HOUR)

    assert raised.value.messages == ["Jane Roe cannot move to Qualified lead. Needed: grade is A or B."]
    lead.refresh_from_db()
    assert (lead.stage, lead.transitions.count()) == ("lead", 2)


def test_entry_condition_moves_all_or_none_and_names_some(cast, now):
    good = make_lead(now=now, stage=Stage.LEAD, grade="A", score=90)
    bad = [make_lead(now=now, stage=Stage.LEAD, grade="C", score=30, last_name=f"Bad{n}") for n in range(6)]

    with pytest.raises(ValidationError) as raised:
        move_stage(leads=[good, *bad], to=Stage.QUALIFIED, reason="All of them", by=cast.mia, now=now + HOUR)

    assert raised.value.messages == [
        "6 of 7 leads cannot move to Qualified lead. Needed: grade is A or B. "
        "Missing for Bad0, Bad1, Bad2, Bad3, Bad4 and 1 more."
    ]
    assert Lead.objects.filter(stage=Stage.QUALIFIED).count() == 0
    assert move_stage(leads=[good], to=Stage.QUALIFIED, reason="The good one", by=cast.mia, now=now + HOUR) == 1


def test_entry_condition_of_the_version_in_force_counts_and_is_named(cast, now):
    lead = make_lead(now=now, city="Berlin")
    StageDefinition.objects.filter(stage="lead").update(is_current=False)
    current = StageDefinition.objects.create(
        stage="lead",
        version=2,
        who="x",
        moves_in="y",
        entry={"field": "city", "op": "is", "value": "Berlin"},
        created_at=now,
    )

    move_stage(leads=[lead], to=Stage.LEAD, reason="From Berlin", by=cast.mia, now=now + HOUR)

    assert lead.transitions.get(seq=2).definition == current


def test_entry_condition_does_not_hold_anybody_up_who_falls_back(cast, now):
    lead = make_lead(now=now, stage=Stage.PROSPECT)

    assert move_stage(leads=[lead], to=Stage.QUALIFIED, reason="Deal broke off", by=cast.ben, now=now + HOUR) == 1


@pytest.mark.parametrize("check_entry", [True, False])
def test_customer_needs_contract_and_money_whatever_the_definition(cast, now, check_entry):
    lead = make_lead(now=now, stage=Stage.PROSPECT, contract_on=now.date(), last_name="Roe")
    StageDefinition.objects.filter(stage="customer").update(entry=None)

    with pytest.raises(ValidationError) as raised:
        move_stage(leads=[lead], to=Stage.CUSTOMER, reason="Won", by=cast.ben, now=now + HOUR, check_entry=check_entry)

    assert raised.value.messages == [
        "Roe cannot move to Customer. Needed: the dates of the contract and of the first payment."
    ]
    Lead.objects.update(first_paid_on=now.date())
    assert move_stage(leads=[lead], to=Stage.CUSTOMER, reason="Won", by=cast.ben, now=now + HOUR) == 1


@pytest.mark.parametrize("reason", ["", "  ", None, "x" * 201])
def test_a_step_needs_a_short_reason(cast, now, reason):
    lead = make_lead(now=now)

    with pytest.raises(ValidationError) as raised:
        move_stage(leads=[lead], to=Stage.LEAD, reason=reason, by=cast.mia, now=now)

    assert list(raised.value.message_dict) == ["reason"]


@pytest.mark.parametrize(("to", "day"), [(Disposition.RECYCLED, None), (Disposition.LOST, datetime.date(2026, 9, 1))])
def test_recycling_and_a_date_go_together(cast, now, to, day):
    lead = make_lead(now=now)

    with pytest.raises(ValidationError) as raised:
        set_disposition(leads=[lead], to=to, reason="x", by=cast.mia, now=now, recycle_on=day)

    assert list(raised.value.message_dict) == ["recycle_on"]


def test_set_disposition_twice_is_once(cast, now):
    lead = make_lead(now=now)

    def lose():
        return set_disposition(leads=[lead], to=Disposition.LOST, reason="Gone", by=cast.ben, now=now + HOUR)

    assert (lose(), lose()) == (1, 0)


def test_a_lead_without_history_is_not_moved_silently(cast, now):
    lead = Lead.objects.create(last_name="x", stage_since=now, created_at=now, changed_at=now)

    with pytest.raises(RuntimeError, match="1 leads have no first history row"):
        move_stage(leads=[lead], to=Stage.LEAD, reason="x", by=cast.mia, now=now)


def test_moving_nobody_is_nothing(cast, now):
    assert move_stage(leads=Lead.objects.none(), to=Stage.LEAD, reason="x", by=cast.mia, now=now) == 0
    assert move_stage(leads=[0], to=Stage.LEAD, reason="x", by=cast.mia, now=now) == 0
    assert set_disposition(leads=[], to=Disposition.LOST, reason="x", by=cast.mia, now=now) == 0


def test_a_history_keeps_what_the_words_of_its_reasons_need(cast, now):
    lead = make_lead()
    because = Because("handed_over", {"policy": 7, "policy_name": "A to sales"})
    move_stage(leads=[lead], to=Stage.LEAD, reason="handed_over, says Mia", by=cast.mia, now=now + HOUR)
    move_stage(leads=[lead], to=Stage.QUALIFIED, reason=because, by=None, now=now + 2 * HOUR, check_entry=False)
    steps = list(lead.transitions.order_by("seq"))
    assert [step.reason_facts for step in steps[1:]] == [None, because.facts]
    assert [step.reason_in_words for step in steps[1:]] == [
        "handed_over, says Mia",
        "Handed to sales by the policy A to sales",
    ]


def test_a_step_from_before_facts_were_kept_still_reads(cast, now):
    lead = make_lead()
    move_stage(leads=[lead], to=Stage.LEAD, reason="handed_over", by=None, now=now + HOUR)
    step = lead.transitions.get(seq=2)
    assert (step.reason_facts, step.reason_in_words) == (None, "Handed over")
