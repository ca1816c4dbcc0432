"""What happens to work that waits (jobs.models): taken up, done, failed, put aside, tried again.

Each is one statement over a queryset of rows. An attempt counts when it fails, and when its worker is lost; whatever
gets on begins to count anew.
"""

import logging
import os
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.db import DatabaseError, connection, transaction
from django.db.models import Case, DateTimeField, F, QuerySet, Value, When
from django.db.models.functions import Greatest

from jobs.rules import pause_after, told

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=8)
RENEWED_EVERY = 2  # seconds

FRESH = {"attempts": 0, "next_try_at": None, "failure": "", "put_aside_at": None}


class LeaseLost(Exception):
    """The work was stopped, or taken over by another worker, in the meantime."""


def hold(jobs, *, limit=1) -> list:
    """The first `limit` of `jobs` that nobody is at, locked until the caller's transaction ends."""
    return list(jobs.select_for_update(skip_locked=True, of=("self",))[:limit])


def fail(jobs, *, failure, now) -> int:
    """Notes an attempt at these rows that failed, by an error or a text; after too many of them they are put aside.

    They rest before the next try, longer each time. Only for want of memory is the second try due at once: another
    worker may have more. To be called when the transaction of the attempt has been rolled back. Returns the number of
    rows.
    """
    pauses = _pauses(jobs.model, now)
    if isinstance(failure, MemoryError):
        pauses[:1] = [When(attempts=0, then=Value(now))]
    return jobs.update(
        **_one_more_failure(jobs.model, now),
        next_try_at=Case(*pauses, default=None, output_field=DateTimeField()),
        failure=told(failure),
        **jobs.model.LET_GO,
    )


def put_aside(jobs, *, failure, now) -> int:
    """Notes an attempt at these rows after which another makes no sense, and puts them aside. Returns how many."""
    return jobs.update(
        attempts=F("attempts") + 1, next_try_at=None, put_aside_at=now, failure=told(failure), **jobs.model.LET_GO
    )


def retry(jobs) -> int:
    """Has undone rows that failed, or were put aside, tried at once as if for the first time; returns how many."""
    return jobs.undone().update(**FRESH)


@dataclass(frozen=True)
class Lease:
    """The right to work on the rows `ids` of `model` until it runs out, which `renewed` puts off."""

    model: type
    ids: tuple
    holder: str

    @property
    def jobs(self) -> QuerySet:
        """The rows that are still ours, as a queryset."""
        return self.model.objects.filter(pk__in=self.ids, holder=self.holder)

    def commit(self, now, *, where=None, **changes) -> None:
        """Notes progress: `changes`, in the caller's transaction. Raises LeaseLost unless the rows (`where`) are ours.

        `now` may be when the work began: a lease that was renewed meanwhile stays so. Whoever gets on may fail again
        as often as at first.
        """
        until = Greatest(F("lease_until"), Value(now + LEASE))
        if not self.jobs.filter(**where or {}).update(lease_until=until, **FRESH | changes):
            raise LeaseLost

    def give_back(self, **changes) -> None:
        """Lets go of what is still ours, for another to go on with at once or from `next_try_at`; no failure counts."""
        self.jobs.update(**self.model.LET_GO | changes)

    def fail(self, *, failure, now) -> None:
        fail(self.jobs, failure=failure, now=now)


def claim(jobs, *, now, limit=1) -> Lease | None:
    """A Lease on the first `limit` due rows of `jobs`, committed; None when there is nothing for us.

    A lease that was never let go of ran out under a lost worker: that is a failure too, but is tried again at once.
    """
    model, holder = jobs.model, f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    with transaction.atomic():
        rows = hold(jobs.due(now), limit=limit)
        lost = [row.pk for row in rows if row.lease_until is not None]
        if lost:
            counted = _one_more_failure(model, now) | model.LET_GO
            model.objects.filter(pk__in=lost).update(**counted, failure="The worker that was at it was lost.")
        mine = model.objects.filter(pk__in=[row.pk for row in rows]).due(now)
        ids = tuple(mine.values_list("pk", flat=True))
        model.objects.filter(pk__in=ids).update(lease_until=now + LEASE, holder=holder)
    return Lease(model, ids, holder) if ids else None


@contextmanager
def renewed(lease, *, clock) -> Iterator[None]:
    """Keeps a lease from running out while the context lasts, from a thread with a connection of its own.

    clock: tells the time. Inside a transaction of the caller's nobody else sees the lease, and nothing is renewed.
    """
    if connection.in_atomic_block:
        yield
        return
    over = threading.Event()
    thread = threading.Thread(target=_renew, args=(lease, clock, over), name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _renew(lease, clock, over):
    try:
        while not over.wait(RENEWED_EVERY):
            try:
                if not lease.jobs.update(lease_until=clock() + LEASE):
                    return
            except DatabaseError:
                # The work itself runs into it, too, and another goes on with it when the lease has run out.
                logger.warning("A lease could not be renewed.", exc_info=True)
                connection.close()
    finally:
        connection.close()


def _one_more_failure(model, now):
    last = When(attempts__gte=model.WORK.most_attempts - 1, then=Value(now))
    return {
        "attempts": F("attempts") + 1,
        "put_aside_at": Case(last, default=None, output_field=DateTimeField()),
    }


def _pauses(model, now):
    return [
        When(attempts=attempts, then=Value(now + pause_after(attempts + 1)))
        for attempts in range(model.WORK.most_attempts - 1)
    ]
