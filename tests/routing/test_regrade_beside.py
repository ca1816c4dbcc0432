"""Several workers at one regrade of everybody: every lead once, nobody waits in a circle, a cancel stops them all."""

import io
import threading
from collections import Counter

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.utils import timezone

from leads.models import DirtyLead, Lead
from routing.actions import regrade_chunk, regrade_everybody
from routing.models import Handover
from scoring.actions import cancel_regrade, claim_regrade_chunk, request_regrade
from scoring.models import RegradeRun
from team.models import User
from tests.cast import make_cast
from tests.factories.routing import publish_cities
from tests.routing.test_parallel import at_once, many

LEADS = 240


@pytest.fixture
def cast(committed, now):
    cast = make_cast()
    publish_cities(by=cast.ann, now=now)
    User.objects.filter(pk__in=[cast.ben.pk, cast.cal.pk]).update(capacity=1000)
    return cast


@pytest.fixture
def leads(cast):
    """Every third an A, marked by nobody."""
    ids = many(LEADS, first_name="Pat", city="Bonn")
    Lead.objects.filter(pk__in=ids[::3]).update(city="Kiel")
    DirtyLead.objects.all().delete()
    return ids


def check_everybody(leads):
    assert Counter(Lead.objects.values_list("grade", flat=True)) == {"A": LEADS // 3, "D": LEADS - LEADS // 3}
    assert list(Handover.objects.order_by("lead").values_list("lead", flat=True)) == leads[::3]
    loads = Counter(Lead.objects.filter(side="sales").values_list("owner__name", flat=True))
    assert loads == {"Ben": LEADS // 6, "Cal": LEADS // 6}


def test_workers_beside_each_other_do_each_chunk_once(cast, leads, now):
    request_regrade(by=cast.ann, now=now, size=20)

    def work():
        while RegradeRun.objects.unfinished().exists():
            regrade_chunk(now=now)

    at_once(*[work] * 4)
    run = RegradeRun.objects.with_progress().get()
    assert (run.total, run.done, run.changed, run.finished_at) == (LEADS, LEADS, LEADS, now)
    check_everybody(leads)


def test_a_command_settles_everybody_on_two_connections(cast, leads, now, monkeypatch):
    names = set()

    def seen(**values):
        names.add(threading.current_thread().name)
        return regrade_chunk(**values)

    monkeypatch.setattr("routing.actions.regrading.regrade_chunk", seen)
    settled = regrade_everybody(now=now, size=20)
    assert (settled.leads, settled.changed, len(names)) == (LEADS, LEADS, 2)
    check_everybody(leads)


def test_a_command_stops_with_the_first_chunk_that_fails(cast, leads, now):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE routing_handover ADD CONSTRAINT nothing_goes CHECK (false) NOT VALID")
    try:
        with pytest.raises(Exception, match="nothing_goes"):
            regrade_everybody(now=now, size=20)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE routing_handover DROP CONSTRAINT nothing_goes")
    run = RegradeRun.objects.with_progress().get()
    assert (run.finished_at, "nothing_goes" in run.failure) == (None, True)
    # What is left is still there for whoever comes next.
    assert regrade_everybody(now=now, size=20).leads == LEADS
    check_everybody(leads)


def test_a_command_whose_run_is_cancelled_meanwhile_fails_and_says_how_far_it_came(cast, leads, now, monkeypatch):
    def asked(*, by, now, size):
        return request_regrade(by=by, now=now, size=20)

    def cancelled_after_one(*, now, run):
        done = regrade_chunk(now=now, run=run)
        cancel_regrade(run=run, now=now)
        return done

    monkeypatch.setattr("routing.actions.regrading.regrade_chunk", cancelled_after_one)
    monkeypatch.setattr("routing.actions.regrading.request_regrade", asked)
    monkeypatch.setattr("routing.actions.regrading.CONNECTIONS", 1)
    said = io.StringIO()
    with pytest.raises(CommandError, match="cancelled after 20 of 240 leads") as failed:
        call_command("regrade", "--all", stdout=said)
    assert (failed.value.returncode, said.getvalue()) == (1, "")


def test_neighbours_go_on_while_a_chunk_is_in_other_hands(cast, leads, now):
    run = request_regrade(by=cast.ann, now=now, size=80)
    with transaction.atomic():
        held = claim_regrade_chunk(now=now)
        at_once(lambda: [regrade_chunk(now=now) for _ in range(4)])
        assert list(run.chunks.filter(done_at=None)) == [held]
    # The one who held it is gone, as if killed.
    assert (regrade_chunk(now=now), regrade_chunk(now=now)) == (80, 0)
    assert RegradeRun.objects.get(pk=run.pk).finished_at == now


def test_a_cancel_waits_for_chunks_at_work_and_lets_nobody_begin_another(cast, leads, now):
    run = request_regrade(by=cast.ann, now=now, size=20)
    cancelled = threading.Event()

    def cancel():
        cancel_regrade(run=run, now=timezone.now())
        cancelled.set()
        connections.close_all()

    with transaction.atomic():
        claim_regrade_chunk(now=now)
        canceller = threading.Thread(target=cancel)
        canceller.start()
        assert not cancelled.wait(0.5)
        taken = []
        at_once(lambda: taken.append(regrade_chunk(now=now)))
        assert (taken, cancelled.is_set()) == ([0], False)
    canceller.join(20)
    assert cancelled.is_set()
    assert (regrade_chunk(now=now), run.chunks.count()) == (0, 0)
