"""Indexes on tables that are in use, for migrations, without holding anybody up."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently

from jobs.postgres import limits

# Both wait for all transactions that are older, and nobody waits behind them; given up, they leave half an index.
PATIENT = {"lock_timeout": "0"}


class BuildIndex(AddIndexConcurrently):
    """Builds an index beside whoever writes; what is left of a build that was broken off goes first.

    For migrations with atomic = False.
    """

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        connection = schema_editor.connection
        with limits(connection, **PATIENT):
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {connection.ops.quote_name(self.index.name)}")
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        with limits(schema_editor.connection, **PATIENT):
            super().database_backwards(app_label, schema_editor, from_state, to_state)


class DropIndex(RemoveIndexConcurrently):
    """Drops an index beside whoever reads. For migrations with atomic = False."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        with limits(schema_editor.connection, **PATIENT):
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        with limits(schema_editor.connection, **PATIENT):
            super().database_backwards(app_label, schema_editor, from_state, to_state)
