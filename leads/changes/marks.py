"""The marks that ask for a new score, and the locks of leads, in SQL. For leads.changes alone."""

from datetime import datetime

from django.db import connection

# The first look at `held` has it complete before the first lead is locked.
_HOLD = """
WITH held AS MATERIALIZED (
    SELECT lead_id FROM leads_dirtylead WHERE lead_id = ANY(%(ids)s) ORDER BY lead_id FOR UPDATE
)
SELECT lead.id, (SELECT count(*) FROM held) FROM leads_lead AS lead
WHERE lead.id = ANY(%(ids)s) AND (SELECT count(*) FROM held) >= 0
ORDER BY lead.id FOR NO KEY UPDATE OF lead
"""
_LOCK = "SELECT id FROM leads_lead WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"

# A conflict locks the mark that is there even where the last condition leaves it as it is: else a worker could take it
# away before this change is visible. What failed before may go well after a change, so that a mark that waits longer,
# or was put aside, is due again.
_MARK = """
INSERT INTO leads_dirtylead (lead_id, marked_at)
SELECT id, %(now)s FROM leads_lead WHERE id = ANY(%(ids)s) ORDER BY id
ON CONFLICT (lead_id) DO UPDATE SET
    marked_at = least(leads_dirtylead.marked_at, excluded.marked_at),
    attempts = 0, next_try_at = NULL, failure = '', put_aside_at = NULL
WHERE leads_dirtylead.marked_at > excluded.marked_at OR leads_dirtylead.attempts > 0
"""
_UNMARK = "DELETE FROM leads_dirtylead WHERE lead_id = ANY(%s)"


def hold(lead_ids: list[int]) -> tuple[list[int], bool]:
    """(ids of the leads there are, whether any was marked): marks and leads locked, each in id order."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, {"ids": lead_ids})
        rows = cursor.fetchall()
    return [pk for pk, _ in rows], bool(rows and rows[0][1])


def lock_leads(lead_ids: list[int]) -> list[int]:
    """Locks the leads alone, in id order; the ids of those there are."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [lead_ids])
        return [pk for (pk,) in cursor.fetchall()]


def mark(lead_ids: list[int], *, now: datetime) -> None:
    if lead_ids:
        with connection.cursor() as cursor:
            cursor.execute(_MARK, {"ids": lead_ids, "now": now})


def unmark(lead_ids: list[int]) -> None:
    if lead_ids:
        with connection.cursor() as cursor:
            cursor.execute(_UNMARK, [lead_ids])
