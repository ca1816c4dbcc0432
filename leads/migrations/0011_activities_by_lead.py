from django.db import migrations, models

NEW = """
CREATE UNIQUE INDEX CONCURRENTLY activity_dedupe_key_once_a_lead
ON leads_activity (lead_id, dedupe_key) WHERE dedupe_key IS NOT NULL
"""
OLD = """
CREATE UNIQUE INDEX CONCURRENTLY activity_dedupe_key_once ON leads_activity (dedupe_key) WHERE dedupe_key IS NOT NULL
"""


class Migration(migrations.Migration):
    """An activity's key is its lead's own, so that the table can be cut up by lead; its kind is checked where it is
    written, so that a new kind needs no look at every row.

    Not atomic: the index is built beside whoever writes. Broken off, it starts anew.
    """

    atomic = False
    dependencies = [("leads", "0010_marks_that_failed")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "DROP INDEX CONCURRENTLY IF EXISTS activity_dedupe_key_once_a_lead", migrations.RunSQL.noop
                ),
                migrations.RunSQL(NEW, "DROP INDEX CONCURRENTLY IF EXISTS activity_dedupe_key_once_a_lead"),
                migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS activity_dedupe_key_once", OLD),
            ],
            state_operations=[
                migrations.RemoveConstraint(model_name="activity", name="activity_dedupe_key_once"),
                migrations.AddConstraint(
                    model_name="activity",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("dedupe_key__isnull", False)),
                        fields=("lead", "dedupe_key"),
                        name="activity_dedupe_key_once_a_lead",
                    ),
                ),
            ],
        ),
        migrations.RemoveConstraint(model_name="activity", name="activity_kind_known"),
        migrations.AlterField(
            model_name="activity",
            name="kind",
            field=models.CharField(max_length=20),
        ),
    ]
