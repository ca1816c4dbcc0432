"""What conditions may ask of hand-overs."""

import datetime

from leads.conditions import Vocabulary, describe, matching
from leads.models import Lead
from routing.actions import route
from routing.actions.handover import return_lead
from routing.models import Handover
from scoring.rules import condition_problems
from tests.factories.leads import make_lead

HOUR = datetime.timedelta(hours=1)


def found(tree, now):
    return set(matching(Lead.objects.all(), tree, now=now))


def test_conditions_ask_for_hand_overs_as_they_are(cast, now):
    kept, given_back, never = make_lead(grade="A", score=90), make_lead(grade="A", score=80), make_lead(grade="D")
    route([kept.pk, given_back.pk, never.pk], now=now)
    given_back.refresh_from_db()
    return_lead(lead=given_back, by=given_back.owner, now=now + HOUR, reason="On holiday")
    later = now + HOUR * 30

    assert found({"field": "handed_over_at", "op": "within_days", "value": 7}, later) == {kept, given_back}
    assert found({"field": "handed_over_at", "op": "empty"}, later) == {never}
    due = Handover.objects.open().get(lead=kept).due_at
    before = {"field": "answer_due_at", "op": "before", "value": (due + HOUR).isoformat()}
    assert found(before, later) == {kept}
    assert found({"field": "handover_end", "op": "is", "value": "returned"}, later) == {given_back}
    assert found({"field": "handover_end", "op": "empty"}, later) == {kept, never}


def test_conditions_on_hand_overs_read_well(db):
    ended = {"field": "handover_end", "op": "in", "value": ["rejected", "returned"]}

    assert describe(ended) == "end of a hand-over is rejected or returned unworked"


def test_no_scoring_rule_looks_at_what_a_grade_brings(db):
    vocabulary = Vocabulary.load()
    tests = [{"field": code, "op": "filled"} for code in ("owner", "pool", "handed_over_at", "handover_end")]

    problems = condition_problems({"any": [*tests, {"field": "side", "op": "is", "value": "sales"}]}, vocabulary)

    assert [problem.path for problem in problems] == [f"any[{place}].field" for place in range(5)]
    assert str(problems[0]) == "any[0].field: a scoring rule cannot look at owner: it follows from the score"
