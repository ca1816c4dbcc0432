import datetime
import importlib

import pytest
from django.db import connection

from leads import conditions
from leads.models import FieldDefinition, Lead
from scoring.engine import Span, compiled, regrade
from scoring.models import ScoringModel
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
    ("Renews", 6, {"field": "renewal", "op": "next_days", "value": 30}),
    ("Called lately", 7, {"field": "called", "op": "within_days", "value": 2}),
    ("Twice", 8, {"activity": "visit", "at_least": 2, "within_days": 4}),
]
FIT = [rule for rule in TIMELY if len(rule) == 3]


def crowd(now):
    make_field("renewal", "date")
    make_field("called", "datetime")
    for days in range(0, 40, 4):
        lead = make_lead(
            now=now - days * DAY,
            first_paid_on=(now - days * DAY).date(),
            renewal=(now + 3 * days * DAY).date().isoformat(),
            called=(now - days * DAY).isoformat(),
        )
        happen(lead, "visit", now=now - days * DAY)
        happen(lead, "visit", now=now - days * DAY)


@pytest.mark.parametrize("later", [DAY * 0, DAY * 5, datetime.timedelta(hours=13, microseconds=7), DAY * 400])
def test_a_model_compiled_for_any_time_says_what_its_conditions_say_at_that_time(now, later):
    crowd(now)
    publish(*FIT, now=now)
    vocabulary = conditions.Vocabulary.load()
    with connection.cursor() as cursor:
        cursor.execute(*compiled(published_model()).select(now=now + later))
        scored = {row[0]: row[-1] for row in cursor.fetchall()}
    for place, (_, points, tree) in enumerate(FIT):
        holds = set(
            conditions.matching(Lead.objects, tree, now=now + later, vocabulary=vocabulary).values_list("pk", flat=True)
        )
        assert {pk for pk, ledger in scored.items() if ledger[place] == points} == holds


@pytest.mark.parametrize("ids", [None, [3, 1, 2], Span(1, 3)])
def test_no_open_moment_is_left_in_a_statement(now, ids):
    crowd(now)
    publish(*TIMELY, now=now)
    params = compiled(published_model()).select(ids, now=now).params
    assert not any(isinstance(param, type(conditions.NOW)) for param in params)


def test_a_model_is_compiled_once_however_often_the_time_changes(now):
    crowd(now)
    publish(*TIMELY, now=now)
    assert compiled(published_model()) is compiled(published_model())


def test_scores_move_on_with_the_time(now):
    crowd(now)
    publish(*TIMELY[:5], now=now)
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
    first = compiled(published_model())
    publish(("Seven", 20, {"field": "seats", "op": "in", "value": [7]}), ("In Porto", 1, CITY), now=now)
    regrade([lead.pk], now=now)
    lead.refresh_from_db()
    assert lead.score == 21
    second = compiled(published_model())
    FieldDefinition.objects.filter(code="seats").update(label="Chairs")
    assert len({first, second, compiled(published_model())}) == 3


class Emptied(dict):
    """A store that another thread empties right after each look and each entry."""

    def __contains__(self, key):
        found = super().__contains__(key)
        self.clear()
        return found

    def __setitem__(self, key, value):
        super().__setitem__(key, value)
        self.clear()


def test_what_a_process_keeps_may_be_thrown_away_by_another_thread_while_it_is_in_use(now, monkeypatch):
    publish(*FIT[:1], now=now)
    for store in ("scoring.engine.compiled._kept", "scoring.queries._met"):
        module, _, name = store.rpartition(".")
        monkeypatch.setattr(importlib.import_module(module), name, Emptied())
    assert compiled(published_model()).model == ScoringModel.objects.get()
