import contextlib

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.core.management.commands.migrate import Command as DjangosOwn
from django.db import OperationalError, ProgrammingError, connection, transaction

from jobs.management.commands.migrate import LIMITS
from jobs.postgres import limits


def shown():
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, current_setting(name) FROM unnest(%s) AS name", [list(LIMITS)])
        return dict(cursor.fetchall())


def alter(table):
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} ADD COLUMN soon integer")


def under_migrate(monkeypatch, work):
    monkeypatch.setattr(DjangosOwn, "handle", lambda *args, **options: work())
    call_command("migrate")


def test_migrations_have_limits_of_their_own(db, monkeypatch):
    before, during = shown(), {}
    under_migrate(monkeypatch, lambda: during.update(shown()))
    assert (
        during
        == LIMITS
        == {
            "statement_timeout": "0",
            "idle_in_transaction_session_timeout": "0",
            "lock_timeout": "3s",
        }
    )
    assert shown() == before
    assert before["statement_timeout"] != "0"


def test_a_migration_lets_everybody_pass_where_somebody_holds_its_table(committed, monkeypatch):
    monkeypatch.setitem(LIMITS, "lock_timeout", "100ms")
    before = shown()

    with contextlib.closing(psycopg2.connect(**connection.get_connection_params())) as holder:
        with holder.cursor() as cursor:
            cursor.execute("LOCK TABLE leads_task IN ACCESS SHARE MODE")
        with pytest.raises(CommandError, match=r"Somebody held a table .* Run migrate again"):
            under_migrate(monkeypatch, lambda: alter("leads_task"))
    assert shown() == before


def test_what_else_is_wrong_with_a_migration_is_said_as_it_is(db, monkeypatch):
    def fail():
        raise OperationalError("The disk is full.")

    with pytest.raises(OperationalError, match="The disk is full"):
        under_migrate(monkeypatch, fail)


def test_limits_given_in_a_transaction_that_fails_go_with_it(committed):
    before = shown()
    with pytest.raises(ProgrammingError), transaction.atomic(), limits(connection, lock_timeout="1s"):
        alter("nothing")
    assert shown() == before
