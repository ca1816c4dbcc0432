from django.db import connection

_CLAIM = """
    DELETE FROM leads_dirtylead WHERE lead_id = ANY (ARRAY(
        SELECT lead_id FROM leads_dirtylead WHERE marked_at <= %s
        ORDER BY marked_at, lead_id LIMIT %s FOR UPDATE SKIP LOCKED
    )) RETURNING lead_id
"""


def claim_dirty(*, now, limit):
    """Takes the `limit` longest waiting dirty marks away and returns their lead ids, ascending.

    A mark dated after `now` waits for its time, and what another worker holds is passed over. Runs in the caller's
    transaction: a rollback puts the marks back.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [now, limit])
        return sorted(lead_id for (lead_id,) in cursor.fetchall())
