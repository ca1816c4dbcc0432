"""Filling a column of a table that is in use, in a migration, without holding anybody up."""

from django.db import NotSupportedError, transaction
from django.db.migrations.operations.base import Operation, OperationCategory

CHUNK = 2000


class BackfillInChunks(Operation):
    """Runs an UPDATE over a table in chunks of its ids, each in a transaction of its own.

    `statement` says with `id BETWEEN %(first)s AND %(last)s` which rows it may touch, and leaves rows alone that hold
    what it would write: whoever writes meanwhile waits for one chunk at most, and a migration that was broken off goes
    over the first chunks again without a trace. For migrations with atomic = False. Going back leaves all as it is.
    """

    reversible = True
    elidable = True
    reduces_to_sql = False
    category = OperationCategory.SQL

    def __init__(self, table, statement, chunk=CHUNK):
        self.table = table
        self.statement = statement
        self.chunk = chunk

    def state_forwards(self, app_label, state):
        pass

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        connection = schema_editor.connection
        if connection.in_atomic_block:
            raise NotSupportedError("A backfill in chunks needs a migration with atomic = False.")
        with connection.cursor() as cursor:
            table = connection.ops.quote_name(self.table)
            cursor.execute(f"SELECT min(id), max(id) FROM {table}")
            low, high = cursor.fetchone()
            for first in range(low, high + 1, self.chunk) if low is not None else ():
                with transaction.atomic(using=connection.alias):
                    # It waits for rows, not for the table: nobody waits behind it but for those rows.
                    cursor.execute(
                        f"SET LOCAL lock_timeout = 0; {self.statement}",
                        {"first": first, "last": first + self.chunk - 1},
                    )

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        pass

    def describe(self):
        return f"Fills {self.table} in chunks of {self.chunk:,} rows"
