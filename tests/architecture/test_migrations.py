"""New migrations hold up nobody who works meanwhile."""

import re

import pytest
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader

from jobs.backfill import BackfillInChunks
from jobs.indexing import BuildIndex
from tests.architecture.test_source import ROOMS

MADE = re.compile(r'CREATE TABLE "?(\w+)')
# An index, or what PostgreSQL keeps one for.
INDEXED = (
    re.compile(r'CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY)(?:IF NOT EXISTS )?"?\w+"? ON (?:ONLY )?"?(\w+)', re.I),
    re.compile(
        r'ALTER TABLE (?:IF EXISTS )?(?:ONLY )?"?(\w+)"?[^;]*\b(?:UNIQUE|PRIMARY KEY|EXCLUDE)\b(?! USING INDEX)', re.I
    ),
)


def new_migrations():
    """Those behind the squashed ones, in order."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    replaced = {key for migration in loader.disk_migrations.values() for key in migration.replaces}
    return [
        migration
        for key, migration in sorted(loader.disk_migrations.items())
        if key[0] in ROOMS and key not in replaced and not migration.replaces
    ]


def indexed_in_use(statements):
    """The tables on which these statements build an index while everybody else has to wait; not those they make."""
    text = "\n".join(statement for statement in statements if not statement.startswith("--"))
    made = set(MADE.findall(text))
    return sorted({table for pattern in INDEXED for table in pattern.findall(text)} - made)


@pytest.fixture
def outside(django_db_setup, django_db_blocker):
    """The database outside of a transaction, which some operations ask for; nothing is written."""
    with django_db_blocker.unblock():
        yield


@pytest.mark.parametrize("migration", new_migrations(), ids=str)
def test_an_index_on_a_table_in_use_is_built_beside_its_users(outside, migration):
    statements = MigrationLoader(connection).collect_sql([(migration, False)])
    assert indexed_in_use(statements) == [], "use BuildIndex of jobs.indexing"


INDEX = models.Index(fields=["job_title"], name="lead_by_job_title")
UNIQUE = models.UniqueConstraint(fields=["job_title"], name="one_of_each_job")
CASES = {
    "index": (migrations.AddIndex("lead", INDEX), ["leads_lead"]),
    "constraint": (migrations.AddConstraint("lead", UNIQUE), ["leads_lead"]),
    "column": (
        migrations.AddField("lead", "twin", models.CharField(max_length=9, null=True, unique=True)),
        ["leads_lead"],
    ),
    "key": (
        migrations.AddField("lead", "friend", models.ForeignKey("team.User", models.PROTECT, null=True)),
        ["leads_lead"],
    ),
    "bare": (migrations.RunSQL("CREATE INDEX lead_by_job_title ON leads_lead (job_title)"), ["leads_lead"]),
    "beside": (BuildIndex("lead", INDEX), []),
    "key without index": (
        migrations.AddField(
            "lead", "friend", models.ForeignKey("team.User", models.PROTECT, null=True, db_index=False)
        ),
        [],
    ),
    "new table": (
        migrations.CreateModel("Fad", [("id", models.BigAutoField(primary_key=True)), ("code", models.SlugField())]),
        [],
    ),
    "fill": (
        BackfillInChunks("leads_lead", "UPDATE leads_lead SET job_title = 'x' WHERE id BETWEEN %(first)s AND %(last)s"),
        [],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_scan_finds_what_it_looks_for(outside, case):
    operation, found = CASES[case]

    class Trial(migrations.Migration):
        atomic = False
        operations = [operation]

    with connection.schema_editor(collect_sql=True, atomic=False) as editor:
        Trial("trial", "leads").apply(MigrationLoader(connection).project_state(), editor, collect_sql=True)
    assert indexed_in_use(editor.collected_sql) == found
