"""An import and a page, or two pages, name the same companies at the same moment: nobody waits in a circle."""

import threading
from functools import partial

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from capture.importing.actions import merging, running
from capture.importing.actions.running import continue_import
from insights.invariants import check_all
from jobs.postgres import Lock, take_lock
from leads.actions.company import save_company
from leads.actions.record import change_lead
from leads.changes import changing
from leads.models import Company, Lead
from tests.cast import make_cast
from tests.factories.leads import make_lead
from tests.flows.processes import wait_for

LIST = "Email,Company,Industry\nann@x.example,New Works,Mining\nbo@x.example,Old Works,Toys\n"

pytestmark = pytest.mark.servers


@pytest.fixture
def work_off(committed, monkeypatch):
    """work_off(run): goes on with an import in a thread of its own; the thread. `tries`: how often its chunk began."""

    def merge(rows, target, *, now):
        work_off.tries.append(rows[0].number)
        return merge_chunk(rows, target, now=now)

    def work_off(run):
        return in_a_thread(partial(continue_import, run_id=run.pk, clock=timezone.now))

    merge_chunk, work_off.tries = running.merge_chunk, []
    monkeypatch.setattr(running, "merge_chunk", merge)
    return work_off


def in_a_thread(job):
    """The job, begun on a connection of its own; what it raises is the `error` of the thread."""

    def run():
        try:
            job()
        except Exception as error:
            thread.error = error
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.error = None
    thread.start()
    return thread


def somebody_waits():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0] > 0


def ended(run, *threads):
    for thread in threads:
        thread.join(timeout=30)
    run.refresh_from_db()
    assert [finding.invariant.says for finding in check_all() if finding.count] == []
    return run.status, [type(thread.error) for thread in threads]


def test_an_import_that_waits_for_a_lead_keeps_no_company_from_its_page(work_off, bring, now):
    ann = make_lead(now=now, email="ann@x.example")
    run = bring(LIST, work=False)
    with changing([ann], by=None, now=timezone.now()) as change:
        importing = work_off(run)
        wait_for(somebody_waits, seconds=20, why="The import does not wait for the lead.")
        change_lead(change, lead=ann, values={"company": "New Works", "city": "Ulm"})
    assert ended(run, importing) == ("done", [type(None)])

    ann.refresh_from_db()
    assert (ann.company.name, ann.company.industry, ann.city) == ("New Works", "Mining", "Ulm")
    assert work_off.tries == [1]


def test_a_page_waits_for_the_company_that_an_import_brings(work_off, bring, monkeypatch, now):
    make_lead(now=now, email="ann@x.example")
    lead = make_lead(now=now, email="other@x.example")
    edit = partial(save_fact, lead, company="New Works")
    run, write_chunk, editing = bring(LIST, work=False), merging.staging.write_chunk, []

    def write_when_somebody_waits(change, **values):
        editing.append(in_a_thread(edit))
        wait_for(somebody_waits, seconds=20, why="The page does not wait for the company.")
        write_chunk(change, **values)

    monkeypatch.setattr(merging.staging, "write_chunk", write_when_somebody_waits)
    importing = work_off(run)
    importing.join(timeout=30)
    assert ended(run, importing, *editing) == ("done", [type(None)] * 2)

    assert set(Lead.objects.filter(company__name="New Works").values_list("email", flat=True)) == {
        "ann@x.example",
        "other@x.example",
    }
    assert work_off.tries == [1]


def test_a_company_gets_no_name_that_an_import_brings_while_the_import_needs_it(work_off, bring, monkeypatch, now):
    old = Company.objects.create(name="Old Works", name_key="old works", created_at=now)
    run, write_chunk, renaming = bring(LIST, work=False), merging.staging.write_chunk, []

    def rename():
        old.name = "New Works"
        save_company(company=old, by=None, now=timezone.now())

    def write_when_somebody_waits(change, **values):
        renaming.append(in_a_thread(rename))
        wait_for(somebody_waits, seconds=20, why="The new name does not wait for the import.")
        write_chunk(change, **values)

    monkeypatch.setattr(merging.staging, "write_chunk", write_when_somebody_waits)
    importing = work_off(run)
    importing.join(timeout=30)
    assert ended(run, importing, *renaming) == ("done", [type(None), ValidationError])

    assert list(Company.objects.order_by("name").values_list("name", "industry")) == [
        ("New Works", "Mining"),
        ("Old Works", "Toys"),
    ]
    assert work_off.tries == [1]


def test_a_name_that_is_taken_while_the_admin_saves_it_is_an_error_of_the_form(committed, now):
    browser = Client()
    browser.force_login(make_cast().ann)
    old = Company.objects.create(name="Old Works", name_key="old works", created_at=now)
    values = {"name": "NEW WORKS", "website": "", "industry": "Toys", "phone": "", "city": "Ulm", "country": ""}
    pages = []

    def rename():
        pages.append(browser.post(reverse("admin:leads_company_change", args=[old.pk]), values))

    with transaction.atomic():
        take_lock(Lock.IMPORTS)
        Company.objects.create(name="New Works", name_key="new works", created_at=now)
        renaming = in_a_thread(rename)
        wait_for(somebody_waits, seconds=20, why="The page does not wait for the name.")
    renaming.join(timeout=30)

    (page,) = pages
    assert page.context["adminform"].form.errors == {"name": ["This is the same as New Works."]}
    assert 'value="NEW WORKS"' in page.text
    assert set(Company.objects.values_list("name", "city")) == {("Old Works", ""), ("New Works", "")}


def save_fact(lead, **values):
    with changing([lead], by=None, now=timezone.now()) as change:
        change_lead(change, lead=lead, values=values)
