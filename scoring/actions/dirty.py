from django.db import connection

_CLAIM = """
    DELETE FROM leads_dirtylead WHERE lead_id = ANY (ARRAY(
        SELECT lead_id FROM leads_dirtylead ORDER BY marked_at, lead_id LIMIT %s FOR UPDATE SKIP LOCKED
    )) RETURNING lead_id
"""


def claim_dirty(*, limit):
    """Takes the `limit` longest waiting dirty marks away and returns their lead ids, ascending.

    Runs in the caller's transaction: a rollback puts the marks back. Marks that another worker holds are passed over.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [limit])
        return sorted(lead_id for (lead_id,) in cursor.fetchall())
