from django.db import connection

from jobs.actions import fail
from leads.models import DirtyLead

LOOKS = 20

# The lead first: whoever changes one writes its mark at the end, and must not wait for a mark that nobody takes.
_CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT lead_id FROM leads_dirtylead
        WHERE marked_at <= %(now)s AND put_aside_at IS NULL AND (next_try_at IS NULL OR next_try_at <= %(now)s)
          AND lead_id <> ALL(%(passed)s)
        ORDER BY marked_at LIMIT %(limit)s
    ), free AS MATERIALIZED (
        SELECT id FROM leads_lead WHERE id = ANY (ARRAY(SELECT lead_id FROM due))
        ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    ), taken AS MATERIALIZED (
        SELECT lead_id FROM leads_dirtylead WHERE lead_id = ANY (ARRAY(
            SELECT id FROM free
            UNION ALL
            SELECT lead_id FROM due WHERE NOT EXISTS (SELECT FROM leads_lead WHERE id = due.lead_id)
        )) FOR UPDATE SKIP LOCKED
    ), deleted AS (
        DELETE FROM leads_dirtylead WHERE lead_id = ANY (ARRAY(SELECT lead_id FROM taken)) RETURNING lead_id
    )
    SELECT lead_id, lead_id IN (SELECT lead_id FROM deleted) FROM due
"""


def claim_dirty(*, now, limit) -> list[int]:
    """Takes the `limit` longest waiting dirty marks that are due away and returns their lead ids, ascending.

    A mark dated after `now` waits for its time; what another worker holds is passed over, and so is a lead that
    somebody is changing: its mark is not even locked. Locks the leads. Runs in the caller's transaction: a rollback
    puts the marks back. One statement, and up to LOOKS where it finds others at the leads it looked at.
    """
    claimed, passed = [], []
    with connection.cursor() as cursor:
        for _ in range(LOOKS):
            wanted = limit - len(claimed)
            cursor.execute(_CLAIM, {"now": now, "limit": wanted, "passed": passed})
            found = cursor.fetchall()
            claimed += [lead_id for lead_id, is_ours in found if is_ours]
            passed += [lead_id for lead_id, is_ours in found if not is_ours]
            if len(found) < wanted or len(claimed) == limit:
                break
    return sorted(claimed)


def fail_dirty(*, lead_ids, failure, now) -> None:
    """Notes why these leads could not be settled, once the transaction that tried it has been rolled back.

    Their marks are tried again later, and put aside after a few times; a change to the lead makes one due at once.
    """
    fail(DirtyLead.objects.filter(pk__in=lead_ids), failure=failure, now=now)
