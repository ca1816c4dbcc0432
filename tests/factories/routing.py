"""A scoring model whose grades a test can read off the city."""

from scoring.actions import load_model, publish_model
from scoring.models import RegradeRun
from tests.factories.leads import make_lead

MODEL = {
    "name": "Cities",
    "ranges": {"A": [80, None], "B": [50, 79], "C": [20, 49], "D": [None, 19]},
    "rules": [
        {"label": "From Kiel", "points": 90, "when": {"field": "city", "op": "is", "value": "Kiel"}},
        {"label": "From Ulm", "points": 60, "when": {"field": "city", "op": "is", "value": "Ulm"}},
        {"label": "From Jena", "points": 30, "when": {"field": "city", "op": "is", "value": "Jena"}},
    ],
}


def publish_cities(*, by, now):
    """Kiel is an A, Ulm a B, Jena a C, anything else a D. Leaves no regrade run behind."""
    model = publish_model(model=load_model(data=MODEL, by=by, now=now), by=by, now=now)
    RegradeRun.objects.all().delete()
    return model


def city(name, **values):
    return make_lead(first_name="Pat", city=name, **values)
