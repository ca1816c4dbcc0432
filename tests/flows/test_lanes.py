"""Workers of each lane are killed or ended in the middle of their work, and another goes on with it."""

import datetime
from collections import Counter

import pytest
from django.utils import timezone

from capture.importing.actions.receiving import opened, plan_for, receive_file, start_import
from capture.importing.models import Import
from leads.models import DirtyLead, Lead
from mail.actions import post
from mail.models import Message
from scoring.actions import request_regrade
from scoring.models import RegradeRun
from tests.cast import make_cast
from tests.factories.leads import make_lead
from tests.factories.routing import publish_cities
from tests.flows.processes import wait_for
from tests.routing.test_parallel import many

pytestmark = pytest.mark.servers

RUNS_OUT = datetime.timedelta(seconds=10)


@pytest.fixture
def cast(committed):
    cast = make_cast()
    publish_cities(by=cast.ann, now=timezone.now())
    return cast


@pytest.fixture
def line_up(tmp_path, processes):
    """line_up(rows): an import of so many people that waits, its file where the workers of the test look."""

    def line_up(rows, name="people"):
        path = tmp_path / f"{name}.csv"
        path.write_text("Email,City\n" + "".join(f"{name}{n}@x.example,Bonn\n" for n in range(rows)))
        with opened(path) as file:
            plan = plan_for(file.table.header, file.sample)
        run = receive_file(path=path, file_name=path.name, by=None, now=timezone.now())
        start_import(run=run, plan=plan, now=timezone.now())
        return run

    return line_up


@pytest.fixture(autouse=True)
def media(settings, tmp_path, processes):
    """The folder that this test and its workers keep files in."""
    settings.MEDIA_ROOT = tmp_path / "var" / "media"
    processes.environment["LEADFUNNEL_VAR"] = str(tmp_path / "var")


def rows_done(run):
    run.refresh_from_db()
    return run.rows_done


def check_import(run, rows):
    run.refresh_from_db()
    assert (run.status, run.created, run.rows_done) == ("done", rows, rows)
    assert Lead.objects.count() == rows


def test_a_killed_worker_s_import_is_taken_over_within_ten_seconds(cast, processes, line_up):
    run = line_up(60_000)
    first = processes.worker(lanes=["bulk"])
    beat = processes.beat()
    wait_for(lambda: rows_done(run) > 0, seconds=60, why=processes.logs())
    processes.kill(beat)
    processes.kill(first)
    done, attempts = rows_done(run), run.attempts
    assert (done < 60_000, attempts) == (True, 0)
    assert run.lease_until < timezone.now() + RUNS_OUT
    processes.worker(lanes=["bulk"])
    processes.beat()
    wait_for(lambda: rows_done(run) > done, seconds=60, why=processes.logs())
    wait_for(lambda: rows_done(run) == 60_000 and run.status == "done", seconds=90, why=processes.logs())
    check_import(run, 60_000)


def test_a_worker_that_is_ended_hands_its_import_over_at_once(cast, processes, line_up):
    run = line_up(80_000)
    first, second = (processes.worker(lanes=["bulk"], concurrency=1) for _ in range(2))
    processes.beat()
    wait_for(lambda: rows_done(run) > 0, seconds=60, why=processes.logs())
    holder = int(run.holder.split(":")[1])
    ended, other = (first, second) if processes.is_child(holder, first) else (second, first)
    # It stands still, so that the lease is seen as it was left.
    processes.freeze(other)
    assert processes.stop(ended) == 0
    run.refresh_from_db()
    assert run.rows_done < 80_000, f"Too late to tell: {processes.logs()}"
    assert (run.status, run.lease_until, run.holder, run.attempts) == ("running", None, "", 0)
    processes.thaw(other)
    wait_for(lambda: rows_done(run) == 80_000 and run.status == "done", seconds=90, why=processes.logs())
    check_import(run, 80_000)


def test_a_host_without_the_file_does_not_keep_the_import_from_one_with_it(cast, processes, line_up, tmp_path):
    run = line_up(1000)
    processes.worker(lanes=["bulk"], LEADFUNNEL_VAR=str(tmp_path / "elsewhere"))
    processes.beat()
    wait_for(lambda: Import.objects.exclude(failure="").exists(), seconds=60, why=processes.logs())
    run.refresh_from_db()
    assert (run.status, run.attempts, run.put_aside_at) == ("running", 0, None)
    assert "cannot open the file" in run.failure
    processes.worker(lanes=["bulk"])
    wait_for(lambda: rows_done(run) == 1000 and run.status == "done", seconds=60, why=processes.logs())
    check_import(run, 1000)
    assert run.failure == ""


def test_two_imports_at_once_hold_up_neither_settling_nor_mail(cast, processes, line_up, mail_server):
    runs = [line_up(150_000, "people"), line_up(150_000, "others")]
    processes.worker(lanes=["bulk"])
    processes.worker(lanes=["settle"])
    processes.worker(lanes=["mail"], EMAIL_URL=mail_server.url)
    processes.beat()
    wait_for(lambda: Import.objects.exclude(holder="").count() == 2, seconds=60, why=processes.logs())
    lead = make_lead(first_name="Pat", city="Kiel").pk
    post(kind="notice", recipient="ada@example.com", subject="News", text="Hello", now=timezone.now())
    wait_for(lambda: Lead.objects.get(pk=lead).grade == "A", seconds=60, why=f"Not settled: {processes.logs()}")
    wait_for(lambda: mail_server.taken, seconds=60, why=f"Not sent: {processes.logs()}")
    for run in runs:
        run.refresh_from_db()
        assert run.status == "running", "The imports were done too soon to tell."


def test_a_killed_worker_of_settling_leaves_every_mark_to_the_next(cast, processes):
    first = processes.worker(lanes=["settle"])
    ids = many(20_000, first_name="Pat", city="Jena")
    beat = processes.beat()
    wait_for(lambda: processes.is_writing(first), seconds=60, why=processes.logs())
    processes.kill(beat)
    processes.kill(first)
    left = DirtyLead.objects.count()
    assert left > 0, "Everything was settled too soon to tell."
    processes.worker(lanes=["settle"])
    processes.beat()
    wait_for(lambda: not DirtyLead.objects.exists(), seconds=90, why=processes.logs())
    assert Counter(Lead.objects.values_list("grade", flat=True)) == {"C": len(ids)}


def test_a_killed_worker_of_mail_sends_at_most_one_message_twice(cast, processes, mail_server):
    now = timezone.now()
    for number in range(300):
        post(kind="notice", recipient=f"p{number}@example.com", subject="News", text="Hello", now=now)
    first = processes.worker(lanes=["mail"], EMAIL_URL=mail_server.url)
    beat = processes.beat()
    wait_for(lambda: len(mail_server.taken) > 10, seconds=60, why=processes.logs())
    processes.kill(beat)
    processes.kill(first)
    assert Message.objects.filter(done_at=None).exists(), "Everything was sent too soon to tell."
    processes.worker(lanes=["mail"], EMAIL_URL=mail_server.url)
    processes.beat()
    wait_for(lambda: not Message.objects.filter(done_at=None).exists(), seconds=60, why=processes.logs())
    sent = Counter(mail_server.taken)
    assert sent.keys() == {f"p{number}@example.com" for number in range(300)}
    assert sum(sent.values()) <= 301


def test_a_killed_worker_of_a_regrade_leaves_its_chunk_to_the_next(cast, processes):
    many(45_000, first_name="Pat", city="Jena")
    DirtyLead.objects.all().delete()
    run = request_regrade(by=cast.ann, now=timezone.now())
    first = processes.worker(lanes=["bulk"])
    beat = processes.beat()
    wait_for(lambda: processes.is_writing(first), seconds=60, why=processes.logs())
    processes.kill(beat)
    processes.kill(first)
    processes.worker(lanes=["bulk"])
    processes.beat()
    wait_for(lambda: RegradeRun.objects.get(pk=run.pk).finished_at is not None, seconds=90, why=processes.logs())
    assert Counter(Lead.objects.values_list("grade", flat=True)) == {"C": 45_000}
