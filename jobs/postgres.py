"""Names for what PostgreSQL only numbers: error codes, and the advisory locks of this program."""

import contextlib
from collections.abc import Iterator
from enum import IntEnum, StrEnum

from django.db import connection


class ErrorCode(StrEnum):
    UNIQUE_VIOLATION = "23505"
    SERIALIZATION_FAILURE = "40001"
    DEADLOCK_DETECTED = "40P01"
    LOCK_NOT_AVAILABLE = "55P03"
    QUERY_CANCELED = "57014"


# Somebody else held the rows: for longer than lock_timeout, or in a circle.
SOMEBODY_WAS_FIRST = frozenset({ErrorCode.LOCK_NOT_AVAILABLE, ErrorCode.DEADLOCK_DETECTED})
# The same statements may well succeed when the transaction is begun again.
FLEETING = SOMEBODY_WAS_FIRST | {ErrorCode.SERIALIZATION_FAILURE, ErrorCode.UNIQUE_VIOLATION}


class Lock(IntEnum):
    """The advisory locks, each with the number that stands for it in this database."""

    PASSWORD_RESETS = 7_203_001  # wishes for a reset are counted one at a time
    IMPORTS = 0x1EADF1  # one import merges at a time
    NEWCOMERS = 0x1EADF2  # who brings new people looks for them once more and commits, one after the other
    ANSWERS = 0x1EADF3  # shared by all who write answers of leads, passed through by who deletes one


def error_code(error) -> str | None:
    """PostgreSQL's code of a Django database error; None when it did not come from the server."""
    return getattr(error.__cause__, "pgcode", None)


# With the number of the lock: to be put into a statement that does something else as well.
SHARING = "SELECT pg_advisory_xact_lock_shared(%s)"


def share_lock(lock: Lock) -> None:
    """Waits for an advisory lock that others may share, which is let go of when the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(SHARING, [lock])


# Nobody notices that a click takes so much longer.
PASSING_MS = 1500


def pass_through(lock: Lock) -> None:
    """Waits for all transactions that share an advisory lock now, and keeps nobody from it afterwards.

    Whoever wants to share it meanwhile waits behind, so it gives up after PASSING_MS, with OperationalError
    (ErrorCode.LOCK_NOT_AVAILABLE). In the caller's transaction, for the rest of which that limit holds.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = %s", [PASSING_MS])
        cursor.execute("SELECT pg_advisory_lock(%s), pg_advisory_unlock(%s)", [lock, lock])


def take_lock(lock):
    """Waits for an advisory lock, which is let go of when the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock])


@contextlib.contextmanager
def limits(session, **values) -> Iterator[None]:
    """Gives a Django connection these limits, such as lock_timeout="3s"; afterwards it has those from before."""
    with session.cursor() as cursor:
        cursor.execute("SELECT name, current_setting(name) FROM unnest(%s) AS name", [list(values)])
        before = dict(cursor.fetchall())
    _set(session, values)
    try:
        yield
    finally:
        # In a transaction that has failed, they go with it.
        if session.is_usable():
            _set(session, before)


def _set(session, values):
    with session.cursor() as cursor:
        cursor.execute(
            "SELECT set_config(name, value, FALSE) FROM unnest(%s, %s) AS given (name, value)",
            [list(values), list(values.values())],
        )
