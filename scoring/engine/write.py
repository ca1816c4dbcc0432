from typing import NamedTuple

from django.db import connection

from scoring import queries
from scoring.activities import GRADE_CHANGED
from scoring.engine.compiled import Span, Statement, compiled

# Up to here everything is one statement. Beyond, the delta is a table of its own: PostgreSQL then knows how few rows it
# holds, and computes it for everybody in parallel, which it does not inside a statement that writes.
FEW = 2000

_DELTA = """
    SELECT id, changed_at, scored_at, old_grade, score, grade, ledger FROM ({select}) AS scored
    WHERE old_ledger <> ledger OR old_grade <> grade OR old_version IS DISTINCT FROM %s
"""

# Lock the changed rows in id order, write them, log the new grades. A row whose lead or score has moved on since the
# delta's snapshot is left alone: whoever moved it has marked it dirty, or has just scored it from newer facts.
# Which score is the last one of its day is known when one of a later day takes its place. Versions before kept the
# first of a day, which may have been today.
# NO KEY: activities may go on arriving at a locked lead.
_WRITE = """
    WITH {cte} locked AS MATERIALIZED (
        SELECT delta.*, lead.score AS old_score, lead.score_version AS old_version, lead.side
        FROM {delta} AS delta JOIN leads_lead AS lead ON lead.id = delta.id
        WHERE lead.changed_at = delta.changed_at AND lead.scored_at IS NOT DISTINCT FROM delta.scored_at
        ORDER BY lead.id FOR NO KEY UPDATE OF lead
    ), written AS (
        UPDATE leads_lead AS lead
        SET score = locked.score, grade = locked.grade, score_ledger = locked.ledger,
            score_version = %s, scored_at = %s
        FROM locked WHERE lead.id = locked.id
        RETURNING lead.id, locked.side, locked.old_grade, locked.grade, locked.old_score, locked.score,
            locked.scored_at AS old_scored_at, lead.scored_at, locked.old_version, lead.score_version
    ), graded AS (
        INSERT INTO leads_changerow (lead_id, position, kind, at, was, became, score, model_version)
        SELECT id, (SELECT leads_change_position()), 'grade', scored_at, old_grade, grade, score, score_version
        FROM written WHERE old_grade <> grade ORDER BY id
    ), scored AS (
        INSERT INTO leads_changerow (lead_id, position, kind, at, score, model_version)
        SELECT id, (SELECT leads_change_position()), 'score', old_scored_at, old_score, old_version
        FROM written
        WHERE side = 'sales'
            AND (old_scored_at AT TIME ZONE 'UTC')::date < (scored_at AT TIME ZONE 'UTC')::date
        ORDER BY id ON CONFLICT DO NOTHING
    ), logged AS (
        INSERT INTO leads_activity (lead_id, kind, occurred_at, recorded_at, payload, is_machine)
        SELECT id, %s, %s, %s,
            jsonb_build_object('from', old_grade, 'to', grade, 'score', score, 'version', %s::integer), FALSE
        FROM written WHERE old_grade NOT IN ('', grade)
    )
    SELECT NULL AS id, NULL AS old_grade, NULL AS grade, count(*) FROM written
    UNION ALL
    SELECT id, old_grade, grade, NULL FROM written WHERE old_grade <> grade
    ORDER BY 1 NULLS FIRST
"""

# Statistics of a table that has just been filled still call it empty. Joined by a loop, its activities would be grouped
# once more for each lead.
_FOR_EVERYBODY = "SET LOCAL enable_nestloop = off"
# Other spans are done meanwhile, so more processes for one cost more than they save. Its activities lie scattered: read
# in the order of an index, each page is looked up once for every row instead of once.
_FOR_A_SPAN = f"{_FOR_EVERYBODY}; SET LOCAL enable_indexscan = off; SET LOCAL max_parallel_workers_per_gather = 0"
_AS_BEFORE = (
    "SET LOCAL enable_nestloop = DEFAULT; SET LOCAL enable_indexscan = DEFAULT; "
    "SET LOCAL max_parallel_workers_per_gather = DEFAULT"
)


class Regraded(NamedTuple):
    """Leads looked at, rows written, and (lead id, from, to) of every new grade by id; from is "" for a first one."""

    leads: int
    changed: int
    grade_changes: list


def regrade(lead_ids, *, now, model=None, vocabulary=None) -> Regraded:
    """Scores `lead_ids` (ids, a Span; None: everybody) as of `now` and writes what differs.

    Runs in the caller's transaction and locks the rows it writes, in id order. Uses the published version unless a
    published `model` is given; without any, nothing happens. A changed grade is logged on the timeline, a first grade
    is not. Raises ConditionError when the model names a field that is gone.
    """
    ids = lead_ids if lead_ids is None or isinstance(lead_ids, Span) else sorted(set(lead_ids))
    model = model or queries.published_model()
    if model is None or ids == []:
        return Regraded(0, 0, [])
    select = compiled(model, vocabulary=vocabulary).select(ids, now=now)
    delta = Statement(_DELTA.format(select=select.sql), [*select.params, model.version])
    values = [model.version, now, GRADE_CHANGED.code, now, now, model.version]
    with connection.cursor() as cursor:
        if isinstance(ids, list) and len(ids) <= FEW:
            cte = f"delta AS MATERIALIZED ({delta.sql}),"
            cursor.execute(_WRITE.format(cte=cte, delta="delta"), [*delta.params, *values])
            (_, _, _, changed), *rows = cursor.fetchall()
        else:
            if not isinstance(ids, list):
                cursor.execute(_FOR_EVERYBODY if ids is None else _FOR_A_SPAN)
            cursor.execute(f"CREATE TEMP TABLE scoring_delta ON COMMIT DROP AS {delta.sql}", delta.params)
            cursor.execute(_AS_BEFORE)
            cursor.execute(_WRITE.format(cte="", delta="scoring_delta"), values)
            (_, _, _, changed), *rows = cursor.fetchall()
            cursor.execute("DROP TABLE scoring_delta")
        leads = len(ids) if isinstance(ids, list) else _count(cursor, ids)
    return Regraded(leads, changed, [(lead_id, before, after) for lead_id, before, after, _ in rows])


def _count(cursor, span):
    if span is None:
        cursor.execute("SELECT count(*) FROM leads_lead")
    else:
        cursor.execute("SELECT count(*) FROM leads_lead WHERE id BETWEEN %s AND %s", span)
    return cursor.fetchone()[0]
