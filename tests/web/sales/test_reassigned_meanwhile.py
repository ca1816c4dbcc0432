"""A lead is given away after the page was looked at, up to the door of the change: nothing is written any more."""

import pytest
from django.urls import reverse
from django.utils import timezone

from leads.actions.task import add_task
from leads.models import Lead
from routing.actions import assign
from tests.factories.leads import make_lead
from tests.web.conftest import snapshot
from web.leads import edits
from web.sales import composer, work

PLACES = {
    "lead-log": (composer, {"kind": "call", "note": "Half an hour"}),
    "task-add": (composer, {"kind": "call", "title": "Call back", "due_at": "2027-01-01T10:00"}),
    "task-done": (composer, {}),
    "lead-accept": (composer, {}),
    "lead-return": (composer, {"reason": "On leave"}),
    "lead-reject": (composer, {"reason": "no_budget"}),
    "lead-edit": (edits, {"field": "phone", "phone": "+4930123456", "was-phone": '""'}),
    "work-outcome": (work, {"note": "Back on Monday", "tab": "all"}),
    "work-outcome talked": (work, {"outcome": "talked", "tab": "all"}),
}


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.clock
def test_a_lead_taken_out_meanwhile_is_not_found(cast, as_user, monkeypatch, name):
    now = timezone.now()
    lead = make_lead(owner=cast.ben, grade="A", score=80, now=now)
    task = add_task(lead=lead, kind="call", title="Call", due_at=now, assignee=cast.ben, by=cast.ben, now=now)
    module, data = PLACES[name]
    door = module.changing_lead

    def take_out_first(request, pk, **held):
        Lead.objects.filter(pk=lead.pk).delete()
        return door(request, pk, **held)

    monkeypatch.setattr(module, "changing_lead", take_out_first)
    more = [task.pk] if name == "task-done" else []
    answer = as_user(cast.ben).post(reverse(f"web:{name.split()[0]}", args=[lead.pk, *more]), data)
    assert answer.status_code == 404


@pytest.mark.parametrize("name", PLACES)
def test_a_lead_given_away_meanwhile_is_not_found_and_stays_as_it_is(cast, as_user, monkeypatch, name):
    now = timezone.now()
    lead = make_lead(owner=cast.ben, grade="A", score=80, now=now)
    task = add_task(lead=lead, kind="call", title="Call", due_at=now, assignee=cast.ben, by=cast.ben, now=now)
    module, data = PLACES[name]
    door, after = module.changing_lead, []

    def give_away_first(request, pk, **held):
        assign(leads=[lead], to=cast.cal, by=cast.ada, now=timezone.now(), reason="Her region")
        after.append(snapshot())
        return door(request, pk, **held)

    monkeypatch.setattr(module, "changing_lead", give_away_first)
    more = [task.pk] if name == "task-done" else []
    answer = as_user(cast.ben).post(reverse(f"web:{name.split()[0]}", args=[lead.pk, *more]), data)
    assert (answer.status_code, [snapshot()]) == (404, after)
