"""The pulse with real workers, beats and a broker: nothing is lost and nothing is done twice."""

import time
from collections import Counter

import pytest
import redis
from celery import Celery
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from insights.queries import is_alive
from leadfunnel.beat import MOST_WAITING
from leads.models import DirtyLead, Lead
from routing.actions import settle_dirty
from routing.models import Handover
from routing.queries import queue
from scoring.actions import request_regrade
from scoring.models import RegradeRun
from team.models import User
from tests.cast import make_cast
from tests.factories.deeds import change_lead
from tests.factories.leads import make_lead
from tests.factories.routing import publish_cities
from tests.flows.processes import wait_for
from tests.routing.test_parallel import many

pytestmark = pytest.mark.servers


@pytest.fixture
def cast(committed):
    """The cast, with a published model by which Kiel is an A and cal without a free place."""
    cast = make_cast()
    publish_cities(by=cast.ann, now=timezone.now())
    User.objects.filter(pk=cast.cal.pk).update(capacity=0)
    return cast


@pytest.fixture
def ring_bell(broker):
    """Sends what a tick sends, to the test's own broker."""
    app = Celery("bell", broker=broker.url)
    app.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    yield lambda: app.send_task("routing.tasks.settle_dirty_leads", queue="settle", expires=10, ignore_result=True)
    app.close()


def quiet_lead():
    """A lead that is no A yet and has no mark."""
    lead = make_lead(first_name="Pat", city="Bonn")
    while DirtyLead.objects.exists():
        settle_dirty(now=timezone.now())
    return lead


def move_to_kiel(lead, by):
    change_lead(lead=lead, changes={"city": "Kiel"}, by=by, now=timezone.now())


def is_in_queue(lead, user):
    return lambda: lead.pk in [row.pk for row in queue(user, tab="to_accept", now=timezone.now()).rows]


def test_a_change_reaches_the_queue_by_the_bell_and_without_it(cast, processes, ring_bell):
    leads = [quiet_lead() for _ in range(3)]
    processes.worker()
    move_to_kiel(leads[0], cast.mia)
    ring_bell()
    wait_for(is_in_queue(leads[0], cast.ben), seconds=60, why=f"Not by the bell: {processes.logs()}")
    beat = processes.beat()
    wait_for(lambda: is_alive(timezone.now()), seconds=30, why=f"No heartbeat: {processes.logs()}")
    # Without any bell, and by a hand that knows nothing of our code.
    move_to_kiel(leads[1], cast.mia)
    wait_for(is_in_queue(leads[1], cast.ben), seconds=60, why=f"Not by the tick: {processes.logs()}")
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE leads_lead SET city = 'Kiel', changed_at = %s WHERE id = %s", [now, leads[2].pk])
        cursor.execute(
            "INSERT INTO leads_dirtylead (lead_id, marked_at) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [leads[2].pk, now],
        )
    wait_for(is_in_queue(leads[2], cast.ben), seconds=60, why=f"Not after SQL: {processes.logs()}")
    assert processes.stop(beat) == 0
    assert "DeprecationWarning" not in processes.logs()
    assert Handover.objects.count() == 3


def test_doubled_messages_and_two_beats_do_it_once(cast, processes, ring_bell):
    leads = [quiet_lead() for _ in range(10)]
    processes.worker()
    processes.beat()
    processes.beat()
    for lead in leads:
        move_to_kiel(lead, cast.mia)
        for _ in range(3):
            ring_bell()
    for lead in leads:
        wait_for(is_in_queue(lead, cast.ben), seconds=10, why=processes.logs())
    assert Counter(Handover.objects.values_list("lead", flat=True)) == {lead.pk: 1 for lead in leads}


def test_a_loss_of_the_broker_costs_time_only(cast, processes, broker, ring_bell):
    flushed, down, after = (quiet_lead() for _ in range(3))
    processes.worker()
    processes.beat()
    wait_for(lambda: is_alive(timezone.now()), seconds=30, why=processes.logs())
    move_to_kiel(flushed, cast.mia)
    ring_bell()
    broker.flush()
    wait_for(is_in_queue(flushed, cast.ben), seconds=10, why=f"Not after FLUSHALL: {processes.logs()}")
    broker.kill()
    move_to_kiel(down, cast.mia)
    broker.start()
    wait_for(is_in_queue(down, cast.ben), seconds=45, why=f"Not after the restart: {processes.logs()}")
    move_to_kiel(after, cast.mia)
    wait_for(is_in_queue(after, cast.ben), seconds=10, why=f"Not as before: {processes.logs()}")
    assert Handover.objects.count() == 3


def test_a_worker_with_its_hands_full_outlives_its_broker(cast, processes, broker):
    """Ticks wait in the worker then, and there is no broker to give them back to."""
    lead = quiet_lead()
    worker = processes.worker()
    processes.beat()
    wait_for(lambda: is_alive(timezone.now()), seconds=30, why=processes.logs())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE leads_dirtylead, scoring_regraderun IN ACCESS EXCLUSIVE MODE")
        time.sleep(3)
        broker.kill()
        time.sleep(1)
    move_to_kiel(lead, cast.mia)
    broker.start()
    wait_for(is_in_queue(lead, cast.ben), seconds=45, why=f"Not after the restart: {processes.logs()}")
    assert worker.poll() is None


def test_beat_stops_ringing_while_nobody_answers(processes, broker):
    processes.beat()
    with redis.Redis(unix_socket_path=str(broker.socket)) as client:
        wait_for(lambda: client.llen("settle") == MOST_WAITING, seconds=60, why=processes.logs())
        time.sleep(3)
        assert client.llen("settle") == MOST_WAITING


def test_a_killed_worker_costs_one_chunk(cast, processes):
    User.objects.filter(pk__in=[cast.ben.pk, cast.cal.pk]).update(capacity=10_000)
    ids = many(45_000, first_name="Pat", city="Bonn")
    hot = ids[::100]
    Lead.objects.filter(pk__in=hot).update(city="Kiel")
    DirtyLead.objects.all().delete()
    run = request_regrade(by=cast.ann, now=timezone.now())

    def done():
        return RegradeRun.objects.with_progress().get(pk=run.pk).done

    first = processes.worker()
    processes.beat()
    wait_for(lambda: done() > 0, seconds=60, why=processes.logs())
    processes.kill(first)
    assert done() in {5_000, 20_000, 25_000, 40_000, 45_000}
    processes.worker()
    wait_for(lambda: RegradeRun.objects.get(pk=run.pk).finished_at is not None, seconds=90, why=f"{processes.logs()}")
    run = RegradeRun.objects.with_progress().get(pk=run.pk)
    assert (run.done, run.total) == (45_000, 45_000)
    assert Counter(Lead.objects.values_list("grade", flat=True)) == {"A": len(hot), "D": 45_000 - len(hot)}
    assert Handover.objects.count() == len(hot)
    assert list(Lead.objects.filter(side="sales").order_by("pk").values_list("pk", flat=True)) == hot
    loads = Counter(Lead.objects.filter(side="sales").values_list("owner__name", flat=True))
    assert loads == {"Ben": len(hot) // 2, "Cal": len(hot) // 2}
