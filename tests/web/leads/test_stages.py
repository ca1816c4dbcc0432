"""Stages by hand: the agreed definition decides, with evidence, and whoever may overrule it gives a reason."""

import pytest
from django.urls import reverse

from leads.enums import Stage
from leads.models import Lead, StageDefinition, Transition
from routing.actions import route
from routing.models import Handover
from tests.factories.deeds import log_activity
from tests.factories.leads import make_lead
from tests.scoring.made import happen


def move(client, lead, **values):
    return client.post(reverse("web:lead-stage", args=[lead.pk]), {"reason": "Said so", **values})


def last_step(lead):
    return Transition.objects.filter(lead=lead).latest("seq")


def test_a_rep_makes_a_lead_of_a_name_with_evidence(cast, as_user, now):
    lead = make_lead(owner=cast.ben, grade="A", score=80)
    call = log_activity(lead=lead, kind="call", payload={"note": "Wants one"}, by=cast.ben, now=now)
    client = as_user(cast.ben)

    refused = move(client, lead, to="lead")

    assert refused.status_code == 422
    assert "an activity or an answer" in refused.content.decode()
    assert Lead.objects.get(pk=lead.pk).stage == "name"
    assert move(client, lead, to="lead", evidence=f"activity:{call.pk}").status_code == 302
    step = last_step(lead)
    assert (step.to_stage, step.actor, step.reason, step.evidence["activity"]) == ("lead", cast.ben, "Said so", call.pk)
    assert "Evidence: Call" in client.get(reverse("web:lead-detail", args=[lead.pk])).content.decode()


def test_an_answer_is_evidence(cast, as_user, now):
    lead = make_lead(owner=cast.ben, budget="Approved")

    assert move(as_user(cast.ben), lead, to="lead", evidence="answer:budget").status_code == 302

    assert last_step(lead).evidence == {
        "answer": "budget",
        "value": "approved",
        "labels": {"budget": {"approved": 1}},
    }


def test_evidence_of_somebody_else_is_none(cast, as_user, now):
    lead, other = make_lead(owner=cast.ben), make_lead(owner=cast.ben)
    happen(other, "call", now=now)
    call = other.activities.get(kind="call")

    assert move(as_user(cast.ben), lead, to="lead", evidence=f"activity:{call.pk}").status_code == 422

    assert Lead.objects.get(pk=lead.pk).stage == "name"


def test_the_page_says_what_is_missing_for_a_stage(cast, as_user, now):
    lead = make_lead(owner=cast.ben, grade="C", score=30, stage=Stage.LEAD)
    client = as_user(cast.ben)

    page = client.get(reverse("web:lead-detail", args=[lead.pk])).content.decode()

    assert "Missing: grade is A or B" in page
    assert page.count('<small class="d-block">Missing:') == 2
    assert move(client, lead, to="qualified").status_code == 422
    assert Lead.objects.get(pk=lead.pk).stage == "lead"


def test_a_manager_overrules_the_definition_and_the_transition_keeps_what_was_missing(cast, as_user, now):
    lead = make_lead(owner=cast.ben, grade="C", score=30, stage=Stage.LEAD)
    entry = StageDefinition.objects.get(stage="qualified", is_current=True).entry

    assert move(as_user(cast.ben), lead, to="qualified", overrule="1").status_code == 403
    assert Lead.objects.get(pk=lead.pk).stage == "lead"
    assert move(as_user(cast.ada), lead, to="qualified", overrule="1").status_code == 302

    assert (last_step(lead).overruled, last_step(lead).reason) == ([entry], "Said so")
    page = as_user(cast.ada).get(reverse("web:lead-detail", args=[lead.pk])).content.decode()
    assert "Missing, and overruled: grade is A or B" in page


def test_a_definition_that_names_what_is_gone_is_overruled_or_stops_whoever_rises(cast, as_user, now):
    gone = {"field": "gone", "op": "filled"}
    StageDefinition.objects.filter(stage="qualified").update(entry=gone)
    lead = make_lead(owner=cast.ben, stage=Stage.LEAD)

    refused = move(as_user(cast.ben), lead, to="qualified")
    assert refused.status_code == 422
    assert "what is no longer known here" in refused.content.decode()
    assert move(as_user(cast.ada), lead, to="qualified", overrule="1").status_code == 302
    assert last_step(lead).overruled == [gone]

    assert move(as_user(cast.ada), lead, to="prospect").status_code == 302
    assert move(as_user(cast.ben), lead, to="qualified").status_code == 302
    assert Lead.objects.get(pk=lead.pk).stage == "qualified"


def test_nobody_makes_a_customer_without_the_dates(cast, as_user, now):
    lead = make_lead(owner=cast.ben, stage=Stage.PROSPECT)

    assert move(as_user(cast.ada), lead, to="customer", overrule="1").status_code == 422

    assert Lead.objects.get(pk=lead.pk).stage == "prospect"


def test_a_stranger_and_a_reader_move_nobody(cast, as_user, now):
    lead = make_lead(owner=cast.ben, stage=Stage.LEAD)

    assert move(as_user(cast.cal), lead, to="name").status_code == 404
    assert move(as_user(cast.mia), lead, to="name").status_code == 403

    assert Lead.objects.get(pk=lead.pk).stage == "lead"


@pytest.mark.parametrize(("city", "stage"), [("Kiel", "qualified"), ("Bonn", "name")])
def test_a_hand_over_lifts_the_stage_only_where_the_definition_is_met(cast, as_user, now, city, stage):
    kiel = {"field": "city", "op": "is", "value": "Kiel"}
    graded = {"field": "grade", "op": "in", "value": ["A", "B"]}
    StageDefinition.objects.filter(stage="qualified").update(entry={"all": [graded, kiel]})
    lead = make_lead(grade="A", score=80, city=city)

    route([lead.pk], now=now)

    lead.refresh_from_db()
    assert (lead.owner, lead.stage) == (cast.ben, stage)
    receipt = Handover.objects.get(lead=lead).receipt
    assert receipt.get("stage_lacks") == (None if city == "Kiel" else [kiel])
    page = as_user(cast.ben).get(reverse("web:lead-detail", args=[lead.pk])).content.decode()
    assert ("Missing: city is &quot;Kiel&quot;" in page) == (city == "Bonn")


def test_a_definition_that_names_what_is_gone_holds_up_no_hand_over(cast, now):
    StageDefinition.objects.filter(stage="qualified").update(entry={"field": "gone", "op": "filled"})
    lead = make_lead(grade="A", score=80)

    route([lead.pk], now=now)

    lead.refresh_from_db()
    assert (lead.owner, lead.stage) == (cast.ben, "name")
    assert Handover.objects.get(lead=lead).receipt["stage_lacks"] == []
