"""Further addresses, numbers and ids of a person come in beside the main one, and go with it when undone."""

import pytest
from django.utils import timezone

from capture.importing.actions.running import continue_import, undo
from leads.models import Lead
from tests.capture.importing.conftest import counts

pytestmark = pytest.mark.django_db

CRM = {"external_system": "crm", "columns": {"Id": "external_id", "Mail": "email", "Phone": "phone", "City": "city"}}
SHOP = CRM | {"external_system": "shop"}
TWO = {"columns": {"Mail": "email", "Private": "email", "Phone": "phone", "Mobile": "phone", "Name": "last_name"}}

PHONES = {"columns": {"Mail": "email", "Phone": "phone", "Mobile": "phone"}}


def others():
    return sorted(Lead.objects.get().other_keys.values_list("kind", "system", "key"))


def test_columns_of_the_same_kind_give_one_person_several(bring):
    rows = "a@x.example,Home@X.example,+49 30 1234567,+49 171 1234567,Ames\n"
    run = bring(f"Mail,Private,Phone,Mobile,Name\n{rows}", mapping=TWO)

    lead = Lead.objects.get()
    assert (lead.email, lead.phone_key) == ("a@x.example", "+49301234567")
    assert others() == [("email", "", "home@x.example"), ("phone", "", "+491711234567")]
    assert list(Lead.objects.search("home@x.example")) == list(Lead.objects.search("0171 1234567")) == [lead]
    assert counts(run) == (1, 0, 0, 0)
    assert counts(bring("Mail\nhome@x.example\n")) == (0, 0, 1, 0)
    assert counts(bring("Mail,Private\nnew@x.example,a@x.example\n", mapping=TWO)) == (0, 1, 0, 0)
    assert others()[0] == ("email", "", "home@x.example")
    assert others()[1] == ("email", "", "new@x.example")


def test_what_differs_is_added_and_overwrites_nothing(bring):
    bring("Id,Mail,Phone,City\n7,a@x.example,+49 30 1234567,Kiel\n", mapping=CRM)
    run = bring("Id,Mail,Phone,City\n7,b@x.example,+49 30 7654321,Bonn\n", mapping=CRM)

    lead = Lead.objects.get()
    assert (lead.email, lead.phone_key, lead.city) == ("a@x.example", "+49301234567", "Bonn")
    assert others() == [("email", "", "b@x.example"), ("phone", "", "+49307654321")]
    assert counts(run) == (0, 1, 0, 0)
    again = bring("Id,Mail,Phone,City\n7,b@x.example,+49 30 7654321,Bonn\n", mapping=CRM)
    assert counts(again) == (0, 0, 1, 0)


def test_ids_of_several_systems_are_kept_and_each_finds_her(bring):
    bring("Id,Mail\n7,a@x.example\n", mapping=CRM)
    bring("Id,Mail\n0042,a@x.example\n", mapping=SHOP)
    run = bring("Id,City\n0042,Bonn\n", mapping=SHOP)

    assert counts(run) == (0, 1, 0, 0)
    lead = Lead.objects.get()
    assert (lead.external_system, lead.external_id, lead.city) == ("crm", "7", "Bonn")
    assert others() == [("external_id", "shop", "0042")]


def test_undoing_takes_away_what_the_import_added(bring):
    bring("Id,Mail\n7,a@x.example\n", mapping=CRM)
    run = bring("Id,Mail,City\n7,b@x.example,Bonn\n", mapping=CRM)
    bring("Id,Mail\n7,c@x.example\n", mapping=CRM)
    undo(run=run, by=None, now=timezone.now())
    continue_import(run_id=run.pk, clock=timezone.now)

    assert (Lead.objects.get().email, Lead.objects.get().city) == ("a@x.example", "")
    assert others() == [("email", "", "c@x.example")]
    assert list(Lead.objects.search("b@x.example")) == []


def test_a_dry_run_finds_people_by_what_an_earlier_chunk_adds(bring, attempt, monkeypatch):
    monkeypatch.setattr("capture.importing.actions.running.CHUNK_ROWS", 1)
    bring("Id,Mail,Phone,City\n7,a@x.example,+49 30 1234567,Kiel\n", mapping=CRM)
    rows = [
        "7,b@x.example,+49 171 1234567,",
        ",B@x.example,,",
        ",,0049 171 1234567,",
        "9,new@x.example,,Ulm",
        "9,more@x.example,,",
        ",More@x.example,,",
    ]
    content = "Id,Mail,Phone,City\n" + "\n".join(rows) + "\n"
    tried = attempt(content, mapping=CRM)

    assert tuple(tried.counts.values()) == counts(bring(content, mapping=CRM)) == (1, 2, 3, 0)
    assert Lead.objects.count() == 2


def test_a_dry_run_finds_people_by_an_id_that_an_earlier_chunk_adds(bring, attempt, monkeypatch):
    monkeypatch.setattr("capture.importing.actions.running.CHUNK_ROWS", 1)
    bring("Id,Mail\n7,a@x.example\n", mapping=CRM)
    content = "Id,Mail,City\n0042,a@x.example,\n0042,,Bonn\n"
    tried = attempt(content, mapping=SHOP)

    assert tuple(tried.counts.values()) == counts(bring(content, mapping=SHOP)) == (0, 2, 0, 0)


@pytest.mark.parametrize(
    ("phones", "kept", "problems"),
    [
        (["+49 30 1234567", "ext. 12345"], "+49 30 1234567", ["“ext. 12345” was left out: it is no number of US."]),
        (["ext. 12345", "+49 30 1234567"], "+49 30 1234567", ["“ext. 12345” was left out: it is no number of US."]),
        (["+49 30 1234567", "ask Ann"], "+49 30 1234567", ["“ask Ann” is no phone number."]),
        (
            ["ext. 12345", "ext. 12346"],
            "ext. 12345",
            [
                "“ext. 12345” is kept, but nobody is found by it: it is no number of US.",
                "“ext. 12346” was left out: it is no number of US.",
            ],
        ),
    ],
)
def test_a_number_that_is_none_is_told_whichever_column_it_stands_in(bring, phones, kept, problems):
    run = bring(f"Mail,Phone,Mobile\na@x.example,{phones[0]},{phones[1]}\n", mapping=PHONES)

    assert Lead.objects.get().phone == kept
    assert others() == []
    assert list(run.problems.order_by("pk").values_list("message", flat=True)) == problems
