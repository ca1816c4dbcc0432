from typing import NamedTuple

from django.db import connection

from scoring import queries
from scoring.engine.plan import Plan, Statement

# One statement: score, keep the rows that differ, lock them in id order, write them, log the new grades.
# A row whose lead or score has moved on since the snapshot is left alone: whoever moved it marked it dirty or has
# just scored it from newer facts. NO KEY: activities may go on arriving at a locked lead.
_WRITE = """
    WITH delta AS MATERIALIZED (
        SELECT * FROM ({select}) AS scored
        WHERE old_ledger <> ledger OR old_grade <> grade OR old_version IS DISTINCT FROM %s
    ), locked AS MATERIALIZED (
        SELECT delta.* FROM delta JOIN leads_lead AS lead ON lead.id = delta.id
        WHERE lead.changed_at = delta.changed_at AND lead.scored_at IS NOT DISTINCT FROM delta.scored_at
        ORDER BY lead.id FOR NO KEY UPDATE OF lead
    ), written AS (
        UPDATE leads_lead AS lead
        SET score = locked.score, grade = locked.grade, score_ledger = locked.ledger,
            score_version = %s, scored_at = %s
        FROM locked WHERE lead.id = locked.id
        RETURNING lead.id, locked.old_grade, locked.grade, locked.score
    ), logged AS (
        INSERT INTO leads_activity (lead_id, kind, occurred_at, recorded_at, payload, is_machine)
        SELECT id, 'grade_changed', %s, %s,
            jsonb_build_object('from', old_grade, 'to', grade, 'score', score, 'version', %s::integer), FALSE
        FROM written WHERE old_grade NOT IN ('', grade)
    )
    SELECT id, old_grade, grade, NULL FROM written WHERE old_grade <> grade
    UNION ALL
    SELECT NULL, NULL, NULL, count(*) FROM written
    ORDER BY 1 NULLS FIRST
"""


class Regraded(NamedTuple):
    """Leads looked at, rows written, and (lead id, from, to) of every new grade by id; from is "" for a first one."""

    leads: int
    changed: int
    grade_changes: list


def regrade(lead_ids, *, now, model=None):
    """Scores `lead_ids` (an iterable of ids; None: everybody) as of `now` and writes what differs.

    Runs in the caller's transaction and locks the rows it writes, in id order. Uses the published version unless a
    published `model` is given; without any, nothing happens. A changed grade is logged on the timeline, a first grade
    is not. Raises ConditionError when the model names a field that is gone.
    """
    ids = None if lead_ids is None else sorted(set(lead_ids))
    model = model or queries.published_model()
    if model is None or ids == []:
        return Regraded(0, 0, [])
    statement = _write_statement(Plan(model, now=now).select(ids), version=model.version, now=now)
    with connection.cursor() as cursor:
        cursor.execute(*statement)
        (_, _, _, changed), *rows = cursor.fetchall()
        if ids is None:
            cursor.execute("SELECT count(*) FROM leads_lead")
            (leads,) = cursor.fetchone()
        else:
            leads = len(ids)
    return Regraded(leads, changed, [(lead_id, before, after) for lead_id, before, after, _ in rows])


def _write_statement(select, *, version, now):
    sql = _WRITE.format(select=select.sql)
    return Statement(sql, [*select.params, version, version, now, now, now, version])
