"""What goes on beside an import: the settling of its leads, and others who bring the same people."""

import threading

import pytest
from django.db import connection
from django.utils import timezone

from capture.actions import merging
from leads.models import Activity, DirtyLead, Lead
from tests.cast import make_cast
from tests.factories.leads import make_lead
from tests.factories.routing import publish_cities


@pytest.mark.servers
def test_the_leads_are_settled_while_the_next_chunk_is_merged(committed, bring, monkeypatch):
    monkeypatch.setattr("capture.actions.running.CHUNK_ROWS", 10)
    publish_cities(by=make_cast().ann, now=timezone.now())
    cities = ["Kiel", "Bonn", "Jena"]
    run = bring("Email,City\n" + "".join(f"p{n}@x.example,{cities[n % 3]}\n" for n in range(45)))
    assert run.status == "done"
    assert not DirtyLead.objects.exists()
    assert not Lead.objects.filter(scored_at=None).exists()
    kiel = Lead.objects.filter(city="Kiel")
    assert kiel.count() == 15
    assert set(kiel.values_list("grade", "side")) == {("A", "sales")}
    assert set(Lead.objects.exclude(city="Kiel").values_list("side", flat=True)) == {"marketing"}


@pytest.mark.servers
def test_a_person_who_came_in_another_way_meanwhile_is_met_at_the_second_try(committed, bring, monkeypatch):
    def interfere(**values):
        if not Lead.objects.filter(external_id="7").exists():
            somebody = threading.Thread(target=bring_her_in)
            somebody.start()
            somebody.join()
        write_chunk(**values)

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
