import datetime

import pytest

from leads.models import FieldDefinition
from scoring.engine import Plan, Span, prepared_select, regrade
from scoring.engine import prepared as module
from scoring.queries import published_model
from tests.factories.leads import make_field, make_lead
from tests.scoring.made import CITY, happen, publish

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)
TIMELY = [
    ("Made lately", 1, {"field": "created_at", "op": "within_days", "value": 3}),
    ("Paid long ago", 2, {"field": "first_paid_on", "op": "more_than_days_ago", "value": 10}),
    ("Since the new year", 3, {"field": "created_at", "op": "after", "value": "2026-01-01"}),
    ("Visited", 4, {"activity": "visit", "within_days": 9}, {"cap": 90, "half_life_days": 5}),
    ("Silent", -5, {"activity": "visit", "seen": "last", "op": "more_than_days_ago", "value": 6}),
]


@pytest.mark.parametrize("ids", [None, [3, 1, 2], Span(1, 3)])
def test_a_kept_statement_is_the_one_that_would_be_compiled(now, ids):
    publish(*TIMELY, now=now)
    for moment in (now, now + 400 * DAY, now + datetime.timedelta(hours=13, microseconds=7)):
        kept = prepared_select(published_model(), now=moment, lead_ids=ids)
        assert kept == Plan(published_model(), now=moment).select(ids)


def test_a_statement_is_compiled_once_however_often_the_time_changes(now, monkeypatch):
    publish(*TIMELY, now=now)
    prepared_select(published_model(), now=now, lead_ids=[1])
    monkeypatch.setattr(module, "Plan", None)
    assert prepared_select(published_model(), now=now + DAY, lead_ids=[2]).sql


def test_scores_move_on_with_the_time(now):
    publish(*TIMELY, now=now)
    lead = make_lead()
    happen(lead, "visit", now=now)
    scores = []
    for days in (0, 5, 20):
        regrade([lead.pk], now=now + days * DAY)
        lead.refresh_from_db()
        scores.append(lead.score_ledger)
    assert scores == [[1, 0, 3, 4, 0], [0, 0, 3, 2, 0], [0, 0, 3, 0, -5]]


def test_another_version_or_another_type_of_field_is_another_statement(now):
    make_field("seats", "integer")
    lead = make_lead(first_name="P", city="Porto", seats=7)
    publish(("Seven", 10, {"field": "seats", "op": "in", "value": [7]}), now=now)
    regrade([lead.pk], now=now)
    publish(("Seven", 20, {"field": "seats", "op": "in", "value": [7]}), ("In Porto", 1, CITY), now=now)
    regrade([lead.pk], now=now)
    lead.refresh_from_db()
    assert lead.score == 21
    FieldDefinition.objects.filter(code="seats").update(label="Chairs")
    before = len(module._kept)
    regrade([lead.pk], now=now)
    assert len(module._kept) in {before + 1, 1}


def test_what_depends_on_the_time_in_another_way_is_not_kept():
    one, other = module._FIRST, module._SECOND
    assert module._from_now(one.replace(hour=0), other.replace(hour=0)) is None
    assert module._from_now("a", "b") is None
    assert module._from_now(1, True) is None
