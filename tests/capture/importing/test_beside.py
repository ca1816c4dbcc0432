"""What goes on beside an import: the settling of its leads, and others who bring the same people."""

import threading
import time

import pytest
from django.db import connection
from django.utils import timezone

from capture.importing.actions import merging, running
from capture.importing.models import Import
from leads.models import Activity, DirtyLead, Lead
from tests.cast import make_cast
from tests.factories.leads import make_lead
from tests.factories.routing import publish_cities

CITIES = ["Kiel", "Bonn", "Jena"]
PEOPLE = "Email,City\n" + "".join(f"p{n}@x.example,{CITIES[n % 3]}\n" for n in range(45))


@pytest.fixture
def chunks(committed, monkeypatch):
    """Chunks of ten leads, and a model by which Kiel is an A."""
    monkeypatch.setattr("capture.importing.actions.running.CHUNK_ROWS", 10)
    publish_cities(by=make_cast().ann, now=timezone.now())


@pytest.mark.servers
def test_the_leads_are_settled_while_the_next_chunk_is_merged(chunks, bring, monkeypatch):
    settling, met = threading.Event(), []

    def settle(**values):
        settling.set()
        return settle_dirty(**values)

    def merge(rows, target, *, now):
        # The second chunk waits, in its transaction, until the first is being settled.
        met.append(rows[0].number == 1 or settling.wait(20))
        return merge_chunk(rows, target, now=now)

    settle_dirty, merge_chunk = running.settle_dirty, running.merge_chunk
    monkeypatch.setattr(running, "settle_dirty", settle)
    monkeypatch.setattr(running, "merge_chunk", merge)
    run = bring(PEOPLE)
    assert (run.status, met) == ("done", [True] * 5)
    assert not DirtyLead.objects.exists()
    assert not Lead.objects.filter(scored_at=None).exists()
    kiel = Lead.objects.filter(city="Kiel")
    assert kiel.count() == 15
    assert set(kiel.values_list("grade", "side")) == {("A", "sales")}
    assert set(Lead.objects.exclude(city="Kiel").values_list("side", flat=True)) == {"marketing"}


@pytest.mark.servers
def test_what_goes_wrong_with_settling_stops_the_import_and_loses_nothing(chunks, bring, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(running, "settle_dirty", lambda **_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            bring(PEOPLE)
    run = Import.objects.get()
    assert (run.status, run.attempts, run.failure) == ("running", 1, "ZeroDivisionError: division by zero")
    assert DirtyLead.objects.count() == Lead.objects.count() == run.rows_done > 0


@pytest.mark.django_db
def test_the_seconds_of_an_import_hold_the_merging(bring, monkeypatch):
    def merge(rows, target, *, now):
        time.sleep(0.4)
        return merge_chunk(rows, target, now=now)

    merge_chunk = running.merge_chunk
    monkeypatch.setattr(running, "merge_chunk", merge)
    assert bring(PEOPLE).seconds >= 0.4


@pytest.mark.servers
def test_a_person_who_came_in_another_way_meanwhile_is_met_at_the_second_try(committed, bring, monkeypatch):
    def interfere(change, **values):
        if not Lead.objects.filter(external_id="7").exists():
            somebody = threading.Thread(target=bring_her_in)
            somebody.start()
            somebody.join()
        write_chunk(change, **values)

    def bring_her_in():
        make_lead(external_system="crm", external_id="7", last_name="Ng")
        connection.close()

    write_chunk = merging.staging.write_chunk
    monkeypatch.setattr(merging.staging, "write_chunk", interfere)
    mapping = {"external_system": "crm", "columns": {"Id": "external_id", "City": "city"}}
    run = bring("Id,City\n7,Kiel\n8,Ulm\n", mapping=mapping)
    assert (run.status, run.created, run.updated) == ("done", 1, 1)
    ng = Lead.objects.get(external_id="7")
    assert (ng.last_name, ng.city) == ("Ng", "Kiel")
    assert Activity.objects.filter(kind="imported").count() == 2
