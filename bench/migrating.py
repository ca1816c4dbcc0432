"""A new column with a value for everybody and an index on it, on a table in use, against the same in bare SQL."""

import random
import statistics
import threading
import time

from django.apps import apps
from django.db import connection, models
from django.db.migrations import AddField
from django.db.migrations.state import ProjectState

from bench import regrade
from bench.report import Measured
from jobs.backfill import CHUNK, BackfillInChunks
from jobs.indexing import BuildIndex

PAUSE_SECONDS = 0.01

_FILL = """
UPDATE leads_lead SET {column} = upper(last_name)
WHERE id BETWEEN %(first)s AND %(last)s AND {column} <> upper(last_name)
"""
_TOUCH = "UPDATE leads_lead SET job_title = %s WHERE id = %s"


def main(*, leads, activities):
    """Yields a measure per step: floor and ours in seconds, and in ms how long another writer has to wait meanwhile."""
    regrade.build(leads=leads, activities=activities)
    floor = _by_hand("shout_by_hand")
    ours = _by_migration("shout")
    for name, (seconds, _), (our_seconds, waits) in zip(("column", "backfill", "index"), floor, ours, strict=True):
        figures = {
            "unit": "s",
            "floor": round(seconds, 3),
            "ours": round(our_seconds, 3),
            "ratio": round(our_seconds / seconds, 2),
            "wait_median": round(statistics.median(waits) * 1000, 1) if waits else None,
            "wait_longest": round(max(waits) * 1000, 1) if waits else None,
            "leads": leads,
        }
        yield Measured(f"migrate {name}", figures)
    _execute("ALTER TABLE leads_lead DROP COLUMN shout, DROP COLUMN shout_by_hand")


def _by_hand(column):
    def add():
        _execute(f"ALTER TABLE leads_lead ADD COLUMN {column} varchar(100) NOT NULL DEFAULT ''")

    def fill():
        with connection.cursor() as cursor:
            cursor.execute("SELECT min(id), max(id) FROM leads_lead")
            low, high = cursor.fetchone()
            for first in range(low, high + 1, CHUNK):
                cursor.execute(_FILL.format(column=column), {"first": first, "last": first + CHUNK - 1})

    def index():
        _execute(f"CREATE INDEX CONCURRENTLY lead_by_{column} ON leads_lead ({column})")

    return [_timed(step) for step in (add, fill, index)]


def _by_migration(column):
    state = ProjectState.from_apps(apps)
    steps = (
        AddField("lead", column, models.CharField(max_length=100, default="", db_default="")),
        BackfillInChunks("leads_lead", _FILL.format(column=column)),
        BuildIndex("lead", models.Index(fields=[column], name=f"lead_by_{column}")),
    )

    def run(step):
        nonlocal state
        before, state = state, state.clone()
        step.state_forwards("leads", state)
        with connection.schema_editor(atomic=False) as editor:
            step.database_forwards("leads", editor, before, state)

    return [_timed(lambda step=step: run(step)) for step in steps]


def _timed(step):
    """(seconds the step took, seconds that each of somebody's changes took meanwhile)."""
    with _Somebody() as somebody:
        start = time.perf_counter()
        step()
        seconds = time.perf_counter() - start
    return seconds, somebody.waits


class _Somebody:
    """Changes one lead after another, on a connection of its own, until the context ends."""

    def __enter__(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT min(id), max(id) FROM leads_lead")
            self.low, self.high = cursor.fetchone()
        self.waits, self.done = [], threading.Event()
        self.thread = threading.Thread(target=self._work)
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.done.set()
        self.thread.join()

    def _work(self):
        chance = random.Random(7)
        while not self.done.wait(PAUSE_SECONDS):
            start = time.perf_counter()
            _execute(_TOUCH, [f"Buyer {chance.random():.3f}", chance.randint(self.low, self.high)])
            self.waits.append(time.perf_counter() - start)
        connection.close()


def _execute(statement, params=None):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
