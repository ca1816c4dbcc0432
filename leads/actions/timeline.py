"""What happened to a person: the only writer of activities, and of the mark that asks for a new score."""

import datetime
import json

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction

from leads.activities import is_known
from leads.models import Activity

CHUNK = 10_000

# A conflict locks the mark that is there even where the last condition leaves it as it is. What failed before may go
# well after a change, so that a mark that waits longer, or was put aside, is due again.
_OR_AGAIN = """
ON CONFLICT (lead_id) DO UPDATE SET
    marked_at = least(leads_dirtylead.marked_at, excluded.marked_at),
    attempts = 0, next_try_at = NULL, failure = '', put_aside_at = NULL
WHERE leads_dirtylead.marked_at > excluded.marked_at OR leads_dirtylead.attempts > 0
"""
_MARK = (
    """
INSERT INTO leads_dirtylead (lead_id, marked_at)
SELECT id, %(now)s FROM leads_lead WHERE id = ANY(%(ids)s) ORDER BY id
"""
    + _OR_AGAIN
)
_INSERT = (
    """
WITH new AS (
    INSERT INTO leads_activity
        (lead_id, kind, occurred_at, recorded_at, actor_id, campaign_id, payload, is_machine, dedupe_key)
    SELECT lead_id, kind, occurred_at, %(now)s, actor_id, campaign_id, coalesce(payload, '{}'),
           coalesce(is_machine, false), dedupe_key
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS row (
        lead_id bigint, kind text, occurred_at timestamptz, actor_id bigint, campaign_id bigint,
        payload jsonb, is_machine boolean, dedupe_key text
    )
    ON CONFLICT (lead_id, dedupe_key) WHERE dedupe_key IS NOT NULL DO NOTHING
    RETURNING lead_id, is_machine
), marked AS (
    INSERT INTO leads_dirtylead (lead_id, marked_at)
    SELECT lead_id, %(now)s FROM new WHERE NOT is_machine GROUP BY lead_id ORDER BY lead_id
"""
    + _OR_AGAIN
    + """
)
SELECT count(*) FROM new
"""
)


def ids_of(leads):
    """The ids of a queryset of leads, of lead objects or of ids, ascending and each once."""
    if isinstance(leads, models.QuerySet):
        leads = leads.order_by() if not leads.query.is_sliced else leads
        return sorted(set(leads.values_list("pk", flat=True)))
    return sorted({getattr(lead, "pk", lead) for lead in leads})


def mark_dirty(*, leads, now):
    """Asks for a new score of these leads (ids or queryset), in the caller's transaction; one that is gone is left out.

    Lock order: the mark before the lead, because a worker that claims marks holds them while it locks leads. An
    existing mark is locked, not passed over: else a worker could take it away before this change is visible.
    """
    ids = ids_of(leads)
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(_MARK, {"ids": ids, "now": now})


def record_activities(*, rows, now):
    """Inserts activities and marks the leads of the new ones dirty; returns how many were new.

    rows: an iterable of dicts with lead_id, kind, occurred_at and, as needed, payload, actor_id, campaign_id,
    is_machine, dedupe_key. A row whose dedupe_key is known of its lead is ignored. What a machine did asks for no new
    score. Raises ValidationError for an unknown kind.
    """
    inserted = 0
    with transaction.atomic(), connection.cursor() as cursor:
        for chunk in _chunks(rows):
            _check_kinds({row["kind"] for row in chunk})
            cursor.execute(_INSERT, {"rows": json.dumps(chunk, cls=_Encoder), "now": now})
            inserted += cursor.fetchone()[0]
    return inserted


def log_activity(*, lead, kind, by, now, payload=None, occurred_at=None):
    """Adds one activity to a lead's timeline and returns it; raises ValidationError for an unknown kind."""
    _check_kinds([kind])
    with transaction.atomic():
        mark_dirty(leads=[lead.pk], now=now)
        return Activity.objects.create(
            lead=lead,
            kind=kind,
            occurred_at=occurred_at or now,
            recorded_at=now,
            actor=by,
            payload=payload or {},
        )


def _check_kinds(codes):
    for code in codes:
        if not is_known(code):
            raise ValidationError({"kind": f"{code} is no kind of activity."})


class _Encoder(DjangoJSONEncoder):
    """Django's encoder cuts times to milliseconds; a timeline keeps its order by the microsecond."""

    def default(self, value):
        return value.isoformat() if isinstance(value, datetime.datetime) else super().default(value)


def _chunks(rows):
    chunk = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
