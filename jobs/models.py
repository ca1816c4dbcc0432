"""The shape of all work that waits in PostgreSQL. Whoever has such work makes a model of one of these and says WORK."""

import datetime
from dataclasses import dataclass

from django.db import models
from django.db.models import Q

from jobs.enums import Lane


@dataclass(frozen=True)
class Work:
    """What a model of waiting work is about.

    undone: which of its rows are still to be done. asked_at: the field that tells since when. late_after: how old the
    oldest may become before something is wrong. most_attempts: after so many failures in a row it is put aside.
    """

    name: str
    lane: Lane
    undone: Q
    asked_at: str
    late_after: datetime.timedelta
    most_attempts: int = 5


class WaitingQuerySet(models.QuerySet):
    def undone(self):
        return self.filter(self.model.WORK.undone)

    def waiting(self):
        """What is to be done now or later, without what was put aside."""
        return self.undone().filter(put_aside_at=None)

    def due(self, now):
        """What may be done now."""
        return self.waiting().filter(Q(next_try_at=None) | Q(next_try_at__lte=now))

    def put_aside(self):
        """Poison: it failed so often that nobody tries any more, until somebody asks for it (jobs.actions.retry)."""
        return self.undone().filter(put_aside_at__isnull=False)


class Waiting(models.Model):
    """Work that one transaction does: whoever has its row locked is at it, and a killed worker leaves it as it was.

    `attempts` counts failures in a row, `failure` is the last one. A database default for each column, because such
    rows are also written in SQL.
    """

    attempts = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    next_try_at = models.DateTimeField(null=True, editable=False)
    failure = models.TextField(blank=True, default="", db_default="", editable=False)
    put_aside_at = models.DateTimeField(null=True, editable=False)

    WORK: Work
    # What every end of an attempt, good or bad, takes away.
    LET_GO = {}

    objects = WaitingQuerySet.as_manager()

    class Meta:
        abstract = True


class LeasedQuerySet(WaitingQuerySet):
    def due(self, now):
        return super().due(now).filter(Q(lease_until=None) | Q(lease_until__lt=now))


class Leased(Waiting):
    """Work of several transactions, or that speaks to the network: done under a lease (jobs.actions.Lease).

    `holder` is who has it; a lease that ran out belonged to a worker that was lost.
    """

    lease_until = models.DateTimeField(null=True, editable=False)
    holder = models.CharField(max_length=150, blank=True, default="", db_default="", editable=False)

    LET_GO = {"lease_until": None, "holder": ""}

    objects = LeasedQuerySet.as_manager()

    class Meta:
        abstract = True
