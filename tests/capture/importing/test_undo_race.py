"""Undoing an import while somebody works on the same people, on a connection of her own."""

import threading
import time

import pytest
from django.db import connection, transaction
from django.utils import timezone

from capture.importing.actions import running
from capture.importing.actions.running import continue_import
from leads.models import Activity, Lead
from tests.cast import make_user
from tests.factories.deeds import change_lead, log_activity

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


def undo_during(work, run):
    """Undoes the import on another connection while `work` is done and not yet committed; returns the account."""
    assert running.undo(run=run, by=None, now=timezone.now())
    errors = []

    def undo():
        try:
            continue_import(run_id=run.pk, clock=timezone.now)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=undo)
    with transaction.atomic():
        work()
        thread.start()
        deadline = time.monotonic() + 10
        with connection.cursor() as cursor:
            while time.monotonic() < deadline:
                cursor.execute(WAITING)
                if cursor.fetchone()[0]:
                    break
                time.sleep(0.02)
            else:
                pytest.fail("The undo did not wait.")
    thread.join(timeout=30)
    assert errors == []
    run.refresh_from_db()
    assert run.status == "undone"
    return run.undone["removed"], run.undone["restored"], run.undone["kept"]


def test_whom_a_rep_is_calling_is_kept(committed, bring):
    ben = make_user("ben")
    run = bring("Email\na@x.example\nb@x.example\n")
    lead = Lead.objects.get(email="a@x.example")
    found = undo_during(lambda: log_activity(lead=lead, kind="call", by=ben, now=timezone.now()), run)
    assert found == (1, 0, 1)
    assert list(Lead.objects.all()) == [lead]
    assert Activity.objects.filter(lead=lead, kind="call").count() == 1


def test_what_a_rep_is_changing_is_not_written_over(committed, bring):
    ben = make_user("ben")
    bring("Email,City,Job title\na@x.example,Ulm,Clerk\n")
    run = bring("Email,City,Job title\na@x.example,Bonn,Chief\n")
    lead, now = Lead.objects.get(), timezone.now()
    changes = {"city": "Rom", "phone": "415 555 0101"}
    found = undo_during(lambda: change_lead(lead=lead, changes=changes, by=ben, now=now), run)
    assert found == (0, 1, 1)
    lead.refresh_from_db()
    assert (lead.city, lead.phone_key, lead.job_title) == ("Rom", "+14155550101", "Clerk")
