"""What happened to a person: the only writer of activities."""

import datetime
import json

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from leads.activities import is_known
from leads.changes import Change
from leads.models import Activity, Lead

CHUNK = 10_000

_INSERT = """
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
    RETURNING lead_id, kind, is_machine
)
SELECT kind, is_machine, array_agg(lead_id) FROM new GROUP BY kind, is_machine
"""


def record_activities(change: Change, *, rows) -> int:
    """Inserts activities; returns how many were new. The leads need not be held.

    rows: an iterable of dicts with lead_id, kind, occurred_at and, as needed, payload, actor_id, campaign_id,
    is_machine, dedupe_key. A row whose dedupe_key is known of its lead is ignored. What a machine did asks for no new
    score. Raises ValidationError for an unknown kind.
    """
    inserted = 0
    with connection.cursor() as cursor:
        for chunk in _chunks(rows):
            _check_kinds({row["kind"] for row in chunk})
            cursor.execute(_INSERT, {"rows": json.dumps(chunk, cls=_Encoder), "now": change.now})
            for kind, is_machine, lead_ids in cursor.fetchall():
                inserted += len(lead_ids)
                if not is_machine:
                    change.note(lead_ids, kinds=[kind])
    return inserted


def log_activity(change: Change, *, lead: Lead, kind, payload=None, occurred_at=None) -> Activity:
    """Adds one activity to a lead's timeline and returns it; raises ValidationError for an unknown kind.

    Holds the lead.
    """
    _check_kinds([kind])
    change.hold([lead.pk])
    activity = Activity.objects.create(
        lead=lead,
        kind=kind,
        occurred_at=occurred_at or change.now,
        recorded_at=change.now,
        actor=change.by,
        payload=payload or {},
    )
    change.note([lead.pk], kinds=[kind])
    return activity


def _check_kinds(codes):
    for code in codes:
        if not is_known(code):
            raise ValidationError({"kind": f"{code} is no kind of activity."})


class _Encoder(DjangoJSONEncoder):
    """Django's encoder cuts times to milliseconds; a timeline keeps its order by the microsecond."""

    def default(self, value) -> object:
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
