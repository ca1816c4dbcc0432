"""Whoever is scored together with whomever: the same score. Random models over random people, against plain Python."""

import datetime
import math
import random

import pytest
from django.db import connection

from leads import conditions
from leads.conditions import matching
from leads.models import Activity, Lead
from scoring.engine import compiled, regrade
from scoring.queries import published_model
from tests.factories.leads import make_lead
from tests.scoring.made import happen, publish

pytestmark = pytest.mark.django_db

KINDS = ["visit", "form", "email_clicked", "event_attended"]
FITS = [
    {"field": "city", "op": "is", "value": "Porto"},
    {"field": "city", "op": "starts_with", "value": "b"},
    {"field": "tags", "op": "has_any", "value": ["vip"]},
    {"answer": "budget", "op": "in", "value": ["Approved", "Planned"]},
    {"answer": "budget", "op": "empty"},
    {"answer": "timeframe", "op": "is_not", "value": "Within 3 months"},
    {"field": "company", "op": "filled"},
    {"field": "do_not_email", "op": "is", "value": True},
    {"activity": "visit", "at_least": 2},
    {"activity": ["form", "email_clicked"], "within_days": 40},
    {"activity": "visit", "where": {"path": "url", "op": "contains", "value": "pric"}},
    {"activity": "form", "seen": "last", "op": "within_days", "value": 30},
    {"activity": "visit", "seen": "first", "op": "before", "value": "2026-05-01"},
]


def a_condition(chance, depth=2):
    if depth and chance.random() < 0.5:
        group = chance.choice(["all", "any", "not"])
        if group == "not":
            return {"not": a_condition(chance, depth - 1)}
        return {group: [a_condition(chance, depth - 1) for _ in range(chance.randint(1, 3))]}
    return chance.choice(FITS)


def a_rule(chance, number):
    points = chance.choice([-1, 1]) * chance.randint(1, 40)
    if chance.random() < 0.5:
        return f"Fit {number}", points, a_condition(chance)
    test = {"activity": chance.sample(KINDS, chance.randint(1, 2))}
    if chance.random() < 0.4:
        test["within_days"] = chance.randint(1, 90)
    if chance.random() < 0.3:
        test["where"] = {"path": "url", "op": "contains", "value": "pric"}
    more = {"cap": chance.randint(1, 80)}
    if chance.random() < 0.7:
        more["half_life_days"] = chance.randint(1, 120)
    return f"Behaviour {number}", points, test, more


def a_crowd(chance, now, size=12):
    for _ in range(size):
        values = {
            "first_name": "Pat",
            "city": chance.choice(["Porto", "Berlin", ""]),
            "company": chance.choice(["", "A"]),
        }
        values |= {"tags": chance.choice([[], ["vip"]]), "do_not_email": chance.random() < 0.2}
        if chance.random() < 0.6:
            values["budget"] = chance.choice(["Approved", "Planned", "Not yet"])
        if chance.random() < 0.6:
            values["timeframe"] = chance.choice(["Within 3 months", "Later or never"])
        lead = make_lead(**values)
        Activity.objects.bulk_create(
            Activity(
                lead=lead,
                kind=chance.choice(KINDS),
                occurred_at=now - datetime.timedelta(days=chance.uniform(0, 200)),
                recorded_at=now,
                payload={"url": chance.choice(["/pricing", "/blog"])},
                is_machine=chance.random() < 0.2,
            )
            for _ in range(chance.randint(0, 9))
        )


def rows_of(ids, now):
    select = compiled(published_model()).select(ids, now=now)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, score, grade, ledger FROM ({select.sql}) AS scored ORDER BY id", select.params)
        return cursor.fetchall()


def by_hand(model, now):
    """Ledger by lead id, rule by rule: conditions by their own subqueries, behaviour added up in Python."""
    happened = [row for row in Activity.objects.all() if row.occurred_at <= now]
    ids = list(Lead.objects.order_by("pk").values_list("pk", flat=True))
    ledgers = {lead_id: [] for lead_id in ids}
    for rule in model.rules.all():
        if rule.cap is None:
            met = set(conditions.matching(Lead.objects.all(), rule.condition, now=now).values_list("pk", flat=True))
            for lead_id in ids:
                ledgers[lead_id].append(rule.points if lead_id in met else 0)
            continue
        (test,) = conditions.activity_tests(rule.condition)
        counted = set(Activity.objects.filter(conditions.activity_filter(test, now=now)).values_list("pk", flat=True))
        for lead_id in ids:
            ages = [
                (now - row.occurred_at).total_seconds() / 86400
                for row in happened
                if row.lead_id == lead_id and row.pk in counted
            ]
            weight = sum(2 ** (-age / rule.half_life_days) if rule.half_life_days else 1 for age in ages)
            points = min(math.floor(abs(rule.points) * weight + 0.5), rule.cap)
            ledgers[lead_id].append(points if rule.points > 0 else -points)
    return ledgers


@pytest.mark.parametrize("seed", range(12))
def test_everybody_some_and_one_by_one_are_scored_alike(now, seed):
    chance = random.Random(seed)
    rules = [a_rule(chance, number) for number in range(chance.randint(1, 12))]
    requirements = [
        {"grade": grade, "label": f"For {grade}", "when": a_condition(chance)}
        for grade in "ABC"
        if chance.random() < 0.4
    ]
    model = publish(*rules, requirements=requirements, now=now)
    a_crowd(chance, now)
    ids = list(Lead.objects.order_by("pk").values_list("pk", flat=True))

    everybody = rows_of(None, now)
    assert everybody == rows_of(ids, now)
    assert everybody == [row for lead_id in ids for row in rows_of([lead_id], now)]
    assert {lead_id: ledger for lead_id, _, _, ledger in everybody} == by_hand(model, now)
    assert all(score == sum(ledger) for _, score, _, ledger in everybody)

    assert regrade(None, now=now).changed == len(ids)
    written = Lead.objects.order_by("pk").values_list("pk", "score", "grade", "score_ledger")
    assert list(written) == everybody
    assert regrade(ids, now=now).changed == 0
    assert regrade(None, now=now).changed == 0


def test_what_lies_in_the_future_does_not_count(now):
    chance = random.Random(99)
    publish(*(a_rule(chance, number) for number in range(8)), now=now)
    a_crowd(chance, now)
    without = rows_of(None, now)
    for lead in Lead.objects.all():
        for kind in KINDS:
            happen(lead, kind, days_ago=-1, now=now, payload={"url": "/pricing"})
    assert rows_of(None, now) == without


def test_what_lies_within_the_grace_for_clocks_counts_at_once(now):
    visited = {"activity": "visit"}
    publish(("Visited", 5, visited), ("Visits", 2, visited, {"cap": 10}), now=now)
    lead = make_lead()
    happen(lead, "visit", days_ago=-40 / 86400, now=now)
    assert rows_of([lead.pk], now) == [(lead.pk, 7, "D", [5, 2])]
    assert list(matching(Lead.objects.all(), visited, now=now)) == [lead]
