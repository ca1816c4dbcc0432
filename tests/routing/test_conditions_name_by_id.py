"""Conditions that named by code or address name the same rows after the migration, published ones included."""

import importlib
import json

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from leads.models import Campaign, StageDefinition
from routing.models import AssignmentRule, RoutingPolicy
from scoring.models import ScoringRule
from tests.factories.leads import make_source
from tests.scoring.made import publish

pytestmark = pytest.mark.django_db
migration = importlib.import_module("routing.migrations.0007_conditions_name_by_id")


def migrated():
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with connection.schema_editor() as editor:
        migration.name_by_id(apps, editor)


def test_rules_of_every_room_name_the_same_rows(cast, now):
    fair = make_source("fair")
    publish(("From the fair", 5, {"field": "source", "op": "is", "value": "fair"}), now=now)
    rule = ScoringRule.objects.get()
    old = {"any": [{"field": "source", "op": "is_not", "value": "FAIR"}, {"activity": "visit"}]}
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE scoring_scoringrule DISABLE TRIGGER scoring_rule_never_changes")
        cursor.execute("UPDATE scoring_scoringrule SET condition = %s", [json.dumps(old)])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE scoring_scoringrule ENABLE TRIGGER scoring_rule_never_changes")
    policy = RoutingPolicy.objects.get(is_active=True)
    whose = {"not": {"field": "owner", "op": "in", "value": ["ben@example.com", "gone@example.com"]}}
    assignment = AssignmentRule.objects.create(
        policy=policy, position=90, name="Bens", condition=whose, pool=policy.default_pool
    )
    pooled = {"all": [{"field": "pool", "op": "is", "value": policy.default_pool.code}]}
    StageDefinition.objects.filter(stage="lead").update(entry=pooled)

    migrated()
    migrated()

    rule.refresh_from_db()
    assignment.refresh_from_db()
    assert rule.condition == {"any": [{"field": "source", "op": "is_not", "value": fair.pk}, {"activity": "visit"}]}
    assert assignment.condition == {"not": {"field": "owner", "op": "in", "value": [cast.ben.pk, "gone@example.com"]}}
    assert StageDefinition.objects.filter(stage="lead").first().entry == {
        "all": [{"field": "pool", "op": "is", "value": policy.default_pool_id}]
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        ScoringRule.objects.update(points=6)


def test_two_that_differ_in_case_alone_were_both_meant():
    here = [Campaign.objects.create(code=code, name=code, source=make_source()) for code in ("may", "MAY")]
    ids = {"campaign": {"may": [each.pk for each in here]}}
    test = {"field": "campaign", "op": "is", "value": "May"}

    assert migration.by_id(test, ids) == {"field": "campaign", "op": "in", "value": [each.pk for each in here]}
