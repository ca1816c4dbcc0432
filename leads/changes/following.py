"""News travels upwards: who follows the changes of leads, and how.

Rows of leads.ChangeRow become visible when their transaction commits, not in the order of their ids. So they are read
in the order of `position`, which grows with the id of the transaction, and only below the horizon: the oldest
transaction of this database that still runs. What lies below it is either there or never will be. A follower
remembers how far it has read (FollowerCursor) and moves on in the transaction that acts on what it read: each row has
its effect once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.db.models import BooleanField, Q
from django.db.models.expressions import RawSQL

from jobs.actions import FRESH, fail, hold
from jobs.queries import COUNTED_TO
from leads.enums import ChangeKind
from leads.models import ChangeRow, FollowerCursor

# So many rows of all kinds are read at once, and in one transaction.
BATCH = 1000
# What pruning calls itself among the cursors (leads.changes.pruning).
PRUNING = "pruning"

# Where a follower is after the next rows; nothing where there are none that are certain.
_NEXT = """
SELECT next.position, next.id FROM leads_followercursor AS cursor CROSS JOIN LATERAL (
    SELECT position, id FROM leads_changerow
    WHERE (position, id) > (cursor.position, cursor.change_id) AND position < leads_change_horizon()
    ORDER BY position, id LIMIT %(limit)s
) AS next
WHERE cursor.code = %(code)s
ORDER BY next.position DESC, next.id DESC LIMIT 1
"""
_SPAN = "(position, id) > (%s, %s) AND (position, id) <= (%s, %s)"
_START = """
INSERT INTO leads_followercursor (code, position, change_id, moved_at)
SELECT %(code)s, leads_change_horizon(), 0, %(now)s ON CONFLICT DO NOTHING
"""
_BEHIND = """
SELECT cursor.code, cursor.put_aside_at IS NOT NULL, behind.rows, behind.oldest
FROM leads_followercursor AS cursor CROSS JOIN LATERAL (
    SELECT count(*) AS rows, min(at) AS oldest FROM (
        SELECT at FROM leads_changerow WHERE (position, id) > (cursor.position, cursor.change_id)
        ORDER BY position, id LIMIT %(limit)s
    ) AS next
) AS behind
WHERE cursor.code = ANY(%(codes)s)
"""


@dataclass(frozen=True)
class Follower:
    """Who wants to know of changes of these kinds.

    `follow(rows, now=)` is called with a list of ChangeRows in order, never an empty one, inside the transaction that
    notes that they have been read. What it writes is written once; it must not speak to the network. `label` is what
    Status calls it.
    """

    code: str
    label: str
    kinds: frozenset[ChangeKind]
    follow: Callable


class Behind(NamedTuple):
    """How far a follower is behind: rows it has not read (at most COUNTED_TO + 1) and when the first was written."""

    follower: Follower
    rows: int
    oldest_at: datetime | None
    is_put_aside: bool


_FOLLOWERS: dict[str, Follower] = {}


def register(follower: Follower) -> None:
    """Makes a follower known; ImproperlyConfigured for a code that is taken."""
    if follower.code in _FOLLOWERS or follower.code == PRUNING:
        raise ImproperlyConfigured(f"There is a follower {follower.code} already.")
    _FOLLOWERS[follower.code] = follower


def followers() -> list[Follower]:
    return list(_FOLLOWERS.values())


def follow(code: str, *, now: datetime, limit: int = BATCH) -> int:
    """Lets a follower read the next `limit` rows; returns how many rows further it is, of whatever kind.

    0 where nothing is certain, another worker is at it, or it failed lately. One query where there is nothing new. A
    failure is counted, and raised.
    """
    follower = _FOLLOWERS[code]
    if _next(code, limit) is None:
        if not FollowerCursor.objects.filter(code=code).exists():
            start(code, now=now)
        return 0
    try:
        with transaction.atomic():
            return _follow(follower, now, limit)
    except Exception as error:
        fail(FollowerCursor.objects.filter(code=code), failure=error, now=now)
        raise


def start(code: str, *, now: datetime) -> None:
    """Lets a follower that has never read begin with what is written from now on; nothing where it has begun."""
    with connection.cursor() as cursor:
        cursor.execute(_START, {"code": code, "now": now})


def behind() -> list[Behind]:
    """How far each follower is behind; one that has not begun has nothing to read yet. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_BEHIND, {"codes": list(_FOLLOWERS), "limit": COUNTED_TO + 1})
        found = {code: rest for code, *rest in cursor.fetchall()}
    return [
        Behind(follower, rows, oldest_at, is_put_aside)
        for follower in followers()
        for is_put_aside, rows, oldest_at in [found.get(follower.code, (False, 0, None))]
    ]


def move(code: str, upto: tuple[int, int], *, now: datetime) -> None:
    """Notes that the follower has read all rows up to (position, id); what failed before counts no more."""
    position, change_id = upto
    FollowerCursor.objects.filter(code=code).update(position=position, change_id=change_id, moved_at=now, **FRESH)


def _next(code, limit):
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, {"code": code, "limit": limit})
        return cursor.fetchone()


def _follow(follower, now, limit):
    awake = Q(next_try_at=None) | Q(next_try_at__lte=now)
    cursors = hold(FollowerCursor.objects.filter(awake, code=follower.code, put_aside_at=None))
    # Another worker may have been here since we looked.
    upto = _next(follower.code, limit) if cursors else None
    if upto is None:
        return 0
    (cursor,) = cursors
    span = RawSQL(_SPAN, [cursor.position, cursor.change_id, *upto], BooleanField())
    read = list(ChangeRow.objects.filter(span).order_by("position", "id"))
    rows = [row for row in read if row.kind in follower.kinds]
    if rows:
        follower.follow(rows, now=now)
    move(follower.code, upto, now=now)
    return len(read)
