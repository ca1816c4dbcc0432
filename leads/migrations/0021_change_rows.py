from importlib import import_module

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

SQUASHED = import_module("leads.migrations.0001_squashed")


class Migration(migrations.Migration):
    """What changed, as rows that only grow, and how far each follower has read them."""

    dependencies = [("leads", "0020_external_ids")]

    operations = [
        migrations.RunSQL(SQUASHED.SEQUENCE, "DROP SEQUENCE IF EXISTS leads_changerow_id_seq"),
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
                ("position_offset", models.BigIntegerField()),
                ("written_as", models.BigIntegerField()),
                ("written_by", models.BigIntegerField()),
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
        migrations.RunSQL(SQUASHED.OWNED, migrations.RunSQL.noop),
        migrations.RunSQL(SQUASHED.ONCE_A_DAY, "DROP INDEX score_once_a_day"),
        migrations.RunSQL(SQUASHED.NEVER_UPDATED, SQUASHED.UPDATED),
        migrations.RunSQL(SQUASHED.CLOCK, SQUASHED.NO_CLOCK),
    ]
