"""The same person by two doors at the same moment, on connections of their own, is one lead."""

import threading
import time
from functools import partial

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from capture.importing.actions import merging
from capture.importing.actions.running import continue_import
from insights.invariants import check_all
from leads.actions.other_keys import add_key
from leads.changes import changing
from leads.models import Activity, Lead
from team.enums import Role
from tests.cast import make_user
from tests.factories.leads import make_lead
from tests.leads.test_parallel import at_once, wait_until_somebody_waits
from web.leads import edits

LIST = "Email,Phone,Last name\nnora@berg.example,,Berg\n,+49 30 1234567,Berg\n"
BY_ID = {"external_system": "crm", "columns": {"Id": "external_id", "City": "city"}}
TYPED = [{"email": "Nora@Berg.example"}, {"phone": "030 / 1234567", "last_name": "Berg"}]


@pytest.fixture
def enter(committed, settings):
    settings.PHONE_REGION = "DE"
    client = Client()
    client.force_login(make_user("ben", Role.REP))
    return lambda typed: client.post(reverse("web:lead-new"), {"first_name": "Nora", **typed})


@pytest.fixture
def meet(monkeypatch):
    """meet(module, name): whoever calls that function has looked for the person, and waits there for the other."""
    both = threading.Barrier(2)

    def meet(module, name):
        original, met = getattr(module, name), set()

        def wait_and_go_on(*args, **kwargs):
            # Only the first time: who begins anew meets nobody.
            if threading.get_ident() not in met:
                met.add(threading.get_ident())
                both.wait(timeout=20)
            return original(*args, **kwargs)

        monkeypatch.setattr(module, name, wait_and_go_on)

    return meet


@pytest.mark.servers
@pytest.mark.parametrize("typed", TYPED, ids=["e-mail", "phone"])
def test_a_page_and_an_import_make_one(enter, bring, meet, typed):
    run = bring(LIST, work=False)
    meet(edits, "_create")
    meet(merging.staging, "write_chunk")
    answer, _ = at_once(partial(enter, typed), partial(continue_import, run_id=run.pk, clock=timezone.now))

    run.refresh_from_db()
    assert run.status == "done"
    assert Lead.objects.count() == 2
    # The page was first and the import found her, or the import was, and the page left a note.
    told = Activity.objects.filter(kind="entered_again").count()
    assert (run.created, run.created + run.updated + run.unchanged) == (1 + told, 2)
    assert answer.status_code == 302
    assert [finding for finding in check_all() if finding.count] == []


@pytest.mark.servers
@pytest.mark.parametrize("typed", TYPED, ids=["e-mail", "phone"])
def test_an_import_that_has_looked_waits_for_the_page_to_commit(enter, bring, monkeypatch, typed):
    run = bring(LIST, work=False)
    looked, look_again = threading.Event(), merging.look_again_for_many

    def look_again_later(**keys):
        looked.set()
        look_again(**keys)

    monkeypatch.setattr(merging, "look_again_for_many", look_again_later)
    thread = threading.Thread(target=_work_off, args=[run.pk])
    with transaction.atomic():
        enter(typed)
        thread.start()
        assert looked.wait(20)
        time.sleep(0.1)
    thread.join(timeout=30)

    run.refresh_from_db()
    assert (run.status, run.created, Lead.objects.count()) == ("done", 1, 2)


@pytest.mark.servers
def test_an_id_that_a_page_gives_to_somebody_meanwhile_leads_the_import_to_her(committed, bring):
    nora = make_lead(last_name="Berg", external_system="shop", external_id="1")
    run = bring("Id,City\n7,Kiel\n", mapping=BY_ID, work=False)
    entered = threading.Event()

    def page():
        with changing([nora.pk], by=None, now=timezone.now()) as change:
            add_key(change, lead=nora, kind="external_id", value="7", system="crm")
            entered.set()
            wait_until_somebody_waits()

    def work():
        assert entered.wait(20)
        continue_import(run_id=run.pk, clock=timezone.now)

    at_once(page, work)

    run.refresh_from_db()
    nora.refresh_from_db()
    assert (run.status, run.created, run.updated) == ("done", 0, 1)
    assert (Lead.objects.count(), nora.city) == (1, "Kiel")
    assert [finding for finding in check_all() if finding.count] == []


@pytest.mark.servers
def test_an_id_that_an_import_brings_meanwhile_is_refused_to_the_page(committed, bring, monkeypatch):
    client, nora = Client(), make_lead(last_name="Berg")
    client.force_login(make_user("mia", Role.MARKETER))
    run = bring("Id,City\n7,Kiel\n", mapping=BY_ID, work=False)
    written, look_again = threading.Event(), merging.look_again_for_many

    def look_again_later(**keys):
        written.set()
        wait_until_somebody_waits()
        look_again(**keys)

    monkeypatch.setattr(merging, "look_again_for_many", look_again_later)

    def page():
        assert written.wait(20)
        typed = {"kind": "external_id", "value": "7", "system": "crm"}
        return client.post(reverse("web:key-add", args=[nora.pk]), typed)

    answer, _ = at_once(page, partial(continue_import, run_id=run.pk, clock=timezone.now))

    run.refresh_from_db()
    assert (run.status, run.created, Lead.objects.count()) == ("done", 1, 2)
    assert answer.status_code == 422
    assert "Another lead has this external id." in answer.content.decode()
    assert 'value="7"' in answer.content.decode()


@pytest.mark.servers
def test_two_imports_make_one(committed, bring, meet):
    runs = [bring(LIST, work=False) for _ in range(2)]
    meet(merging, "take_lock")
    at_once(*(partial(continue_import, run_id=run.pk, clock=timezone.now) for run in runs))

    assert Lead.objects.count() == 2
    for run in runs:
        run.refresh_from_db()
    assert sorted((run.created, run.unchanged) for run in runs) == [(0, 2), (2, 0)]


def _work_off(run_id):
    try:
        continue_import(run_id=run_id, clock=timezone.now)
    finally:
        connection.close()
