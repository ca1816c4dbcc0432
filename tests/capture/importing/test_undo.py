import pytest
from django.utils import timezone

from capture.importing.actions import running
from capture.importing.actions.running import continue_import
from capture.importing.models import ImportRow
from leads.models import Lead, LeadSearch, Transition
from tests.factories.deeds import change_lead, log_activity

pytestmark = pytest.mark.django_db

OLD = {"columns": {"Email": "email", "City": "city", "Tags": "tags", "Seats": {"field": "seats", "type": "integer"}}}


def undo(run):
    assert running.undo(run=run, now=timezone.now())
    assert continue_import(run_id=run.pk, clock=timezone.now)
    run.refresh_from_db()
    assert run.status == "undone"
    account = run.undone
    return account["removed"], account["restored"], account["kept"]


def bring_old(bring):
    bring("Email,City,Tags,Seats\na@x.example,Ulm,x,1\nb@x.example,Ulm,,\n", mapping=OLD, create_fields=True)


def everything():
    hidden = {"changed_at", "scored_at"}
    leads = [{k: v for k, v in lead.items() if k not in hidden} for lead in Lead.objects.order_by("pk").values()]
    return leads, list(LeadSearch.objects.order_by("pk").values_list("lead_id", "document"))


def test_undo_puts_everything_back(bring):
    bring_old(bring)
    before = everything()
    content = (
        "Email,City,Tags,Seats,Phone,Company\na@x.example,Bonn,y,2,4155550101,Acme\nb@x.example,,y,3,,Acme\n"
        "c@x.example,Köln,,,,\nC@x.example,Bonn,z,4,,Acme\n"
    )
    mapping = {"columns": OLD["columns"] | {"Phone": "phone", "Company": "company"}}
    run = bring(content, mapping=mapping)
    assert (run.created, run.updated) == (1, 3)
    assert everything() != before
    assert undo(run) == (1, 3, 0)
    assert everything() == before


def test_undo_keeps_whom_somebody_worked_and_says_so(bring, cast):
    run = bring("Email,First name\na@x.example,Ann\nb@x.example,Ben\n", by=cast.mia)
    ann = Lead.objects.get(first_name="Ann")
    log_activity(lead=ann, kind="call", by=cast.ben, now=timezone.now())
    assert undo(run) == (1, 0, 1)
    assert list(Lead.objects.all()) == [ann]
    assert run.undone["examples"] == [{"row": 1, "lead": ann.pk, "why": "worked since"}]
    assert Transition.objects.filter(lead=ann).count() == 1


def test_undo_leaves_a_value_that_somebody_changed_since(bring, cast):
    bring_old(bring)
    run = bring("Email,City,Seats\na@x.example,Bonn,2\n", mapping=OLD)
    lead = Lead.objects.get(email="a@x.example")
    change_lead(lead=lead, changes={"city": "Rom"}, by=cast.mia, now=timezone.now())
    assert undo(run) == (0, 1, 1)
    lead.refresh_from_db()
    assert (lead.city, lead.fields) == ("Rom", {"seats": 1})
    assert "city changed since" in run.undone["examples"][0]["why"]


def test_undo_of_an_import_that_a_later_one_built_upon(bring):
    first = bring("Email,City\na@x.example,Ulm\n")
    second = bring("Email,City\na@x.example,Bonn\n")
    assert undo(first) == (0, 0, 1)
    assert Lead.objects.get().city == "Bonn"
    assert undo(second) == (0, 1, 0)
    assert Lead.objects.get().city == "Ulm"


def test_undo_goes_on_where_it_was_stopped(bring, monkeypatch):
    monkeypatch.setattr("capture.importing.actions.undoing.CHUNK_ROWS", 2)
    run = bring("Email\n" + "".join(f"p{number}@x.example\n" for number in range(7)))
    assert running.undo(run=run, now=timezone.now())
    left = []
    while run.status != "undone":
        assert continue_import(run_id=run.pk, clock=timezone.now, seconds=0)
        run.refresh_from_db()
        left.append(Lead.objects.count())
    assert left[:4] == [5, 3, 1, 0]
    assert run.undone["removed"] == 7
    assert ImportRow.objects.filter(lead__isnull=False).count() == 0


def test_an_undone_file_can_be_imported_again(bring):
    run = bring("Email\na@x.example\n")
    undo(run)
    again = bring("Email\na@x.example\n")
    assert (again.created, Lead.objects.count()) == (1, 1)
    assert not running.undo(run=run, now=timezone.now())
