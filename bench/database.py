"""The database of the benchmarks, and a copy of it to go back to."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, connections

_kept = []


@contextmanager
def unchanged() -> Iterator[None]:
    """Whatever is committed inside is gone afterwards: the files of the database are copied, and the copy put back.

    That takes seconds where undoing would take minutes, and leaves tables as tight as they were. May be nested.
    """
    name = connection.settings_dict["NAME"]
    copy = f"{name}_{len(_kept)}"
    _elsewhere(f'CREATE DATABASE "{copy}" TEMPLATE "{name}" STRATEGY file_copy')
    _kept.append(copy)
    try:
        yield
    finally:
        _kept.pop()
        _elsewhere(f'DROP DATABASE "{name}"', f'ALTER DATABASE "{copy}" RENAME TO "{name}"')


def drop_copies(name: str) -> None:
    """Drops what a killed run left of copies of the database `name`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [f"{name}_"])
        copies = [copy for (copy,) in cursor.fetchall()]
    _elsewhere(*(f'DROP DATABASE "{copy}"' for copy in copies))


def _elsewhere(*statements):
    """Runs statements from another database, as nobody may be in one that is copied or dropped."""
    connections.close_all()
    with connection._nodb_cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
