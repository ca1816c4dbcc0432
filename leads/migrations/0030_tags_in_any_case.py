import django.contrib.postgres.indexes
from django.db import migrations, models

# What leads.conditions.sql.column_words says of a column, for the index.
FUNCTION = """
CREATE OR REPLACE FUNCTION leads_folded(words text[]) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 5 AS $$ BEGIN RETURN lower(words::text)::text[]; END $$
"""
NEW = """
CREATE INDEX CONCURRENTLY lead_by_tag_in_any_case ON leads_lead USING gin (leads_folded(tags)) WHERE NOT (tags = '{}')
"""
OLD = "CREATE INDEX CONCURRENTLY lead_by_tag ON leads_lead USING gin (tags) WHERE NOT (tags = '{}')"


class Migration(migrations.Migration):
    """Tags are found whatever their case, as conditions compare them.

    Not atomic: the index is built beside whoever writes. Broken off, it starts anew.
    """

    atomic = False
    dependencies = [("leads", "0029_stages_by_hand")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL("SET statement_timeout = 0", migrations.RunSQL.noop),
                migrations.RunSQL(FUNCTION, "DROP FUNCTION IF EXISTS leads_folded"),
                migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS lead_by_tag_in_any_case", migrations.RunSQL.noop),
                migrations.RunSQL(NEW, "DROP INDEX CONCURRENTLY IF EXISTS lead_by_tag_in_any_case"),
                migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS lead_by_tag", OLD),
                migrations.RunSQL("RESET statement_timeout", migrations.RunSQL.noop),
            ],
            state_operations=[
                migrations.RemoveIndex(model_name="lead", name="lead_by_tag"),
                migrations.AddIndex(
                    model_name="lead",
                    index=django.contrib.postgres.indexes.GinIndex(
                        models.Func(models.F("tags"), function="leads_folded"),
                        condition=models.Q(("tags", []), _negated=True),
                        name="lead_by_tag_in_any_case",
                    ),
                ),
            ],
        ),
    ]
