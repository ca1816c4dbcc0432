import pytest
from django.utils import timezone

from capture.importing.actions import running
from capture.importing.actions.running import continue_import
from capture.importing.models import Import, ImportRow
from capture.importing.queries import kept_of
from leads.actions.company import remove_empty_companies, save_company
from leads.actions.task import add_task
from leads.models import ChangeRow, Company, Lead, LeadSearch, Task, Transition
from notices.actions import tell_reps
from notices.models import Notice
from routing.actions import return_lead
from tests.factories.deeds import change_lead, log_activity
from tests.factories.leads import give, make_lead
from tests.factories.notices import owner_row

pytestmark = pytest.mark.django_db

OLD = {"columns": {"Email": "email", "City": "city", "Tags": "tags", "Seats": {"field": "seats", "type": "integer"}}}


def undo(run, by=None):
    assert running.undo(run=run, by=by, now=timezone.now())
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


@pytest.mark.parametrize("region", ["US", "DE"])
def test_undo_puts_the_key_of_a_number_back_whatever_the_phone_region_is_by_then(bring, settings, region):
    settings.PHONE_REGION = "US"
    lead = make_lead(email="a@x.example", phone="030 12345")
    assert lead.phone_key == ""
    mapping = {"columns": {"Email": "email", "Phone": "phone"}}
    run = bring("Email,Phone\na@x.example,+49 30 7654321\n", mapping=mapping)
    lead.refresh_from_db()
    assert lead.phone_key == "+49307654321"

    settings.PHONE_REGION = region
    assert undo(run) == (0, 1, 0)
    lead.refresh_from_db()
    assert (lead.phone, lead.phone_key) == ("030 12345", "")


def test_undo_makes_the_keys_that_older_imports_did_not_keep(bring):
    lead = make_lead(email="a@x.example", phone="+49 30 7654321")
    mapping = {"columns": {"Email": "email", "Phone": "phone", "City": "city"}}
    run = bring("Email,City\na@x.example,Ulm\n", mapping=mapping)
    before = {"email": ["z@x.example", "a@x.example"], "phone": ["4155550101", "+49 30 7654321"]}
    ImportRow.objects.filter(run=run).update(before=before)

    assert undo(run) == (0, 1, 0)
    lead.refresh_from_db()
    assert (lead.email_key, lead.phone_key) == ("z@x.example", "+14155550101")


def test_undo_leaves_an_id_that_has_come_to_another_lead(bring):
    mapping = {"external_system": "crm", "columns": {"Id": "external_id", "Email": "email", "City": "city"}}
    bring("Id,Email\n8,a@x.example\n", mapping=mapping)
    run = bring("Id,Email,City\n8,a@x.example,Ulm\n", mapping=mapping)
    # As imports kept it that still overwrote ids.
    ImportRow.objects.filter(run=run).update(before={"external_id": ["7", "8"], "city": ["", "Ulm"]})
    bring("Id,Email\n7,b@x.example\n", mapping=mapping)

    assert undo(run) == (0, 1, 1)
    assert run.undone["examples"][0]["fields"] == ["external_id", "external_system"]
    ann = Lead.objects.get(email="a@x.example")
    assert (ann.external_id, ann.city) == ("8", "")


def test_undo_keeps_whom_somebody_worked_and_says_so(bring, cast):
    run = bring("Email,First name\na@x.example,Ann\nb@x.example,Ben\n", by=cast.mia)
    ann = Lead.objects.get(first_name="Ann")
    log_activity(lead=ann, kind="call", by=cast.ben, now=timezone.now())
    assert undo(run) == (1, 0, 1)
    assert list(Lead.objects.all()) == [ann]
    assert run.undone["examples"] == [{"row": 1, "lead": ann.pk, "why": "worked"}]
    assert Transition.objects.filter(lead=ann).count() == 1


def test_undo_keeps_whom_somebody_promised_something(bring, cast):
    run = bring("Email,First name\na@x.example,Ann\nb@x.example,Ben\n", by=cast.mia)
    ann, now = Lead.objects.get(first_name="Ann"), timezone.now()
    task = add_task(lead=ann, kind="call", title="Call", due_at=now, assignee=cast.mia, by=cast.mia, now=now)
    assert undo(run) == (1, 0, 1)
    assert list(Task.objects.values_list("pk", "lead")) == [(task.pk, ann.pk)]
    assert run.undone["examples"] == [{"row": 1, "lead": ann.pk, "why": "worked"}]


def test_undo_names_the_company_that_somebody_changed_since(bring, cast):
    bring_old(bring)
    run = bring("Email,Company\na@x.example,Acme\n")
    lead = Lead.objects.get(email="a@x.example")
    change_lead(lead=lead, changes={"company": "Other"}, by=cast.mia, now=timezone.now())
    assert undo(run)[2] == 1
    assert kept_of(run) == [(1, lead, "Changed since: Company")]


def test_undo_leaves_a_value_that_somebody_changed_since(bring, cast):
    bring_old(bring)
    run = bring("Email,City,Seats\na@x.example,Bonn,2\n", mapping=OLD)
    lead = Lead.objects.get(email="a@x.example")
    change_lead(lead=lead, changes={"city": "Rom"}, by=cast.mia, now=timezone.now())
    assert undo(run) == (0, 1, 1)
    lead.refresh_from_db()
    assert (lead.city, lead.fields) == ("Rom", {"seats": 1})
    assert run.undone["examples"] == [{"row": 1, "lead": lead.pk, "why": "changed", "fields": ["city"]}]


def go_on(run):
    """Works on what was put in line again; what the account says then."""
    assert continue_import(run_id=run.pk, clock=timezone.now)
    run.refresh_from_db()
    assert run.status == "undone"
    return run.undone["removed"], run.undone["restored"], run.undone["kept"]


def test_undo_says_that_a_later_import_built_upon_it_and_is_done_when_that_is_undone(bring, cast):
    first = bring("Email,City\na@x.example,Ulm\n", by=cast.mia)
    second = bring("Email,City\na@x.example,Bonn\n", by=cast.mia)
    assert undo(first, by=cast.mia) == (0, 0, 1)
    assert [why for *_, why in kept_of(first)] == ["A later import has brought more of this person"]
    assert Lead.objects.get().city == "Bonn"

    assert undo(second, by=cast.mia) == (0, 1, 0)

    assert go_on(first) == (1, 0, 0)
    assert not Lead.objects.exists()


def test_what_was_undone_later_on_keeps_nothing_of_an_earlier_import(bring, cast):
    first = bring("Email,City\na@x.example,Ulm\n", by=cast.mia)
    undo(bring("Email,City\na@x.example,Bonn\n", by=cast.mia), by=cast.mia)

    assert undo(first, by=cast.mia) == (1, 0, 0)


def test_a_value_goes_back_to_what_it_was_before_all_imports_that_are_undone(bring):
    lead = make_lead(email="a@x.example", city="Ulm")
    first, second = (bring(f"Email,City\na@x.example,{city}\n") for city in ("Bonn", "Trier"))
    assert undo(first) == (0, 0, 1)
    assert undo(second) == (0, 1, 0)

    assert go_on(first) == (0, 1, 0)

    lead.refresh_from_db()
    assert lead.city == "Ulm"


def test_undo_goes_on_where_it_was_stopped(bring, monkeypatch):
    monkeypatch.setattr("capture.importing.actions.undoing.CHUNK_ROWS", 2)
    run = bring("Email\n" + "".join(f"p{number}@x.example\n" for number in range(7)))
    assert running.undo(run=run, by=None, now=timezone.now())
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
    assert not running.undo(run=run, by=None, now=timezone.now())


def test_undo_leaves_whom_sales_has_by_now_and_an_admin_undoes_the_rest(bring, cast, now):
    bring("Email,City\nold@x.example,Ulm\n", by=cast.mia)
    run = bring(
        "Email,City\nold@x.example,Bonn\nnew@x.example,Rom\ncalled@x.example,Rom\nfree@x.example,Rom\n", by=cast.mia
    )
    old, new, called = (Lead.objects.get(email=f"{name}@x.example") for name in ("old", "new", "called"))
    for lead in (old, new, called):
        give(lead, owner=cast.ben)
    log_activity(lead=called, kind="call", by=cast.ben, now=timezone.now())

    assert undo(run, by=cast.mia) == (1, 0, 3)
    assert run.undone["with_sales"] == 3
    assert {example["why"] for example in run.undone["examples"]} == {"with_sales"}
    assert Lead.objects.get(pk=old.pk).city == "Bonn"
    assert not Lead.objects.filter(email="free@x.example").exists()

    assert undo(run, by=cast.ann) == (2, 1, 1)
    assert run.undone["with_sales"] == 0
    assert Lead.objects.get(pk=old.pk).city == "Ulm"
    assert set(Lead.objects.values_list("email", flat=True)) == {"old@x.example", "called@x.example"}
    assert not running.undo(run=run, by=cast.ann, now=timezone.now())


def test_what_a_rep_changed_stays_and_the_rest_comes_back_when_she_has_returned_the_lead(bring, cast):
    bring_old(bring)
    run = bring("Email,City,Tags,Seats\na@x.example,Bonn,y,2\n", mapping=OLD, by=cast.mia)
    lead = Lead.objects.get(email="a@x.example")
    give(lead, owner=cast.ben)
    change_lead(lead=lead, changes={"city": "Rom"}, by=cast.ben, now=timezone.now())
    assert undo(run, by=cast.mia) == (0, 0, 1)
    return_lead(lead=lead, by=cast.ben, now=timezone.now(), reason="Not mine")
    assert undo(run, by=cast.mia) == (0, 1, 1)
    lead.refresh_from_db()
    assert (lead.city, lead.tags, lead.fields) == ("Rom", ["x"], {"seats": 1})


def test_an_undoing_from_before_there_was_word_of_who_asked_goes_on(bring, cast):
    run = bring("Email\na@x.example\n", by=cast.mia)
    give(Lead.objects.get(), owner=cast.ben)
    account = {"next": None, "removed": 0, "restored": 0, "kept": 0, "examples": []}
    Import.objects.update(status="undoing", undone=account)
    assert continue_import(run_id=run.pk, clock=timezone.now)
    run.refresh_from_db()
    assert (run.status, run.undone["with_sales"]) == ("undone", 1)


def test_whose_lead_the_undoing_removes_is_told_so_in_words(bring, cast):
    mapping = {"columns": {"Email": "email", "First name": "first_name"}}
    run = bring("Email,First name\na@x.example,Ann\nb@x.example,Bea\nc@x.example,\n", mapping=mapping, by=cast.mia)
    ann, bea, nobodys = Lead.objects.order_by("email")
    tell_reps([owner_row(give(lead, owner=cast.ben)) for lead in (ann, bea)], now=timezone.now())
    log_activity(lead=bea, kind="call", by=cast.ben, now=timezone.now())

    assert undo(run, by=cast.ann) == (2, 0, 1)

    rows = list(ChangeRow.objects.filter(kind="gone").order_by("id"))
    facts = {"name": "Ann", "undone_import": "people.csv", "by": cast.ann.pk, "by_name": "Ann"}
    assert [(row.lead_id, row.was, row.facts) for row in rows] == [
        (ann.pk, str(cast.ben.pk), facts),
        (nobodys.pk, "", None),
    ]
    assert ChangeRow.objects.filter(lead__in=[ann.pk, nobodys.pk]).count() == 2
    for _ in range(2):
        tell_reps(rows, now=timezone.now())
    told = Notice.objects.filter(recipient=cast.ben).order_by("change")
    assert [(notice.kind, notice.lead_name) for notice in told] == [("arrived", "Bea"), ("removed", "Ann")]
    assert told[1].words == "The import people.csv was undone by Ann"


def test_who_undoes_an_import_herself_is_not_told(bring, cast):
    run = bring("Email\na@x.example\n", by=cast.ada)
    give(Lead.objects.get(), owner=cast.ada)
    undo(run, by=cast.ada)
    tell_reps(list(ChangeRow.objects.filter(kind="gone")), now=timezone.now())
    assert not Notice.objects.exists()


COMPANIES = (
    "Email,Company,Industry\na@x.example,Made Ltd,Toys\nb@x.example,Known Ltd,Toys\nc@x.example,Edited Ltd,\n"
    "d@x.example,Shared Ltd,\nold@x.example,東京 KK,\ne@x.example,Kept Ltd,\n"
)


@pytest.mark.parametrize("chunk", [2, 100])
def test_undo_removes_the_companies_that_it_leaves_empty(bring, cast, monkeypatch, chunk):
    monkeypatch.setattr("capture.importing.actions.undoing.CHUNK_ROWS", chunk)
    bring("Email,Company\nold@x.example,\nother@x.example,Known Ltd\n")
    Lead.objects.filter(email="other@x.example").update(company=None)
    run = bring(COMPANIES, by=cast.mia)
    edited = Company.objects.get(name="Edited Ltd")
    save_company(company=edited, by=cast.ada, now=timezone.now())
    give_company = Lead.objects.get(email="other@x.example")
    change_lead(lead=give_company, changes={"company": "Shared Ltd"}, by=cast.mia, now=timezone.now())
    log_activity(lead=Lead.objects.get(email="e@x.example"), kind="call", by=cast.ben, now=timezone.now())

    assert undo(run) == (4, 1, 1)

    assert run.undone["companies"] == 2
    names = list(Company.objects.order_by("name").values_list("name", flat=True))
    assert names == ["Edited Ltd", "Kept Ltd", "Known Ltd", "Shared Ltd"]


@pytest.mark.parametrize("count", [1, 30])
def test_companies_go_in_as_many_statements_however_many(bring, count, django_assert_num_queries):
    bring("Email,Company\n" + "".join(f"{number}@x.example,Made {number}\n" for number in range(count)))
    made = list(Company.objects.values_list("pk", flat=True))
    Lead.objects.all().delete()
    with django_assert_num_queries(2):
        assert remove_empty_companies(company_ids=made) == count
