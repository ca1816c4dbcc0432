from django.db import connection

from jobs.actions import fail
from leads.models import DirtyLead

_CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT lead_id FROM leads_dirtylead
        WHERE marked_at <= %(now)s AND put_aside_at IS NULL AND (next_try_at IS NULL OR next_try_at <= %(now)s)
        ORDER BY marked_at, lead_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ), free AS MATERIALIZED (
        SELECT id FROM leads_lead WHERE id = ANY (ARRAY(SELECT lead_id FROM due))
        ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    )
    DELETE FROM leads_dirtylead AS mark WHERE lead_id = ANY (ARRAY(
        SELECT id FROM free
        UNION ALL
        SELECT lead_id FROM due WHERE NOT EXISTS (SELECT FROM leads_lead WHERE id = due.lead_id)
    )) RETURNING lead_id
"""


def claim_dirty(*, now, limit) -> list[int]:
    """Takes the `limit` longest waiting dirty marks that are due away and returns their lead ids, ascending.

    A mark dated after `now` waits for its time; what another worker holds is passed over, and so is a lead that
    somebody is changing. Locks the leads. Runs in the caller's transaction: a rollback puts the marks back.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"now": now, "limit": limit})
        return sorted(lead_id for (lead_id,) in cursor.fetchall())


def fail_dirty(*, lead_ids, failure, now) -> None:
    """Notes why these leads could not be settled, once the transaction that tried it has been rolled back.

    Their marks are tried again later, and put aside after a few times; a change to the lead makes one due at once.
    """
    fail(DirtyLead.objects.filter(pk__in=lead_ids), failure=failure, now=now)
