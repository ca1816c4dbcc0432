from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models

from jobs.indexing import BuildIndex, DropIndex

# What leads.conditions.sql.column_words says of a column, for the index.
FUNCTION = """
CREATE OR REPLACE FUNCTION leads_folded(words text[]) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 5 AS $$ BEGIN RETURN lower(words::text)::text[]; END $$
"""


class Migration(migrations.Migration):
    """Tags are found whatever their case, as conditions compare them."""

    atomic = False
    dependencies = [("leads", "0029_stages_by_hand")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION IF EXISTS leads_folded"),
        BuildIndex(
            "lead",
            GinIndex(
                models.Func(models.F("tags"), function="leads_folded"),
                condition=~models.Q(tags=[]),
                name="lead_by_tag_in_any_case",
            ),
        ),
        DropIndex("lead", "lead_by_tag"),
    ]
