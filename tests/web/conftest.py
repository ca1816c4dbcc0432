import contextlib
import datetime
import json

import pytest
import time_machine
from django.conf import settings
from django.db import connection

from scoring.actions import load_model, publish_model

TABLES = (
    "leads_lead",
    "leads_activity",
    "leads_task",
    "leads_transition",
    "leads_dirtylead",
    "routing_handover",
    "team_user",
    "team_absence",
    "web_savedview",
)


def snapshot():
    """A checksum of every row of the tables that pages may write."""
    sums = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            # Signing in writes down when; that is not the page's doing.
            cursor.execute(
                "SELECT md5(coalesce(string_agg(r, '|' ORDER BY r), ''))"
                f" FROM (SELECT (to_jsonb(t) - 'last_login')::text AS r FROM {table} t) AS rows"
            )
            sums[table] = cursor.fetchone()[0]
    return sums


@pytest.fixture(autouse=True)
def _one_moment():
    """The clock stands still: no minute or day turns between two answers of one test."""
    with time_machine.travel(datetime.timedelta(0), tick=False):
        yield


@pytest.fixture
def unchanged(db):
    """`with unchanged():` fails when what is done inside changes a row."""

    @contextlib.contextmanager
    def watch():
        before = snapshot()
        yield
        assert snapshot() == before

    return watch


@pytest.fixture
def as_user(client):
    """as_user(cast.ben) -> the client, signed in."""

    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def model(cast, now):
    """The published BTD model."""
    data = json.loads((settings.BASE_DIR / "scoring" / "starter" / "btd.json").read_text())
    draft = load_model(data=data, by=cast.ann, now=now)
    publish_model(model=draft, by=cast.ann, now=now)
    return draft
