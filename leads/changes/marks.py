"""The marks that ask for a new score, and the locks of leads, in SQL. For leads.changes alone."""

from datetime import datetime

from django.db import connection

from jobs.postgres import SHARING, Lock

_LOCK = """
SELECT lead.id, EXISTS (SELECT FROM leads_dirtylead WHERE lead_id = lead.id) FROM leads_lead AS lead
WHERE lead.id = ANY(%s) ORDER BY lead.id FOR NO KEY UPDATE OF lead
"""

# The lock comes first, so that one round trip does for both.
_LOCK_WITH_ANSWERS = (
    "WITH answers AS MATERIALIZED ("
    + SHARING
    + """)
SELECT lead.id, EXISTS (SELECT FROM leads_dirtylead WHERE lead_id = lead.id)
FROM answers CROSS JOIN leads_lead AS lead
WHERE lead.id = ANY(%s) ORDER BY lead.id FOR NO KEY UPDATE OF lead
"""
)

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


def lock_leads(lead_ids: list[int], *, answers: bool = False) -> tuple[list[int], bool]:
    """Locks the leads in id order: (the ids of those there are, whether any is marked).

    answers: shares Lock.ANSWERS by the same statement, where any of the leads is there.
    """
    with connection.cursor() as cursor:
        if answers:
            cursor.execute(_LOCK_WITH_ANSWERS, [Lock.ANSWERS, lead_ids])
        else:
            cursor.execute(_LOCK, [lead_ids])
        rows = cursor.fetchall()
    return [pk for pk, _ in rows], any(is_marked for _, is_marked in rows)


def mark(lead_ids: list[int], *, now: datetime) -> None:
    if lead_ids:
        with connection.cursor() as cursor:
            cursor.execute(_MARK, {"ids": lead_ids, "now": now})


def unmark(lead_ids: list[int]) -> None:
    if lead_ids:
        with connection.cursor() as cursor:
            cursor.execute(_UNMARK, [lead_ids])
