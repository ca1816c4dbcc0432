import datetime
from typing import NamedTuple

from django.db.models import Min

from insights.models import Heartbeat
from jobs.enums import Lane
from jobs.queries import COUNTED_TO, lanes_at_work
from routing.models import Handover

ALIVE_FOR = datetime.timedelta(seconds=45)


class Worker(NamedTuple):
    process: str
    seen_at: datetime.datetime
    is_alive: bool


class LaneState(NamedTuple):
    """Who works in a lane, the latest first, and whether somebody does: one that is busy cannot take a heartbeat."""

    lane: Lane
    workers: list[Worker]
    is_alive: bool


class Pooled(NamedTuple):
    """Leads that wait for a free rep (at most COUNTED_TO + 1), and since when: no fault of the machine's."""

    waiting: int
    oldest_at: datetime.datetime | None


def lane_states(now) -> list[LaneState]:
    """Every lane. A fixed number of queries."""
    workers = {lane: [] for lane in Lane}
    for beat in Heartbeat.objects.filter(lane__in=list(Lane)).order_by("-seen_at", "process"):
        workers[beat.lane].append(Worker(beat.process, beat.seen_at, now - beat.seen_at <= ALIVE_FOR))
    busy = lanes_at_work(now)
    return [LaneState(lane, them, lane in busy or any(it.is_alive for it in them)) for lane, them in workers.items()]


def last_heartbeat() -> datetime.datetime | None:
    """When the last one came through. Only beat sends heartbeats, only through the broker: it proves both."""
    return Heartbeat.objects.order_by("-seen_at").values_list("seen_at", flat=True).first()


def is_alive(now) -> bool:
    """Whether beat, broker and some worker are alive: a heartbeat went all the way through not long ago."""
    return Heartbeat.objects.filter(seen_at__gte=now - ALIVE_FOR).exists()


def pooled() -> Pooled:
    waiting = Handover.objects.open().filter(owner=None, lead__pool__isnull=False)
    oldest_at = waiting.aggregate(oldest=Min("handed_at"))["oldest"]
    return Pooled(waiting.order_by()[: COUNTED_TO + 1].count(), oldest_at)
