"""What has to be true of the data at every moment, whatever crashed. Checked by `manage.py check_invariants`.

Most of it the database refuses by constraint as well; this looks at the rows themselves, so that a restored backup,
a dropped constraint or a wrong statement shows. Each invariant is one statement that selects the ids of what breaks
it; the codes are those of docs/operations.md.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection

from leads.models import Lead
from scoring.engine import compiled
from scoring.queries import published_model
from team.enums import Reach
from team.models import User
from team.roles import reaches

EXAMPLES = 5
SAMPLED_MOMENTS = 5
SAMPLED_LEADS = 40  # at each of those moments


@dataclass(frozen=True)
class Invariant:
    """`broken` selects the ids (bigint) of `what` breaks it: a statement, or a function that returns the ids."""

    code: str
    says: str
    what: str
    broken: str | Callable


@dataclass(frozen=True)
class Finding:
    """How many break an invariant, and the ids of the first EXAMPLES of them."""

    invariant: Invariant
    count: int
    examples: tuple[int, ...]


def check_all(invariants=None):
    """Yields a Finding for each invariant, broken or not, one statement each."""
    for invariant in INVARIANTS if invariants is None else invariants:
        yield _check(invariant)


def _check(invariant):
    if callable(invariant.broken):
        ids = sorted(invariant.broken())
        return Finding(invariant, len(ids), tuple(ids[:EXAMPLES]))
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED.format(invariant.broken), {"examples": EXAMPLES})
        count, examples = cursor.fetchone()
    return Finding(invariant, count, tuple(examples or ()))


# Only the constant statements of this module are put into it.
_COUNTED = "SELECT count(*), (array_agg(id ORDER BY id))[1:%(examples)s] FROM ({}) AS broken (id)"

KEEPER = """
SELECT id FROM leads_lead WHERE NOT (
    (side = 'marketing' AND owner_id IS NULL AND pool_id IS NULL)
    OR (side = 'sales' AND (owner_id IS NULL) <> (pool_id IS NULL))
)
"""

OPEN_TWICE = "SELECT lead_id FROM routing_handover WHERE ended_at IS NULL GROUP BY lead_id HAVING count(*) > 1"

OVERLAP = """
SELECT DISTINCT lead_id FROM (
    SELECT lead_id, handed_at, max(coalesce(ended_at, 'infinity')) OVER (
        PARTITION BY lead_id ORDER BY handed_at, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS busy_until
    FROM routing_handover
) AS handover
WHERE handed_at < busy_until
"""

SALES_WITHOUT_HANDOVER = """
SELECT lead.id FROM leads_lead AS lead WHERE lead.side = 'sales' AND NOT EXISTS (
    SELECT FROM routing_handover AS handover
    WHERE handover.lead_id = lead.id AND handover.ended_at IS NULL
      AND handover.owner_id IS NOT DISTINCT FROM lead.owner_id
      AND (lead.owner_id IS NOT NULL OR handover.pool_id = lead.pool_id)
)
"""

HANDOVER_WITHOUT_SALES = """
SELECT lead.id FROM routing_handover AS handover JOIN leads_lead AS lead ON lead.id = handover.lead_id
WHERE handover.ended_at IS NULL AND lead.side <> 'sales'
"""

NO_BEGINNING = """
SELECT lead.id FROM leads_lead AS lead
LEFT JOIN leads_transition AS first ON first.lead_id = lead.id AND first.seq = 1
WHERE first.at IS DISTINCT FROM lead.created_at OR first.from_stage IS NOT NULL
"""

NOT_CONTIGUOUS = """
SELECT DISTINCT step.lead_id FROM leads_transition AS step
LEFT JOIN leads_transition AS before ON before.lead_id = step.lead_id AND before.seq = step.seq - 1
WHERE step.seq <> 1 AND (
    (step.from_stage, step.from_disposition, step.from_at, step.previous_seq)
        IS DISTINCT FROM (before.to_stage, before.to_disposition, before.at, before.seq)
    OR step.at <= before.at
)
"""

END_IS_NOT_NOW = """
SELECT lead.id FROM leads_lead AS lead
LEFT JOIN LATERAL (
    SELECT to_stage, to_disposition FROM leads_transition
    WHERE leads_transition.lead_id = lead.id ORDER BY seq DESC LIMIT 1
) AS last ON true
WHERE (last.to_stage, last.to_disposition) IS DISTINCT FROM (lead.stage, lead.disposition)
"""

# Counted from the last row that changed the stage; rows of disposition alone do not move it.
STAGE_SINCE = """
SELECT lead.id FROM leads_lead AS lead
JOIN LATERAL (
    SELECT at FROM leads_transition
    WHERE leads_transition.lead_id = lead.id AND from_stage IS DISTINCT FROM to_stage ORDER BY seq DESC LIMIT 1
) AS last_move ON true
WHERE last_move.at <> lead.stage_since
"""

LEDGER_SUM = """
SELECT id FROM leads_lead
WHERE score <> (SELECT coalesce(sum(points), 0) FROM unnest(score_ledger) AS points)
"""

LEDGER_LENGTH = """
SELECT lead.id FROM leads_lead AS lead
JOIN (
    SELECT model.version, count(rule.id) AS rules FROM scoring_scoringmodel AS model
    LEFT JOIN scoring_scoringrule AS rule ON rule.model_id = model.id GROUP BY model.version
) AS scored_by ON scored_by.version = lead.score_version
WHERE cardinality(lead.score_ledger) <> scored_by.rules
"""

GRADE_ABOVE_SCORE = """
SELECT lead.id FROM leads_lead AS lead JOIN scoring_scoringmodel AS model ON model.version = lead.score_version
WHERE (lead.grade = 'A' AND lead.score < model.a_from)
   OR (lead.grade = 'B' AND lead.score < model.b_from)
   OR (lead.grade = 'C' AND lead.score < model.c_from)
"""

IMPORT_SUM = """
SELECT id FROM capture_import
WHERE rows_done <> created + updated + unchanged + rejected
   OR least(created, updated, unchanged, rejected) < 0
   OR (status = 'done' AND rows_total IS DISTINCT FROM rows_done)
   OR rows_done > rows_total
"""

# Every row of the file has its line, with the same results as the counters of the import say.
IMPORT_ROWS = """
SELECT run.id FROM capture_import AS run
LEFT JOIN (
    SELECT run_id, count(*) AS rows,
           count(*) FILTER (WHERE result = 'created') AS created,
           count(*) FILTER (WHERE result = 'updated') AS updated,
           count(*) FILTER (WHERE result = 'unchanged') AS unchanged,
           count(*) FILTER (WHERE result = 'rejected') AS rejected
    FROM capture_importrow GROUP BY run_id
) AS counted ON counted.run_id = run.id
WHERE (run.rows_done, run.created, run.updated, run.unchanged, run.rejected) <> (
    coalesce(counted.rows, 0), coalesce(counted.created, 0), coalesce(counted.updated, 0),
    coalesce(counted.unchanged, 0), coalesce(counted.rejected, 0)
)
"""

# The database does not tie these rows to the leads and imports: that would cost a check for each row of each file.
IMPORT_ROW_LOST = """
SELECT row.id FROM capture_importrow AS row
WHERE (row.lead_id IS NOT NULL AND NOT EXISTS (SELECT FROM leads_lead WHERE leads_lead.id = row.lead_id))
   OR NOT EXISTS (SELECT FROM capture_import WHERE capture_import.id = row.run_id)
"""

NOT_IN_SEARCH = """
SELECT lead.id FROM leads_lead AS lead
WHERE NOT EXISTS (SELECT FROM leads_leadsearch WHERE leads_leadsearch.lead_id = lead.id)
"""

# Three keys that the database does not check, docs/adr/0008.
NO_DEFINITION = """
SELECT step.lead_id FROM leads_transition AS step
WHERE NOT EXISTS (SELECT FROM leads_stagedefinition WHERE leads_stagedefinition.id = step.definition_id)
"""

NOBODY_FOUND = """
SELECT lead_id FROM leads_leadsearch
WHERE NOT EXISTS (SELECT FROM leads_lead WHERE leads_lead.id = leads_leadsearch.lead_id)
"""

NOBODY_TO_SCORE = """
SELECT lead_id FROM leads_dirtylead
WHERE NOT EXISTS (SELECT FROM leads_lead WHERE leads_lead.id = leads_dirtylead.lead_id)
"""

# The triggers of the two tables keep the ids of both in a third, which holds each id once.
IDS_KEPT = """
WITH had AS (
    SELECT external_system AS system, external_id AS key, id AS lead_id FROM leads_lead WHERE external_id <> ''
    UNION ALL
    SELECT system, key, lead_id FROM leads_otherkey WHERE kind = 'external_id'
), kept AS (SELECT system, key, lead_id FROM leads_externalid)
SELECT DISTINCT lead_id FROM (
    (SELECT * FROM had EXCEPT ALL SELECT * FROM kept) UNION ALL (SELECT * FROM kept EXCEPT ALL SELECT * FROM had)
) AS differing
"""

# Answers stand in the JSON of the leads, which no key of the database reaches.
NO_SUCH_ANSWER = """
SELECT DISTINCT lead.id FROM leads_lead AS lead
JOIN leads_fielddefinition AS field ON field.type IN ('choice', 'choices') AND lead.fields ? field.code
CROSS JOIN LATERAL jsonb_path_query(lead.fields -> field.code, '$[*]') AS said (value)
WHERE NOT EXISTS (
    SELECT FROM leads_answer AS answer WHERE answer.field_id = field.id AND answer.code = said.value #>> '{}'
)
"""

OLD_TRANSACTION = """
SELECT pid::bigint FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND (
    xact_start < clock_timestamp() - interval '60 seconds'
    OR (state LIKE 'idle in transaction%%' AND state_change < clock_timestamp() - interval '10 seconds')
)
"""


def seen_against_the_law():
    """Leads that a rep sees though they are not hers, or does not see though they are; in one statement."""
    users = User.objects.active().lead_owners().with_role_names()
    reps = [user for user in users if reaches(user, "leads.view_lead") == {Reach.OWN}]
    differences = []
    for rep in reps:
        seen, hers = Lead.objects.visible_to(rep), Lead.objects.filter(owner=rep)
        differences.append(seen.exclude(pk__in=hers.values("pk")).order_by().values_list("pk", flat=True))
        differences.append(hers.exclude(pk__in=seen.values("pk")).order_by().values_list("pk", flat=True))
    return list(differences[0].union(*differences[1:])) if differences else []


def scored_otherwise():
    """Of a sample, the leads to which the engine gives another ledger as of the time they were scored.

    Only leads that nothing happened to since then: what did happen may count by now.
    """
    model = published_model()
    if model is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_SAMPLE, {"version": model.version, "moments": SAMPLED_MOMENTS, "leads": SAMPLED_LEADS})
        sample = cursor.fetchall()
        wrong = []
        # One statement per moment, a handful: the engine scores as of one time.
        for scored_at, ids in sample:
            select = compiled(model).select(ids, now=scored_at)
            cursor.execute(select.sql, select.params)
            places = [column.name for column in cursor.description]
            for values in cursor.fetchall():
                row = dict(zip(places, values, strict=True))
                if (row["old_ledger"], row["old_grade"]) != (row["ledger"], row["grade"]):
                    wrong.append(row["id"])
    return wrong


_SAMPLE = """
SELECT scored_at, (array_agg(id ORDER BY id DESC))[1:%(leads)s] FROM leads_lead AS lead
WHERE score_version = %(version)s AND changed_at <= scored_at
  AND NOT EXISTS (SELECT FROM leads_dirtylead WHERE leads_dirtylead.lead_id = lead.id)
  AND NOT EXISTS (
      SELECT FROM leads_activity AS activity
      WHERE activity.lead_id = lead.id AND activity.recorded_at > lead.scored_at AND NOT activity.is_machine
  )
GROUP BY scored_at ORDER BY scored_at DESC LIMIT %(moments)s
"""

# The row that is written last says what is true now.
NEWEST_GRADE = """
SELECT lead.id FROM leads_lead AS lead LEFT JOIN LATERAL (
    SELECT became, score, model_version FROM leads_changerow
    WHERE lead_id = lead.id AND kind = 'grade' ORDER BY id DESC LIMIT 1
) AS newest ON TRUE
WHERE lead.grade IS DISTINCT FROM coalesce(newest.became, '')
"""

GRADES_APART = """
SELECT lead_id FROM (
    SELECT lead_id, was, lag(became) OVER (PARTITION BY lead_id ORDER BY id) AS before
    FROM leads_changerow WHERE kind = 'grade'
) AS grade
WHERE was <> before
"""

# Owners are told of as they change, and what is told is forgotten after a while.
NEWEST_OWNER = """
SELECT lead.id FROM leads_lead AS lead CROSS JOIN LATERAL (
    SELECT became FROM leads_changerow WHERE lead_id = lead.id AND kind = 'owner' ORDER BY id DESC LIMIT 1
) AS newest
WHERE newest.became <> coalesce(lead.owner_id::text, '')
"""

AHEAD_OF_NEWS = """
SELECT row_number() OVER (ORDER BY code) FROM leads_followercursor WHERE position > leads_change_horizon()
"""

NOTICE_OF_ANOTHER = """
SELECT notice.id FROM notices_notice AS notice
LEFT JOIN routing_handover AS handover ON handover.id = notice.handover_id
WHERE (handover.lead_id, handover.owner_id) IS DISTINCT FROM (notice.lead_id, notice.recipient_id)
"""

# A grade may fall more than once while a lead is hers.
TOLD_TWICE = """
SELECT max(id) FROM notices_notice WHERE kind IN ('arrived', 'taken_back')
GROUP BY handover_id, kind HAVING count(*) > 1
"""

INVARIANTS = (
    Invariant("I3", "Every lead has exactly one keeper: marketing, one owner or one pool.", "leads", KEEPER),
    Invariant("I4", "No lead has two open hand-overs.", "leads", OPEN_TWICE),
    Invariant("I4", "The hand-overs of a lead do not overlap.", "leads", OVERLAP),
    Invariant(
        "I4",
        "Every lead on the sales side has an open hand-over to the same owner or pool.",
        "leads",
        SALES_WITHOUT_HANDOVER,
    ),
    Invariant("I4", "No lead on the marketing side has an open hand-over.", "leads", HANDOVER_WITHOUT_SALES),
    Invariant("I5", "Every history begins with the creation of the lead.", "leads", NO_BEGINNING),
    Invariant("I5", "Every step of a history starts where the step before it ended.", "leads", NOT_CONTIGUOUS),
    Invariant("I5", "Every history ends at the stage and disposition of now.", "leads", END_IS_NOT_NOW),
    Invariant("I5", "Every lead is in its stage since the step that brought it there.", "leads", STAGE_SINCE),
    Invariant("I5", "Every step of a history was made under a definition that exists.", "leads", NO_DEFINITION),
    Invariant("I6", "Every score is the sum of its ledger.", "leads", LEDGER_SUM),
    Invariant("I6", "Every ledger has a line for each rule of its model version.", "leads", LEDGER_LENGTH),
    Invariant("I6", "No grade is better than its score allows.", "leads", GRADE_ABOVE_SCORE),
    Invariant("I6", "The engine gives a sample the same points again.", "leads", scored_otherwise),
    Invariant("I6", "No mark for rescoring belongs to a lead that is gone.", "marks", NOBODY_TO_SCORE),
    Invariant("I6", "Every answer of a lead is one of its field.", "leads", NO_SUCH_ANSWER),
    Invariant("I7", "Every external id of a system is one lead's.", "leads", IDS_KEPT),
    Invariant("I12", "Every import accounts for every row.", "imports", IMPORT_SUM),
    Invariant("I12", "Every row of an import is kept with its result.", "imports", IMPORT_ROWS),
    Invariant("I12", "No row of an import points to a lead that is gone.", "rows", IMPORT_ROW_LOST),
    Invariant("I16", "Every rep sees her own leads and no other.", "leads", seen_against_the_law),
    Invariant("I16", "Every lead is in the search index.", "leads", NOT_IN_SEARCH),
    Invariant("I16", "The search index holds no lead that is gone.", "leads", NOBODY_FOUND),
    Invariant("I19", "The history of grades of a lead ends at the grade it has.", "leads", NEWEST_GRADE),
    Invariant("I19", "Every grade in a history follows the one before it.", "leads", GRADES_APART),
    Invariant("I19", "The last that was told of an owner is the owner.", "leads", NEWEST_OWNER),
    Invariant("I19", "No follower is ahead of what is certain.", "followers", AHEAD_OF_NEWS),
    Invariant("I19", "Every notice is of a lead that is or was its reader's.", "notices", NOTICE_OF_ANOTHER),
    Invariant("I19", "No lead is told to have come or gone twice by one hand-over.", "notices", TOLD_TWICE),
    Invariant("I18", "No transaction is older than 60 s, nor idle for 10 s.", "processes", OLD_TRANSACTION),
)
