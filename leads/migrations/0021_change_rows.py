import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

SEQUENCE = "CREATE SEQUENCE leads_changerow_id_seq"
OWNED = "ALTER SEQUENCE leads_changerow_id_seq OWNED BY leads_changerow.id"

ONCE_A_DAY = """
CREATE UNIQUE INDEX score_once_a_day ON leads_changerow (lead_id, ((at AT TIME ZONE 'UTC')::date)) WHERE kind = 'score'
"""

NEVER_UPDATED = """
CREATE FUNCTION leads_changes_are_never_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what has been told of a lead never changes' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER changes_are_never_updated BEFORE UPDATE ON leads_changerow
    FOR EACH STATEMENT EXECUTE FUNCTION leads_changes_are_never_updated();
"""
UPDATED = """
DROP TRIGGER changes_are_never_updated ON leads_changerow;
DROP FUNCTION leads_changes_are_never_updated();
"""

# Transactions are ordered by their ids, which only grow, but begin anew where a database is restored into a fresh
# cluster. There the first one to write puts the offset above all that was restored; others wait for it.
CLOCK = """
CREATE FUNCTION leads_change_position() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    cluster bigint := (SELECT system_identifier FROM pg_control_system());
    start bigint := (SELECT position_offset FROM leads_changeclock WHERE system_identifier = cluster);
BEGIN
    IF start IS NULL THEN
        UPDATE leads_changeclock SET system_identifier = cluster, position_offset = greatest(
            (SELECT coalesce(max(position), 0) FROM leads_changerow),
            (SELECT coalesce(max(position), 0) FROM leads_followercursor)
        ) WHERE system_identifier <> cluster;
        start := (SELECT position_offset FROM leads_changeclock);
    END IF;
    RETURN start + pg_current_xact_id()::text::bigint;
END $$;

CREATE FUNCTION leads_change_horizon() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN system_identifier = (SELECT system_identifier FROM pg_control_system())
        THEN position_offset + pg_snapshot_xmin(pg_current_snapshot())::text::bigint
        -- Nobody has written here since the database was restored: all that can be seen is certain.
        ELSE (SELECT coalesce(max(position), 0) + 1 FROM leads_changerow)
    END
    FROM leads_changeclock
$$;

INSERT INTO leads_changeclock (id, system_identifier, position_offset)
SELECT 1, system_identifier, 0 FROM pg_control_system();
"""
NO_CLOCK = """
DROP FUNCTION leads_change_horizon();
DROP FUNCTION leads_change_position();
"""


class Migration(migrations.Migration):
    """What changed, as rows that only grow, and how far each follower has read them."""

    dependencies = [("leads", "0020_external_ids")]

    operations = [
        migrations.RunSQL(SEQUENCE, "DROP SEQUENCE IF EXISTS leads_changerow_id_seq"),
        migrations.CreateModel(
            name="ChangeRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "lead_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "id",
                    models.BigIntegerField(
                        db_default=models.Func(models.Value("leads_changerow_id_seq"), function="nextval"),
                        editable=False,
                    ),
                ),
                ("position", models.BigIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("grade", "Grade"),
                            ("score", "Score"),
                            ("stage", "Stage"),
                            ("disposition", "Disposition"),
                            ("side", "Side"),
                            ("owner", "Owner"),
                            ("created", "New"),
                            ("touched", "Touched"),
                        ],
                        max_length=11,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("was", models.CharField(db_default="", max_length=20)),
                ("became", models.CharField(db_default="", max_length=20)),
                ("score", models.IntegerField(null=True)),
                ("model_version", models.PositiveIntegerField(null=True)),
                ("reference", models.BigIntegerField(null=True)),
                (
                    "fields",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), null=True, size=None),
                ),
                (
                    "kinds",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), null=True, size=None),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="changes",
                        to="leads.lead",
                    ),
                ),
            ],
            options={
                "ordering": ["position", "id"],
                "indexes": [models.Index(fields=["position", "id"], name="change_in_order")],
            },
        ),
        migrations.CreateModel(
            name="ChangeClock",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "system_identifier",
                    models.BigIntegerField(help_text="Which cluster of PostgreSQL the offset is for."),
                ),
                ("position_offset", models.BigIntegerField()),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("pk", 1)), name="one_change_clock")],
            },
        ),
        migrations.CreateModel(
            name="FollowerCursor",
            fields=[
                ("attempts", models.PositiveSmallIntegerField(db_default=0, default=0, editable=False)),
                ("next_try_at", models.DateTimeField(editable=False, null=True)),
                ("failure", models.TextField(blank=True, db_default="", default="", editable=False)),
                ("put_aside_at", models.DateTimeField(editable=False, null=True)),
                ("code", models.CharField(max_length=50, primary_key=True, serialize=False)),
                ("position", models.BigIntegerField()),
                ("change_id", models.BigIntegerField(default=0)),
                ("moved_at", models.DateTimeField()),
            ],
            options={"abstract": False},
        ),
        migrations.RunSQL(OWNED, migrations.RunSQL.noop),
        migrations.RunSQL(ONCE_A_DAY, "DROP INDEX score_once_a_day"),
        migrations.RunSQL(NEVER_UPDATED, UPDATED),
        migrations.RunSQL(CLOCK, NO_CLOCK),
    ]
