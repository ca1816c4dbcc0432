"""Each invariant holds for good data, and turns red when its data is broken behind the program's back."""

import datetime
import io

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from capture.importing.models import Import, ImportRow
from insights import invariants
from insights.invariants import INVARIANTS, check_all
from leads.enums import Disposition, Stage
from leads.models import Lead
from notices.actions import tell_reps
from routing.models import Handover
from scoring.engine import regrade
from team.models import Pool
from tests.factories.leads import make_lead
from tests.factories.notices import owner_row

HOUR = datetime.timedelta(hours=1)

MODEL = """
INSERT INTO scoring_scoringmodel (name, version, status, a_from, b_from, c_from, notes, created_at, published_at)
VALUES ('Test', 901, 'draft', 20, 10, 5, '', %s, NULL) RETURNING id
"""
RULE = """
INSERT INTO scoring_scoringrule (model_id, position, label, kind, condition, points)
VALUES (%s, 1, 'From Berlin', 'fit', '{"field": "city", "op": "is", "value": "Berlin"}', 12)
"""


def sql(statement, *params):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchone() if cursor.description else None


@pytest.fixture
def world(cast, now):
    """A little of everything, as the program makes it."""
    (model,) = sql(MODEL, now)
    sql(RULE, model)
    sql("UPDATE scoring_scoringmodel SET status = 'retired', retired_at = %s WHERE status = 'published'", now)
    sql("UPDATE scoring_scoringmodel SET status = 'published', published_at = %s WHERE id = %s", now, model)
    make_lead(now=now, city="Berlin", stage=Stage.LEAD)
    make_lead(now=now, owner=cast.ben, budget="Planned")
    make_lead(now=now, pool=Pool.objects.get(code="sales"))
    make_lead(now=now, stage=Stage.SUSPECT, disposition=Disposition.RECYCLED)
    tell_reps([owner_row(Handover.objects.get(owner=cast.ben))], now=now)
    run = Import.objects.create(
        file_name="a.csv", sha256="", created_at=now, status="done", rows_total=3, rows_done=3, created=2, rejected=1
    )
    for number, (result, lead) in enumerate([("created", 0), ("created", 1), ("rejected", None)], start=1):
        lead_id = None if lead is None else Lead.objects.order_by("pk")[lead].pk
        ImportRow.objects.create(run=run, number=number, result=result, lead_id=lead_id)
    regrade(None, now=now + HOUR)
    sql("DELETE FROM leads_dirtylead")
    assert Lead.objects.get(city="Berlin").grade == "B"
    return model


def broken():
    return {finding.invariant.says: finding.count for finding in check_all() if finding.count}


def test_good_data_breaks_nothing(world):
    assert broken() == {}


def drop(table, *constraints):
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    for constraint in constraints:
        sql(f"ALTER TABLE {table} DROP CONSTRAINT {constraint} CASCADE")


def two_keepers():
    drop("leads_lead", "lead_has_exactly_one_keeper")
    sql("UPDATE leads_lead SET pool_id = (SELECT min(id) FROM team_pool) WHERE owner_id IS NOT NULL")


def no_keeper():
    drop("leads_lead", "lead_has_exactly_one_keeper")
    sql("UPDATE leads_lead SET owner_id = NULL, pool_id = NULL WHERE owner_id IS NOT NULL")


HANDOVER_COPY = """
INSERT INTO routing_handover (lead_id, pool_id, handed_at, receipt, owner_id, assigned_at, due_at, why, "end",
                              ended_at, end_reason)
SELECT lead_id, pool_id, handed_at + interval '1 minute', receipt, owner_id, assigned_at, due_at, why, "end",
       ended_at, end_reason FROM routing_handover
"""


def second_open_handover():
    drop("routing_handover", "handovers_never_overlap")
    sql("DROP INDEX one_open_handover")
    sql(HANDOVER_COPY)


def overlapping_handovers():
    drop("routing_handover", "handovers_never_overlap")
    sql("DROP INDEX one_open_handover")
    sql(HANDOVER_COPY)
    sql(
        """UPDATE routing_handover SET ended_at = handed_at + interval '1 hour', "end" = 'returned', end_reason = 'x'
        WHERE handed_at = (SELECT min(handed_at) FROM routing_handover)"""
    )


def other_owner():
    sql(
        "UPDATE leads_lead SET owner_id = (SELECT id FROM team_user WHERE email = 'cal@example.com') "
        "WHERE owner_id IS NOT NULL"
    )


def other_pool():
    sql("UPDATE leads_lead SET pool_id = NULL, owner_id = (SELECT min(id) FROM team_user) WHERE pool_id IS NOT NULL")


def back_to_marketing():
    sql("UPDATE leads_lead SET side = 'marketing', owner_id = NULL WHERE owner_id IS NOT NULL")


def other_grade():
    sql("ALTER TABLE leads_changerow DISABLE TRIGGER changes_are_never_updated")
    sql("UPDATE leads_changerow SET became = 'C' WHERE kind = 'grade' AND became = 'B'")


def no_first_grade():
    sql(
        "INSERT INTO leads_changerow (lead_id, position, kind, at, was, became, score, model_version)"
        " SELECT id, leads_change_position(), 'grade', scored_at, 'A', grade, score, score_version FROM leads_lead"
        " WHERE city = 'Berlin'"
    )


def owner_untold():
    sql(
        "INSERT INTO leads_changerow (lead_id, position, kind, at, was, became)"
        " SELECT id, leads_change_position(), 'owner', scored_at, owner_id::text, '' FROM leads_lead"
        " WHERE owner_id IS NOT NULL"
    )


def reads_ahead():
    # Far ahead: the transactions of other databases on this server count as well.
    sql(
        "INSERT INTO leads_followercursor (code, position, change_id, moved_at)"
        " SELECT 'early', leads_change_horizon() + 1000000, 0, %s",
        timezone.now(),
    )


def told_to_another():
    sql("UPDATE notices_notice SET recipient_id = (SELECT id FROM team_user WHERE email = 'cal@example.com')")


def told_of_another():
    sql("UPDATE notices_notice SET lead_id = (SELECT id FROM leads_lead WHERE city = 'Berlin')")


def told_once_more():
    sql(
        "INSERT INTO notices_notice (lead_id, recipient_id, change, kind, handover_id, facts, at, told_at)"
        " SELECT lead_id, recipient_id, change + 1, kind, handover_id, facts, at, told_at FROM notices_notice"
    )


def later_creation():
    sql("UPDATE leads_lead SET created_at = created_at - interval '1 day' WHERE city = 'Berlin'")


def no_history():
    sql("DELETE FROM leads_transition WHERE lead_id = (SELECT id FROM leads_lead WHERE city = 'Berlin')")


def gap_in_history():
    drop("leads_transition", "transition_history_is_contiguous")
    sql("UPDATE leads_transition SET from_stage = 'prospect' WHERE seq = 2 AND to_stage = 'lead'")


def step_before_the_one_before():
    drop("leads_transition", "transition_follows_the_one_before")
    sql("UPDATE leads_transition SET at = from_at - interval '1 day' WHERE seq = 2 AND to_stage = 'lead'")


def stage_by_hand():
    sql("UPDATE leads_lead SET stage = 'prospect' WHERE city = 'Berlin'")


def disposition_by_hand():
    sql("UPDATE leads_lead SET disposition = 'lost', disposition_reason = 'x' WHERE city = 'Berlin'")


def stage_time_by_hand():
    sql("UPDATE leads_lead SET stage_since = stage_since + interval '1 hour' WHERE city = 'Berlin'")


def score_by_hand():
    sql("UPDATE leads_lead SET score = 19 WHERE city = 'Berlin'")


def longer_ledger():
    sql("UPDATE leads_lead SET score_ledger = score_ledger || 0::smallint WHERE city = 'Berlin'")


def better_grade():
    sql("UPDATE leads_lead SET grade = 'A' WHERE city = 'Berlin'")


def other_points():
    sql("UPDATE leads_lead SET score = 11, score_ledger = '{11}' WHERE city = 'Berlin'")


def lost_row():
    drop("capture_import", "import_accounts_for_every_row")
    sql("UPDATE capture_import SET created = created - 1")


def done_too_early():
    sql("UPDATE capture_import SET rows_total = 4")


def row_gone():
    sql("DELETE FROM capture_importrow WHERE number = 3")


def other_result():
    sql("UPDATE capture_importrow SET result = 'updated' WHERE number = 2")


def lead_gone():
    sql("UPDATE capture_importrow SET lead_id = 0 WHERE number = 2")


def import_gone():
    sql("DELETE FROM capture_import")


def answer_gone():
    sql("DELETE FROM leads_answerlabel")
    sql("DELETE FROM leads_answer WHERE code = 'planned'")


def id_forgotten():
    sql("UPDATE leads_lead SET external_system = 'crm', external_id = '7' WHERE city = 'Berlin'")
    sql("DELETE FROM leads_externalid")


def not_searchable():
    sql("DELETE FROM leads_leadsearch WHERE lead_id = (SELECT id FROM leads_lead WHERE city = 'Berlin')")


def definition_gone():
    sql("UPDATE leads_transition SET definition_id = 0 WHERE seq = 1")


def found_though_gone():
    sql("INSERT INTO leads_leadsearch (lead_id, document) VALUES (0, 'nobody')")


def marked_though_gone():
    sql("INSERT INTO leads_dirtylead (lead_id, marked_at) VALUES (0, %s)", timezone.now())


@pytest.mark.parametrize(
    ("fault", "statement"),
    [
        (two_keepers, invariants.KEEPER),
        (no_keeper, invariants.KEEPER),
        (second_open_handover, invariants.OPEN_TWICE),
        (overlapping_handovers, invariants.OVERLAP),
        (other_owner, invariants.SALES_WITHOUT_HANDOVER),
        (other_pool, invariants.SALES_WITHOUT_HANDOVER),
        (back_to_marketing, invariants.HANDOVER_WITHOUT_SALES),
        (other_grade, invariants.NEWEST_GRADE),
        (no_first_grade, invariants.GRADES_APART),
        (owner_untold, invariants.NEWEST_OWNER),
        (reads_ahead, invariants.AHEAD_OF_NEWS),
        (told_to_another, invariants.NOTICE_OF_ANOTHER),
        (told_of_another, invariants.NOTICE_OF_ANOTHER),
        (told_once_more, invariants.TOLD_TWICE),
        (later_creation, invariants.NO_BEGINNING),
        (no_history, invariants.NO_BEGINNING),
        (no_history, invariants.END_IS_NOT_NOW),
        (gap_in_history, invariants.NOT_CONTIGUOUS),
        (step_before_the_one_before, invariants.NOT_CONTIGUOUS),
        (stage_by_hand, invariants.END_IS_NOT_NOW),
        (disposition_by_hand, invariants.END_IS_NOT_NOW),
        (stage_time_by_hand, invariants.STAGE_SINCE),
        (score_by_hand, invariants.LEDGER_SUM),
        (longer_ledger, invariants.LEDGER_LENGTH),
        (better_grade, invariants.GRADE_ABOVE_SCORE),
        (other_points, invariants.scored_otherwise),
        (lost_row, invariants.IMPORT_SUM),
        (done_too_early, invariants.IMPORT_SUM),
        (row_gone, invariants.IMPORT_ROWS),
        (other_result, invariants.IMPORT_ROWS),
        (lead_gone, invariants.IMPORT_ROW_LOST),
        (import_gone, invariants.IMPORT_ROW_LOST),
        (answer_gone, invariants.NO_SUCH_ANSWER),
        (id_forgotten, invariants.IDS_KEPT),
        (not_searchable, invariants.NOT_IN_SEARCH),
        (definition_gone, invariants.NO_DEFINITION),
        (found_though_gone, invariants.NOBODY_FOUND),
        (marked_though_gone, invariants.NOBODY_TO_SCORE),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_fault_turns_its_invariant_red(world, fault, statement):
    [invariant] = [invariant for invariant in INVARIANTS if invariant.broken == statement]

    fault()

    assert broken().get(invariant.says, 0) >= 1


def test_a_rep_who_sees_too_much_or_too_little_turns_visibility_red(world, monkeypatch):
    lead_class = type(Lead.objects.all())
    honest = lead_class.visible_to

    monkeypatch.setattr(lead_class, "visible_to", lambda leads, user: leads.all())
    assert broken().keys() == {"Every rep sees her own leads and no other."}
    monkeypatch.setattr(lead_class, "visible_to", lambda leads, user: honest(leads, user).exclude(side="sales"))
    assert broken().keys() == {"Every rep sees her own leads and no other."}


def test_an_idle_transaction_turns_red(world):
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1")
            found = sql(invariants.OLD_TRANSACTION.replace("10 seconds", "0 seconds"))
            cursor.execute("ROLLBACK")
    finally:
        other.close()

    assert found is not None


def test_every_invariant_has_a_fault_or_a_test_of_its_own():
    tested = {statement for mark in test_a_fault_turns_its_invariant_red.pytestmark for _, statement in mark.args[1]}

    assert {invariant.broken for invariant in INVARIANTS} - tested == {
        invariants.seen_against_the_law,
        invariants.OLD_TRANSACTION,
    }


def test_command_prints_a_line_each_and_exits_1_when_one_is_broken(world):
    out = io.StringIO()
    call_command("check_invariants", stdout=out)
    lines = out.getvalue().splitlines()
    assert len(lines) == len(INVARIANTS)
    assert all(line[4:6] == "ok" for line in lines)

    lead = Lead.objects.get(city="Berlin")
    score_by_hand()
    out = io.StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("check_invariants", stdout=out)

    assert stopped.value.code == 1
    assert f"I6  BROKEN  Every score is the sum of its ledger. Broken by 1 leads, such as {lead.pk}." in out.getvalue()
