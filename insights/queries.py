import datetime
from dataclasses import dataclass

from django.db.models import Count, Min

from insights.models import Heartbeat
from leads.models import DirtyLead, Lead
from routing.models import Handover
from scoring.queries import unfinished_run

ALIVE_FOR = datetime.timedelta(seconds=45)
COUNTED_TO = 10_000


@dataclass(frozen=True)
class Lane:
    """Work of one kind that waits: how much (at most COUNTED_TO + 1), since when, and whether that is too long."""

    code: str
    name: str
    waiting: int
    oldest_at: datetime.datetime | None
    is_late: bool


def lanes(now):
    """The lanes of the pulse, each with its oldest waiting work. A fixed number of queries."""
    dirty = DirtyLead.objects.aggregate(oldest=Min("marked_at"))["oldest"]
    run = unfinished_run()
    unassigned = Lead.objects.filter(pool__isnull=False)
    pooled = Handover.objects.open().filter(owner=None, lead__pool__isnull=False)
    return [
        _lane("dirty", "Changed leads to score and route", _some(DirtyLead.objects.all()), dirty, now, seconds=60),
        _lane(
            "regrade",
            "Leads to regrade",
            max(run.total - run.done, 0) if run else 0,
            run and run.requested_at,
            now,
            seconds=3600,
        ),
        # Waiting for a rep is no fault of the machine's.
        _lane(
            "pools",
            "Leads that wait for a free rep",
            _some(unassigned),
            pooled.aggregate(oldest=Min("handed_at"))["oldest"],
            now,
            seconds=None,
        ),
    ]


def heartbeats(now):
    """[(process, last seen, whether it lives)], the latest first."""
    return [(beat.process, beat.seen_at, now - beat.seen_at <= ALIVE_FOR) for beat in _latest()]


def is_alive(now):
    """Whether beat, broker and some worker are alive: a heartbeat went all the way through not long ago."""
    return Heartbeat.objects.filter(seen_at__gte=now - ALIVE_FOR).exists()


def _latest():
    return Heartbeat.objects.order_by("-seen_at", "process")


def _some(rows):
    return rows.order_by()[: COUNTED_TO + 1].aggregate(n=Count("pk"))["n"]


def _lane(code, name, waiting, oldest_at, now, *, seconds):
    is_late = bool(seconds and oldest_at and now - oldest_at > datetime.timedelta(seconds=seconds))
    return Lane(code, name, waiting, oldest_at, is_late)
