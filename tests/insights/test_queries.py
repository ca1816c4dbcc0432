import datetime

import pytest
from django.utils import timezone

from insights.actions import KEPT, note_heartbeat
from insights.models import Heartbeat
from insights.queries import is_alive, lane_states, last_heartbeat, pooled
from insights.tasks import write_heartbeat
from jobs.actions import LEASE
from jobs.enums import Lane
from mail.actions import post
from mail.models import Message
from routing.actions import route
from team.models import User
from tests.factories.leads import make_lead

MINUTE = datetime.timedelta(minutes=1)

pytestmark = pytest.mark.django_db


def alive(now):
    return {state.lane for state in lane_states(now) if state.is_alive}


@pytest.mark.clock
def test_a_heartbeat_is_one_row_per_process_and_lane():
    for lane in ("settle", "settle", "bulk"):
        write_heartbeat(lane)
    assert list(Heartbeat.objects.values_list("lane", "process")) == [("bulk", "worker"), ("settle", "worker")]
    now = timezone.now()
    assert is_alive(now)
    assert not is_alive(now + MINUTE)
    assert alive(now) == {Lane.SETTLE, Lane.BULK}
    assert alive(now + MINUTE) == set()


def test_the_lanes_tell_who_works_there_the_latest_first(now, django_assert_num_queries):
    note_heartbeat(process="one", lane="mail", now=now - 2 * MINUTE)
    note_heartbeat(process="two", lane="mail", now=now)
    note_heartbeat(process="two", lane="mail", now=now - MINUTE)
    with django_assert_num_queries(3):
        settle, bulk, mail = lane_states(now)
    assert (settle.workers, bulk.workers, mail.lane) == ([], [], Lane.MAIL)
    assert [tuple(worker) for worker in mail.workers] == [("two", now, True), ("one", now - 2 * MINUTE, False)]
    assert last_heartbeat() == now


def test_processes_that_are_gone_are_forgotten(now):
    note_heartbeat(process="one", lane="mail", now=now)
    note_heartbeat(process="two", lane="mail", now=now + KEPT + MINUTE)
    assert Heartbeat.objects.get().process == "two"


def test_a_lane_whose_workers_are_busy_is_alive(now):
    post(kind="notice", recipient="ada@example.com", now=now)
    Message.objects.update(lease_until=now + LEASE, holder="somebody")
    assert alive(now + LEASE) == {Lane.MAIL}
    assert alive(now + 2 * LEASE) == set()


def test_leads_in_a_pool_are_counted_and_the_oldest_is_told(cast, now):
    assert tuple(pooled()) == (0, None)
    User.objects.update(capacity=0)
    for minutes in (1, 0):
        route([make_lead(grade="A", now=now).pk], now=now - minutes * MINUTE)
    assert tuple(pooled()) == (2, now - MINUTE)
