import contextlib

import psycopg2
import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models
from django.db.migrations.state import ProjectState

from jobs.indexing import BuildIndex, DropIndex

NAME = "task_by_title"


@pytest.fixture
def states(committed):
    """The project without and with the index, which is gone afterwards."""
    without = ProjectState.from_apps(apps)
    build = BuildIndex("task", models.Index(fields=["title"], name=NAME))
    with_it = without.clone()
    build.state_forwards("leads", with_it)
    yield build, without, with_it
    execute(f"DROP INDEX IF EXISTS {NAME}")


def execute(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def run(way, before, after):
    with connection.schema_editor(atomic=False) as editor:
        way("leads", editor, before, after)


def is_valid():
    """Whether PostgreSQL may use the index; None where there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT bool_and(indisvalid) FROM pg_index WHERE indexrelid = to_regclass(%s)", [NAME])
        return cursor.fetchone()[0]


def test_an_index_is_built_and_dropped_and_both_can_be_undone(states):
    build, without, with_it = states
    drop = DropIndex("task", NAME)
    for way, before, after, found in (
        (build.database_forwards, without, with_it, True),
        (build.database_backwards, with_it, without, None),
        (build.database_forwards, without, with_it, True),
        (drop.database_forwards, with_it, without, None),
        (drop.database_backwards, without, with_it, True),
    ):
        run(way, before, after)
        assert is_valid() is found


def test_what_a_broken_build_has_left_is_built_anew(states):
    build, without, with_it = states
    # A unique index over what is not unique fails, and stays behind, invalid.
    execute("CREATE TABLE half (title text); INSERT INTO half VALUES ('same'), ('same')")
    try:
        with pytest.raises(DatabaseError):
            execute(f"CREATE UNIQUE INDEX CONCURRENTLY {NAME} ON half (title)")
        assert is_valid() is False
        run(build.database_forwards, without, with_it)
        assert is_valid() is True
    finally:
        execute("DROP TABLE half")


def test_a_build_waits_for_older_transactions_whatever_the_limit(states):
    build, without, with_it = states
    execute("SET lock_timeout = '50ms'")
    try:
        with contextlib.closing(psycopg2.connect(**connection.get_connection_params())) as older:
            with older.cursor() as cursor:
                cursor.execute("SET idle_in_transaction_session_timeout = '500ms'")
                cursor.execute("LOCK TABLE leads_task IN ROW EXCLUSIVE MODE")
            run(build.database_forwards, without, with_it)
        assert is_valid() is True
    finally:
        execute("RESET lock_timeout")
