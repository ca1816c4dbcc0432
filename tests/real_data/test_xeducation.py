"""Real leads of an online-course seller: imported, scored and exported by the commands, against what became of them."""

import csv
import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command

HERE = Path(__file__).parent
LEADS = HERE.parents[2] / "shared" / "data" / "leads" / "xeducation.csv"
# Filled in by sales, or overwritten while sales worked the lead: they know the outcome.
LATE = {
    "converted",
    "sales_tags",
    "lead_quality",
    "lead_profile",
    "last_activity",
    "last_notable_activity",
}

pytestmark = pytest.mark.real_data


@pytest.fixture
def exported(db):
    """The rows of the export, as (score, grade, converted)."""
    if not LEADS.exists():
        pytest.skip("needs ../shared/data")
    return _run_commands()


def _run_commands():
    said = io.StringIO()
    mapping = str(HERE / "xeducation_mapping.json")
    call_command("import_leads", str(LEADS), "--mapping", mapping, "--create-fields", stdout=said)
    summary = json.loads(said.getvalue().splitlines()[-1])
    assert (summary["rows"], summary["created"], summary["rejected"]) == (4680, 4680, 0)
    call_command("load_scoring_model", str(HERE / "xeducation_model.json"), "--publish", stdout=io.StringIO())
    said = io.StringIO()
    call_command("regrade", "--all", stdout=said)
    assert json.loads(said.getvalue().splitlines()[-1])["leads"] == 4680
    out = io.StringIO()
    call_command("export_leads", "--fields", "external_id,score,grade,converted", stdout=out)
    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert len({row["external_id"] for row in rows}) == 4680
    return [(int(row["score"]), row["grade"], int(row["converted"])) for row in rows]


def area_under_curve(rows):
    """How often a lead that converted has more points than one that did not; a tie counts half."""
    by_score = sorted(rows)
    converted = sum(outcome for _, _, outcome in rows)
    wins = seen_losers = place = 0
    while place < len(by_score):
        tied = [outcome for score, _, outcome in by_score[place:] if score == by_score[place][0]]
        winners = sum(tied)
        wins += winners * (seen_losers + (len(tied) - winners) / 2)
        seen_losers += len(tied) - winners
        place += len(tied)
    return wins / (converted * (len(rows) - converted))


def share_converted(rows, grade):
    outcomes = [outcome for _, each, outcome in rows if each == grade]
    return sum(outcomes) / len(outcomes)


def test_scores_and_grades_tell_who_converts(exported):
    assert area_under_curve(exported) >= 0.85
    shares = [share_converted(exported, grade) for grade in "ABCD"]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] >= 4 * shares[2]


def test_the_rules_use_only_what_was_known_before_sales_touched_the_lead():
    rules = json.loads((HERE / "xeducation_model.json").read_text())["rules"]
    assert {rule["when"]["field"] for rule in rules}.isdisjoint(LATE)
