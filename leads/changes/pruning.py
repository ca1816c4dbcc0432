"""News that everybody has followed is forgotten after a while; the history of grades and scores stays."""

from datetime import datetime, timedelta

from django.db import connection, transaction

from jobs.actions import hold
from leads.changes.following import PRUNING, followers, move
from leads.models import FollowerCursor
from leads.models.changes import HISTORY

BATCH = 10_000

# The last of the next rows that all followers have read and that are old enough; in order, so that none is left behind.
_UPTO = """
WITH next AS MATERIALIZED (
    SELECT position, id, at FROM leads_changerow
    WHERE (position, id) > (%(position)s, %(change_id)s) AND position < leads_change_horizon()
    ORDER BY position, id LIMIT %(limit)s
), slowest AS (
    SELECT position, change_id FROM leads_followercursor WHERE code = ANY(%(codes)s)
    ORDER BY position, change_id LIMIT 1
), first_kept AS (
    SELECT position, id FROM next
    WHERE at >= %(before)s OR (position, id) > (SELECT position, change_id FROM slowest)
    ORDER BY position, id LIMIT 1
)
SELECT position, id FROM next
WHERE NOT EXISTS (SELECT FROM first_kept WHERE (first_kept.position, first_kept.id) <= (next.position, next.id))
ORDER BY position DESC, id DESC LIMIT 1
"""
_PRUNE = """
DELETE FROM leads_changerow
WHERE (position, id) > (%s, %s) AND (position, id) <= (%s, %s) AND NOT kind = ANY(%s)
"""


def prune(*, now: datetime, kept: timedelta, limit: int = BATCH) -> bool:
    """Goes over the next `limit` rows that are older than `kept` and deletes the news among them; False at the end.

    Goes no further than the slowest follower; one that is registered no longer holds nothing up. False also where
    another worker is at it.
    """
    beginning = FollowerCursor(code=PRUNING, position=0, moved_at=now)
    FollowerCursor.objects.bulk_create([beginning], ignore_conflicts=True)
    with transaction.atomic():
        cursors = hold(FollowerCursor.objects.filter(code=PRUNING))
        if not cursors:
            return False
        (at,) = cursors
        since = {"position": at.position, "change_id": at.change_id, "before": now - kept}
        with connection.cursor() as cursor:
            cursor.execute(_UPTO, since | {"limit": limit, "codes": [each.code for each in followers()]})
            upto = cursor.fetchone()
            if upto is None:
                return False
            cursor.execute(_PRUNE, [at.position, at.change_id, *upto, [kind.value for kind in HISTORY]])
        move(PRUNING, upto, now=now)
    return True
