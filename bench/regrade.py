"""Regrading against a statement written by hand for the same twenty rules (scoring/starter/btd.json)."""

import datetime
import json
import multiprocessing
import time
from pathlib import Path

from django.db import connection, connections, transaction

from bench.database import unchanged
from bench.report import Measured
from leads.models import Lead
from routing.actions import regrade_chunk
from scoring.actions import load_model, publish_model, request_regrade
from scoring.engine import compiled, regrade
from scoring.models import RegradeRun
from scoring.queries import published_model

NOW = datetime.datetime(2026, 6, 10, 10, 0, tzinfo=datetime.UTC)
STARTER = Path(__file__).resolve().parent.parent / "scoring" / "starter" / "btd.json"
SYSTEM = "bench"
WORKERS = 2

_LEADS = """
INSERT INTO leads_lead (external_system, external_id, first_name, last_name, email, phone, job_title, company_id,
    street, city, region, postal_code, country, website, time_zone, fields, tags, do_not_email, do_not_call,
    do_not_post, email_key, phone_key, name_key, source_id, stage, stage_since, disposition, disposition_reason, side,
    score, grade, score_ledger, created_at, changed_at)
SELECT %(system)s, 'B' || n, 'Pat', 'Person' || n, 'pat' || n || '@example.com',
    CASE WHEN n %% 3 = 0 THEN '+49301' || n ELSE '' END, 'Buyer',
    CASE WHEN n %% 4 > 0 THEN 1 + (hashint8(n) & 2147483647) %% %(companies)s + %(first_company)s END,
    '', (ARRAY['Berlin', 'Hamburg', 'Porto', 'Leeds'])[1 + n %% 4], '', '', 'Germany', '', '',
    jsonb_strip_nulls(jsonb_build_object(
        'budget', (ARRAY['approved', 'planned', 'not_yet', 'no_budget', NULL, NULL])[1 + floor(random() * 6)::int],
        'timeframe', (ARRAY['within_3_months', '3_to_6_months', '6_to_12_months', 'later_or_never', NULL, NULL])
            [1 + floor(random() * 6)::int],
        'decision_maker', (ARRAY['decides', 'decides_with_others', 'recommends', 'no_part_in_it', NULL])
            [1 + floor(random() * 5)::int])),
    '{}', random() < 0.05, FALSE, FALSE, 'pat' || n || '@example.com', '', 'pat person' || n,
    (SELECT id FROM leads_source
        WHERE code = (ARRAY['referral', 'website', 'event'])[1 + (n %% 7 > 0)::int + (n %% 2)]),
    'name', %(now)s, 'open', '', 'marketing', 0, '', '{}', %(now)s - random() * interval '700 days', %(now)s
FROM generate_series(1, %(leads)s) AS n
"""

_UNSCORE = "UPDATE leads_lead SET score = 0, grade = '', score_ledger = '{}', score_version = NULL, scored_at = NULL"
_HISTORIES = """
INSERT INTO leads_transition (lead_id, seq, to_stage, to_disposition, at, reason, definition_id)
SELECT lead.id, 1, lead.stage, lead.disposition, lead.created_at, 'Made up', definition.id
FROM leads_lead AS lead
JOIN leads_stagedefinition AS definition ON definition.stage = lead.stage AND definition.is_current
"""
_ACTIVITIES = """
INSERT INTO leads_activity (lead_id, kind, occurred_at, recorded_at, payload, is_machine)
SELECT %(first_lead)s + floor(power(random(), 1.5) * %(leads)s)::bigint, kind, at, at,
    CASE WHEN kind = 'visit'
        THEN jsonb_build_object('url', 'https://example.com/' || (ARRAY['pricing', 'product', 'blog', 'about', ''])
            [1 + floor(random() * 5)::int])
        ELSE '{}' END,
    random() < 0.06
FROM (
    SELECT (ARRAY['visit', 'visit', 'visit', 'visit', 'visit', 'visit', 'email_sent', 'email_sent', 'email_sent',
            'email_opened', 'email_opened', 'email_clicked', 'email_clicked', 'form', 'email_replied',
            'event_attended', 'note', 'call', 'visit', 'unsubscribed'])[1 + floor(random() * 20)::int] AS kind,
        %(now)s - (1 - n::float8 / %(activities)s) * interval '700 days' - random() * interval '12 hours' AS at
    FROM generate_series(1, %(activities)s) AS n
) AS drawn
"""

# What somebody would write who knows the rules and PostgreSQL, and nothing else has to be served.
_DECAY = "sum((exp(-least(greatest(date_part('epoch', %(now)s - occurred_at), 0) * {rate}, 14.556)) * 1000000)::int)"
_RATE = {days: 0.6931471805599453 / (days * 86400) for days in (14, 21, 30, 60)}
_COLUMNS = f"""
    {_DECAY.format(rate=_RATE[30])} FILTER (WHERE kind = 'form') AS form,
    {_DECAY.format(rate=_RATE[14])} FILTER (WHERE kind = 'visit' AND occurred_at >= %(now)s - interval '90 days'
        AND payload->>'url' ILIKE '%%pricing%%') AS prices,
    {_DECAY.format(rate=_RATE[14])} FILTER (WHERE kind = 'visit'
        AND occurred_at >= %(now)s - interval '90 days') AS visits,
    {_DECAY.format(rate=_RATE[21])} FILTER (WHERE kind = 'email_clicked'
        AND occurred_at >= %(now)s - interval '180 days') AS clicks,
    {_DECAY.format(rate=_RATE[30])} FILTER (WHERE kind = 'email_replied') AS replies,
    {_DECAY.format(rate=_RATE[60])} FILTER (WHERE kind = 'event_attended') AS events,
    count(*) FILTER (WHERE kind = 'unsubscribed' AND occurred_at >= %(now)s - interval '365 days') AS gone
FROM leads_activity
WHERE NOT is_machine AND occurred_at <= %(now)s + interval '1 minute'
    AND kind IN ('form', 'visit', 'email_clicked', 'email_replied', 'event_attended', 'unsubscribed')
"""
_FLOOR = """
SELECT id, score, CASE
        WHEN score >= 75 AND budget IN ('approved', 'planned') AND timeframe = 'within_3_months'
            AND decider IN ('decides', 'decides_with_others') THEN 'A'
        WHEN score >= 50 THEN 'B' WHEN score >= 25 THEN 'C' ELSE 'D' END AS grade, ledger
FROM (
    SELECT id, budget, timeframe, decider, ARRAY[{names}]::smallint[] AS ledger, {total} AS score
    FROM (
        SELECT l.id, fields->>'budget' AS budget, fields->>'timeframe' AS timeframe,
            fields->>'decision_maker' AS decider,
            CASE WHEN fields->>'budget' = 'approved' THEN 25 ELSE 0 END AS r0,
            CASE WHEN fields->>'budget' = 'planned' THEN 15 ELSE 0 END AS r1,
            CASE WHEN fields->>'budget' = 'no_budget' THEN -15 ELSE 0 END AS r2,
            CASE WHEN fields->>'timeframe' = 'within_3_months' THEN 25 ELSE 0 END AS r3,
            CASE WHEN fields->>'timeframe' = '3_to_6_months' THEN 15 ELSE 0 END AS r4,
            CASE WHEN fields->>'timeframe' = '6_to_12_months' THEN 5 ELSE 0 END AS r5,
            CASE WHEN fields->>'timeframe' = 'later_or_never' THEN -15 ELSE 0 END AS r6,
            CASE WHEN fields->>'decision_maker' = 'decides' THEN 20 ELSE 0 END AS r7,
            CASE WHEN fields->>'decision_maker' = 'decides_with_others' THEN 12 ELSE 0 END AS r8,
            CASE WHEN fields->>'decision_maker' = 'recommends' THEN 5 ELSE 0 END AS r9,
            CASE WHEN fields->>'decision_maker' = 'no_part_in_it' THEN -10 ELSE 0 END AS r10,
            CASE WHEN company_id IS NOT NULL AND (phone <> '' OR email <> '') THEN 5 ELSE 0 END AS r11,
            CASE WHEN source_id IN (SELECT id FROM leads_source WHERE kind IN ('referral', 'partner'))
                THEN 10 ELSE 0 END AS r12,
            least(floor(0.00001 * coalesce(form, 0) + 0.5), 20)::int AS r13,
            least(floor(0.000008 * coalesce(prices, 0) + 0.5), 16)::int AS r14,
            least(floor(0.000002 * coalesce(visits, 0) + 0.5), 10)::int AS r15,
            least(floor(0.000004 * coalesce(clicks, 0) + 0.5), 12)::int AS r16,
            least(floor(0.00001 * coalesce(replies, 0) + 0.5), 15)::int AS r17,
            least(floor(0.000008 * coalesce(events, 0) + 0.5), 16)::int AS r18,
            CASE WHEN coalesce(gone, 0) > 0 OR do_not_email THEN -20 ELSE 0 END AS r19
        FROM leads_lead l {activities}
        OFFSET 0
    ) AS points
    OFFSET 0
) AS totals
"""
_EVERYBODY = f"LEFT JOIN (SELECT lead_id, {_COLUMNS} GROUP BY lead_id) a ON a.lead_id = l.id"
_SOME = f"LEFT JOIN LATERAL (SELECT {_COLUMNS} AND lead_id = l.id) a ON TRUE WHERE l.id = ANY(%(ids)s::bigint[])"
_DELTA = """
CREATE TEMP TABLE floor_delta ON COMMIT DROP AS
SELECT f.* FROM ({floor}) AS f JOIN leads_lead AS l ON l.id = f.id
WHERE l.score_ledger <> f.ledger OR l.grade <> f.grade OR l.score_version IS DISTINCT FROM %(version)s
"""
_APPLY = """
UPDATE leads_lead AS l SET score = f.score, grade = f.grade, score_ledger = f.ledger, score_version = %(version)s,
    scored_at = %(now)s
FROM floor_delta AS f WHERE f.id = l.id
"""


def people(*, leads, activities):
    """Fills an empty database with `leads` people and `activities` over the last 700 days, nobody scored yet.

    A database that holds the same number of such leads is used as it is; one that holds other leads is refused.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(*) FILTER (WHERE external_system = %s) FROM leads_lead", [SYSTEM])
        found, ours = cursor.fetchone()
        if found == ours == leads:
            return
        if found:
            raise SystemExit("This database holds other leads: measure in one of its own.")
        with transaction.atomic():
            fill(cursor, leads=leads, activities=activities)
    vacuum()


def build(*, leads, activities):
    """As `people`, settled as of NOW. Nobody sells yet, so those that belong to sales wait in their pool."""
    people(leads=leads, activities=activities)
    if not Lead.objects.filter(scored_at=None).exists():
        return
    publish_starter()
    _run_workers(NOW)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE leads_dirtylead")
    vacuum()


def publish_starter():
    """The starter model in force, where there is none yet."""
    if published_model() is None:
        publish_model(model=load_model(data=json.loads(STARTER.read_text()), by=None, now=NOW), by=None, now=NOW)


def main(*, leads, activities):
    """Yields the measures of a regrade of everybody one day later.

    The SELECT alone; with writing what changed, as one statement; and as a RegradeRun with routing, on two workers.
    """
    build(leads=leads, activities=activities)
    later = NOW + datetime.timedelta(days=1)
    size = {"leads": leads, "activities": activities}
    _same_scores(None, later)
    floor = _time(lambda: _run_floor_select(later))
    ours = _time(lambda: _run_our_select(later))
    yield _measured("regrade_select", floor, ours, size, most=1.3)
    floor = _time(lambda: score_by_hand(None, later))
    vacuum()
    ours = _time(lambda: regrade(None, now=later))
    vacuum()
    yield _measured("regrade", floor, ours, size, most=1.3)
    # After a copy every page goes into the log as a whole when it is first written: in both runs, or in neither.
    with unchanged():
        floor = _time(lambda: score_by_hand(None, later))
    with unchanged():
        ours = _run_workers(later)
        _stored_scores_are_those_by_hand(later)
    yield _measured("regrade_chunks", floor, ours, size, most=1.3)


def dirty(*, leads, activities, count=1000, rounds=5):
    """Yields the measure of regrading `count` scattered leads one day later; the best of `rounds` each."""
    build(leads=leads, activities=activities)
    later = NOW + datetime.timedelta(days=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM leads_lead ORDER BY hashint8(id) LIMIT %s", [count])
        ids = [lead_id for (lead_id,) in cursor.fetchall()]
    _same_scores(ids, later)
    floor = min(_time(lambda: score_by_hand(ids, later)) for _ in range(rounds))
    ours = min(_time(lambda: regrade(ids, now=later)) for _ in range(rounds))
    yield _measured("dirty", floor, ours, {"leads": leads, "activities": activities}, most=2)


def fill(cursor, *, leads, activities):
    """Inserts `leads` people, ungraded but with their histories and marks, and `activities` over 700 days."""
    cursor.execute(
        "INSERT INTO leads_source (code, name, kind) SELECT code, code, code "
        "FROM unnest(ARRAY['referral', 'website', 'event']) AS code ON CONFLICT (code) DO NOTHING"
    )
    companies = max(1, leads // 5)
    cursor.execute(
        "INSERT INTO leads_company (name, name_key, website, industry, phone, city, country, created_at) "
        "SELECT 'Works ' || n, 'works ' || n, '', '', '', '', '', %s FROM generate_series(1, %s) AS n RETURNING id",
        [NOW, companies],
    )
    first_company = cursor.fetchone()[0] - 1
    cursor.execute("SELECT setseed(0.42)")
    cursor.execute(
        _LEADS,
        {"system": SYSTEM, "leads": leads, "now": NOW, "companies": companies, "first_company": first_company},
    )
    cursor.execute("SELECT min(id) FROM leads_lead")
    (first_lead,) = cursor.fetchone()
    cursor.execute(_HISTORIES)
    cursor.execute("INSERT INTO leads_dirtylead (lead_id, marked_at) SELECT id, %s FROM leads_lead", [NOW])
    cursor.execute(_ACTIVITIES, {"first_lead": first_lead, "leads": leads, "activities": activities, "now": NOW})


def vacuum():
    """Clears what was rolled back or written over away, so that every run finds the tables alike."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE leads_lead, leads_dirtylead, leads_activity, leads_transition, routing_handover")


def _floor(ids):
    names = [f"r{number}" for number in range(20)]
    return _FLOOR.format(
        names=", ".join(names), total=" + ".join(names), activities=_EVERYBODY if ids is None else _SOME
    )


def score_by_hand(ids, now):
    """Scores these leads, everybody for None, and writes what differs, in the caller's transaction."""
    params = {"now": now, "ids": ids, "version": published_model().version}
    with connection.cursor() as cursor:
        cursor.execute(_DELTA.format(floor=_floor(ids)), params)
        cursor.execute(_APPLY, params)


def _run_floor_select(now):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT sum(score), max(grade), max(ledger) FROM ({_floor(None)}) AS f", {"now": now})


def _run_our_select(now):
    select = compiled(published_model()).select(now=now)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT sum(score), max(grade), max(ledger) FROM ({select.sql}) AS o", select.params)


def run_for_the_first_time():
    """Seconds of a regrade of everybody, with routing, on two workers, when nobody has a score yet."""
    with connection.cursor() as cursor:
        cursor.execute(_UNSCORE)
    vacuum()
    return _run_workers(NOW)


def _run_workers(now):
    """Seconds from asking for a regrade of everybody until two worker processes have finished it, all committed."""
    RegradeRun.objects.all().delete()
    connections.close_all()
    fork = multiprocessing.get_context("fork")
    ready, start = fork.Barrier(WORKERS + 1), fork.Event()
    workers = [fork.Process(target=_work, args=(now, ready, start)) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    ready.wait()
    begin = time.perf_counter()
    run = request_regrade(by=None, now=now)
    start.set()
    for worker in workers:
        worker.join()
    seconds = time.perf_counter() - begin
    run = RegradeRun.objects.with_progress().get(pk=run.pk)
    if run.finished_at is None or run.done != run.total or any(worker.exitcode for worker in workers):
        raise SystemExit(f"The run was not finished: {run.done} of {run.total} leads, {run.failure or 'no failure'}.")
    return seconds


def _work(now, ready, start):
    published_model()
    ready.wait()
    start.wait()
    while RegradeRun.objects.unfinished().exists():
        if not regrade_chunk(now=now):
            time.sleep(0.01)


def _same_scores(ids, now):
    """Stops unless the engine and the statement by hand give every lead the same score, grade and ledger."""
    ours = compiled(published_model()).select(ids, now=now)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE ours ON COMMIT DROP AS {ours.sql}", ours.params)
        cursor.execute(f"CREATE TEMP TABLE floor ON COMMIT DROP AS {_floor(ids)}", {"now": now, "ids": ids})
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE o.id IS NULL OR f.id IS NULL OR o.score <> f.score "
            "OR o.grade <> f.grade OR o.ledger <> f.ledger) FROM ours o FULL JOIN floor f ON f.id = o.id"
        )
        compared, different = cursor.fetchone()
        if different or not compared:
            raise SystemExit(f"{different} of {compared} leads are scored differently by hand.")


def _stored_scores_are_those_by_hand(now):
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), count(*) FILTER (WHERE f.id IS NULL OR l.score <> f.score OR l.grade <> f.grade "
            f"OR l.score_ledger <> f.ledger) FROM leads_lead l LEFT JOIN ({_floor(None)}) f ON f.id = l.id",
            {"now": now},
        )
        compared, different = cursor.fetchone()
    if different or not compared:
        raise SystemExit(f"{different} of {compared} leads have another score than by hand after the run.")


def _time(work):
    """Seconds of `work` in a transaction that is rolled back, so that every run starts from the same rows."""
    with transaction.atomic():
        start = time.perf_counter()
        work()
        seconds = time.perf_counter() - start
        transaction.set_rollback(True)
    return seconds


def _measured(name, floor, ours, size, *, most):
    figures = {"unit": "s", "floor": round(floor, 4), "ours": round(ours, 4), "ratio": round(ours / floor, 2)}
    return Measured(name, figures | size, most={"ratio": most})
