"""The change rows that a change itself leaves: one for each lead that was touched. For leads.changes alone."""

import json
from collections.abc import Iterable
from datetime import datetime

from django.db import connection

_TOUCHED = """
INSERT INTO leads_changerow (lead_id, position, kind, at, fields, kinds)
SELECT touched.lead_id, (SELECT leads_change_position()), 'touched', %(now)s, what.fields, what.kinds
FROM unnest(%(leads)s::bigint[], %(numbers)s::integer[]) AS touched (lead_id, number)
JOIN jsonb_to_recordset(%(whats)s) AS what (number integer, fields text[], kinds text[]) USING (number)
WHERE EXISTS (SELECT FROM leads_lead WHERE id = touched.lead_id)
ORDER BY touched.lead_id
"""


def touch(notes: Iterable, *, but: set[int], now: datetime) -> None:
    """One row for each lead of these notes (leads.changes.Note) but for some: which fields, which kinds of activity.

    A note of neither only asks for a score, and is none of anybody's business. One statement.
    """
    touched: dict[int, tuple[frozenset, frozenset]] = {}
    nothing = frozenset(), frozenset()
    for note in notes:
        if note.fields or note.kinds:
            for pk in set(note.lead_ids).difference(but):
                fields, kinds = touched.get(pk, nothing)
                touched[pk] = fields | note.fields, kinds | note.kinds
    leads = sorted(touched)
    if not leads:
        return
    numbers: dict[tuple, int] = {}
    of_each = [numbers.setdefault(touched[pk], len(numbers)) for pk in leads]
    whats = [
        {"number": number, "fields": sorted(fields), "kinds": sorted(kinds)}
        for (fields, kinds), number in numbers.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(_TOUCHED, {"leads": leads, "numbers": of_each, "whats": json.dumps(whats), "now": now})
