"""A lead is given away between the look at the page and the lock on the row: nothing is written any more."""

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
def test_a_lead_taken_out_meanwhile_is_not_found(cast, as_user, monkeypatch, name):
    now = timezone.now()
    lead = make_lead(owner=cast.ben, grade="A", score=80, now=now)
    task = add_task(lead=lead, kind="call", title="Call", due_at=now, assignee=cast.ben, by=cast.ben, now=now)
    module, data = PLACES[name]
    looked = module.writable_or_refused

    def look_and_take_out(request, pk):
        seen = looked(request, pk)
        Lead.objects.filter(pk=lead.pk).delete()
        return seen

    monkeypatch.setattr(module, "writable_or_refused", look_and_take_out)
    more = [task.pk] if name == "task-done" else []
    answer = as_user(cast.ben).post(reverse(f"web:{name.split()[0]}", args=[lead.pk, *more]), data)
    assert answer.status_code == 404


@pytest.mark.parametrize("name", PLACES)
def test_a_lead_given_away_meanwhile_is_not_found_and_stays_as_it_is(cast, as_user, monkeypatch, name):
    now = timezone.now()
    lead = make_lead(owner=cast.ben, grade="A", score=80, now=now)
    task = add_task(lead=lead, kind="call", title="Call", due_at=now, assignee=cast.ben, by=cast.ben, now=now)
    module, data = PLACES[name]
    looked, after = module.writable_or_refused, []

    def look_and_give_away(request, pk):
        seen = looked(request, pk)
        assign(leads=[lead], to=cast.cal, by=cast.ada, now=timezone.now(), reason="Her region")
        after.append(snapshot())
        return seen

    monkeypatch.setattr(module, "writable_or_refused", look_and_give_away)
    more = [task.pk] if name == "task-done" else []
    answer = as_user(cast.ben).post(reverse(f"web:{name.split()[0]}", args=[lead.pk, *more]), data)
    assert (answer.status_code, [snapshot()]) == (404, after)
