"""What waits, of whatever kind: read from the models that are waiting work."""

import datetime
from typing import NamedTuple

from django.apps import apps
from django.db.models import Count, F

from jobs.enums import Lane
from jobs.models import Leased, Waiting

COUNTED_TO = 10_000
SHOWN = 10


class Backlog(NamedTuple):
    """Work of one kind that waits: how much (at most COUNTED_TO + 1), since when, and whether that is too long."""

    name: str
    lane: Lane
    waiting: int
    oldest_at: datetime.datetime | None
    is_late: bool


class Aside(NamedTuple):
    """Work of one kind that was put aside: the label of its model, how much (as above), and the first SHOWN rows.

    Each row has `asked_at`, since when it is wanted.
    """

    label: str
    name: str
    count: int
    rows: list


def kinds_of_work() -> list[type[Waiting]]:
    """The models of waiting work, by lane."""
    models = [model for model in apps.get_models() if issubclass(model, Waiting)]
    return sorted(models, key=lambda model: (list(Lane).index(model.WORK.lane), model.WORK.name))


def backlogs(now) -> list[Backlog]:
    """One for each kind of work. Two queries each."""
    return [_backlog(model, now) for model in kinds_of_work()]


def put_aside() -> list[Aside]:
    """What nobody tries any more, by kind, without the kinds that have none. One query for each kind, and for rows."""
    found = []
    for model in kinds_of_work():
        count = _some(model.objects.put_aside())
        if count:
            told = model.objects.put_aside().annotate(asked_at=F(model.WORK.asked_at))
            rows = list(told.order_by("put_aside_at", "pk")[:SHOWN])
            found.append(Aside(model._meta.label, model.WORK.name, count, rows))
    return found


def lanes_at_work(now) -> set[Lane]:
    """The lanes in which some worker keeps a lease of its work from running out. One query for each kind of it."""
    return {
        model.WORK.lane
        for model in kinds_of_work()
        if issubclass(model, Leased) and model.objects.filter(lease_until__gte=now).exists()
    }


def _backlog(model, now):
    work = model.WORK
    oldest_at = model.objects.waiting().order_by(work.asked_at).values_list(work.asked_at, flat=True).first()
    is_late = oldest_at is not None and now - oldest_at > work.late_after
    return Backlog(work.name, work.lane, _some(model.objects.waiting()), oldest_at, is_late)


def _some(rows):
    return rows.order_by()[: COUNTED_TO + 1].aggregate(n=Count("pk"))["n"]
