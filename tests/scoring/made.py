"""Scoring models and activities for tests."""

import datetime

from leads.models import Activity
from scoring.actions import load_model, publish_model

RANGES = {"A": [75, None], "B": [50, 74], "C": [25, 49], "D": [None, 24]}
CITY = {"field": "city", "op": "is", "value": "Porto"}


def model_file(*rules, requirements=(), **changes):
    """A model file with these rules; a rule is (label, points, when) or that and a dict of cap and half-life."""
    return {
        "name": "Test",
        "ranges": RANGES,
        "rules": [
            {"label": label, "points": points, "when": when} | (more[0] if more else {})
            for label, points, when, *more in rules
        ],
        "requirements": list(requirements),
    } | changes


def publish(*rules, now, **more):
    return publish_model(model=load_model(data=model_file(*rules, **more), by=None, now=now), by=None, now=now)


def happen(lead, kind, *, days_ago=0, now, payload=None, is_machine=False):
    """An activity `days_ago` days (a float; negative: in the future) before `now`."""
    at = now - datetime.timedelta(days=days_ago)
    return Activity.objects.create(
        lead=lead, kind=kind, occurred_at=at, recorded_at=now, payload=payload or {}, is_machine=is_machine
    )
