"""An import is killed again and again, and nothing is lost or done twice."""

import datetime
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from capture.importing.actions import running
from capture.importing.actions.running import continue_import
from capture.importing.models import Import, ImportRow
from capture.tasks import continue_imports
from jobs import shutdown
from jobs.actions import LEASE
from leadfunnel.environment import ROOT
from leads.models import Activity, Company, Lead, LeadSearch, Transition
from tests.capture.importing.conftest import counts
from tests.flows.processes import wait_for

ROWS = 6000
CHUNK = 500
KILLS = 10
NAME = "import-to-be-killed"
# Only a process of its own can be killed; it says when it starts, so that the kill falls into the work.
WORKER = """
import os, sys
import django
from django.conf import settings
django.setup()
settings.DATABASES["default"]["NAME"] = sys.argv[2]
settings.MEDIA_ROOT = sys.argv[3]
from django.utils import timezone
from capture.importing.actions import running
running.CHUNK_ROWS = int(sys.argv[4])
print("working", flush=True)
running.continue_import(run_id=int(sys.argv[1]), clock=timezone.now)
"""


@pytest.mark.servers
def test_an_import_killed_at_random_points_resumes_without_loss_or_doubles(committed, bring):
    people = [f"id{n},p{n % 5500}@x.example,Person{n},Company {n % 50}" for n in range(ROWS)]
    run = bring("Id,Email,Last name,Company\n" + "\n".join(people) + "\n", work=False)
    draw = random.Random(22)
    kills = 0
    while kills < KILLS:
        Import.objects.filter(pk=run.pk).update(lease_until=None)
        with work_apart(run) as worker:
            assert worker.stdout.readline() == "working\n"
            time.sleep(draw.uniform(0.02, 0.35))
            if worker.poll() is not None:
                break
            os.kill(worker.pid, signal.SIGKILL)
            worker.wait()
        # What the killed one had sent off last may still be at work in the database.
        wait_for(its_connections_are_gone, seconds=20, why="The server goes on for a client that is gone.")
        kills += 1
        run.refresh_from_db()
        assert run.rows_done == sum(counts(run))
        assert ImportRow.objects.filter(run=run).count() == run.rows_done
    assert kills >= 3
    Import.objects.filter(pk=run.pk).update(lease_until=None)
    continue_import(run_id=run.pk, clock=timezone.now)
    run.refresh_from_db()
    assert run.status == "done"
    assert counts(run) == (5500, 0, 500, 0)
    assert Lead.objects.count() == 5500
    assert Lead.objects.values("email_key").distinct().count() == 5500
    assert Company.objects.count() == 50
    for model in (Transition, LeadSearch):
        assert model.objects.count() == 5500
    assert Activity.objects.filter(kind="imported").count() == 5500
    assert list(ImportRow.objects.order_by("number").values_list("number", flat=True)) == list(range(1, ROWS + 1))


def its_connections_are_gone():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", [NAME])
        return cursor.fetchone() == (0,)


def work_apart(run):
    environment = os.environ | {
        "PGAPPNAME": NAME,
        "DJANGO_SETTINGS_MODULE": "leadfunnel.settings_test",
        "PYTHONPATH": str(ROOT),
    }
    database = connection.settings_dict["NAME"]
    command = [sys.executable, "-c", WORKER, str(run.pk), database, str(settings.MEDIA_ROOT), str(CHUNK)]
    return subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.django_db
def test_who_has_no_lease_does_nothing(bring, now):
    run = bring("Email\na@x.example\n", work=False)
    Import.objects.filter(pk=run.pk).update(lease_until=now + LEASE)
    assert not continue_import(run_id=run.pk, clock=lambda: now)
    assert Lead.objects.count() == 0
    assert continue_import(run_id=run.pk, clock=lambda: now + 2 * LEASE)
    assert Lead.objects.count() == 1


@pytest.mark.django_db
def test_a_chunk_is_rolled_back_when_the_lease_was_lost_meanwhile(bring, monkeypatch):
    run = bring("Email\na@x.example\n", work=False)

    def interfere(rows, target, *, now):
        Import.objects.filter(pk=run.pk).update(status="paused")
        return merge(rows, target, now=now)

    merge = running.merge_chunk
    monkeypatch.setattr(running, "merge_chunk", interfere)
    assert continue_import(run_id=run.pk, clock=timezone.now)
    run.refresh_from_db()
    assert run.rows_done == 0
    assert Lead.objects.count() == 0


@pytest.mark.django_db
def test_a_host_without_the_file_leaves_the_import_to_another(bring, settings, tmp_path, now):
    run = bring("Email\na@x.example\n", work=False)
    with_file, settings.MEDIA_ROOT = settings.MEDIA_ROOT, tmp_path / "elsewhere"
    for tick in range(10):
        moment = now + tick * datetime.timedelta(seconds=2)
        assert not continue_import(run_id=run.pk, clock=lambda moment=moment: moment)
        run.refresh_from_db()
        assert run.next_try_at > moment
    run.refresh_from_db()
    assert (run.status, run.attempts, run.put_aside_at, run.lease_until) == ("running", 0, None, None)
    assert run.failure == f"The host {socket.gethostname()} cannot open the file; a host that can goes on with it."
    settings.MEDIA_ROOT = with_file
    assert continue_import(run_id=run.pk, clock=lambda: moment + 2 * LEASE)
    run.refresh_from_db()
    assert (run.status, run.failure, run.created) == ("done", "", 1)


@pytest.mark.django_db
def test_an_import_without_its_file_does_not_stand_in_the_way_of_those_behind_it(bring):
    lost = bring("Email\na@x.example\n", work=False)
    behind = bring("Email\nb@x.example\n", work=False)
    Path(lost.file.path).unlink()
    continue_imports()
    behind.refresh_from_db()
    assert (behind.status, behind.created) == ("done", 1)


@pytest.mark.django_db
@pytest.mark.parametrize(("error", "attempts"), [(MemoryError, 1), (SystemExit, 0)])
def test_a_worker_without_memory_or_told_to_end_leaves_the_import_to_another_at_once(
    bring, monkeypatch, now, error, attempts
):
    monkeypatch.setattr("capture.importing.actions.running.CHUNK_ROWS", 1)
    run = bring("Email\na@x.example\nb@x.example\n", work=False)

    def break_off(rows, target, *, now):
        if rows[0].number == 2:
            raise error
        return merge(rows, target, now=now)

    merge = running.merge_chunk
    with monkeypatch.context() as broken:
        broken.setattr(running, "merge_chunk", break_off)
        with pytest.raises(error):
            continue_import(run_id=run.pk, clock=lambda: now)
    run.refresh_from_db()
    assert (run.rows_done, run.lease_until, run.attempts) == (1, None, attempts)
    assert continue_import(run_id=run.pk, clock=lambda: now)
    run.refresh_from_db()
    assert (run.status, run.created, run.attempts) == ("done", 2, 0)


@pytest.mark.django_db
def test_an_error_is_tried_again_later_and_put_aside_after_the_fifth(bring, monkeypatch, now):
    run = bring("Email\na@x.example\n", work=False)

    def break_off(*_, **__):
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr("capture.importing.actions.running.merge_chunk", break_off)
        for minutes in (0, 1, 3, 7, 15):
            moment = now + datetime.timedelta(minutes=minutes)
            with pytest.raises(RuntimeError):
                continue_import(run_id=run.pk, clock=lambda moment=moment: moment)
            assert not continue_import(run_id=run.pk, clock=lambda moment=moment: moment)
    run.refresh_from_db()
    assert (run.status, run.attempts, run.failure, run.put_aside_at) == ("running", 5, "RuntimeError", moment)
    assert run.is_moving is False
    assert not continue_import(run_id=run.pk, clock=lambda: moment + 100 * LEASE)
    assert running.pause(run=run)
    assert running.resume(run=run, now=moment)
    assert continue_import(run_id=run.pk, clock=lambda: moment)
    run.refresh_from_db()
    assert (run.status, run.created, run.attempts) == ("done", 1, 0)


@pytest.mark.django_db
def test_a_worker_that_is_to_end_goes_on_no_further_than_its_chunk(bring, monkeypatch):
    monkeypatch.setattr("capture.importing.actions.running.CHUNK_ROWS", 2)
    run = bring("Email\n" + "".join(f"p{n}@x.example\n" for n in range(5)), work=False)
    monkeypatch.setattr(shutdown, "has_begun", lambda: True)
    assert continue_import(run_id=run.pk, clock=timezone.now)
    run.refresh_from_db()
    assert (run.rows_done, run.status, run.lease_until, run.attempts) == (2, "running", None, 0)


@pytest.mark.django_db
def test_slices_of_time_add_up(bring, monkeypatch):
    monkeypatch.setattr("capture.importing.actions.running.CHUNK_ROWS", 2)
    run = bring("Email\n" + "".join(f"p{n}@x.example\n" for n in range(5)), work=False)
    done = []
    while run.status != "done":
        assert continue_import(run_id=run.pk, clock=timezone.now, seconds=0)
        run.refresh_from_db()
        done.append(run.rows_done)
    assert done == [2, 4, 5, 5]
    assert Lead.objects.count() == 5
