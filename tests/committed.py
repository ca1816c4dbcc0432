"""A database that other connections see: for tests with threads or processes of their own.

The migrations fill some tables. Those rows are kept aside in a schema of their own, and the tables are put back to
exactly them before and after such a test, so that a killed run spoils nothing either.
"""

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder


def put_back():
    """Empties every table of ours and fills in what the migrations had put there."""
    assert connection.settings_dict["NAME"].startswith("test_")
    tables = _tables()
    with transaction.atomic(), connection.cursor() as cursor:
        _keep_aside(cursor, tables)
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
        for table, kept in _kept(cursor).items():
            cursor.execute(f"INSERT INTO {table} SELECT * FROM kept.{kept}")
        # Otherwise the database would take itself for one that was restored.
        cursor.execute("UPDATE leads_changeclock SET written_as = tableoid::bigint, written_by = xmin::text::bigint")
    ContentType.objects.clear_cache()


def _tables():
    models = apps.get_models(include_auto_created=True)
    return sorted({f'"{model._meta.db_table}"' for model in models if model._meta.managed})


def _keep_aside(cursor, tables):
    """Copies what the migrations have put into the tables; again only when there are new migrations."""
    known = str(MigrationRecorder.Migration.objects.count())
    cursor.execute("SELECT obj_description(to_regnamespace('kept'), 'pg_namespace')")
    if cursor.fetchone()[0] == known:
        return
    cursor.execute("DROP SCHEMA IF EXISTS kept CASCADE")
    cursor.execute("CREATE SCHEMA kept")
    cursor.execute(f"COMMENT ON SCHEMA kept IS '{int(known)}'")
    for table in tables:
        cursor.execute(f"SELECT EXISTS (SELECT FROM {table})")
        if cursor.fetchone()[0]:
            cursor.execute(f"CREATE TABLE kept.{table} AS TABLE {table}")


def _kept(cursor):
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'kept'")
    return {f'"{name}"': f'"{name}"' for (name,) in cursor.fetchall()}
