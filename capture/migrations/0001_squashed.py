import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

WORDS = [
    "#N/A",
    "(blank)",
    "(none)",
    "-None-",
    "[not provided]",
    "N.A.",
    "N/A",
    "NaN",
    "Not answered",
    "Not provided",
    "Null",
    "Please select",
    "Select",
]


def list_words(apps, schema_editor):
    word = apps.get_model("capture", "UnansweredWord")
    word.objects.bulk_create([word(word=text) for text in WORDS], ignore_conflicts=True)


class Migration(migrations.Migration):
    """All of the room in one; a database that began with the migrations it replaces goes on with those."""

    initial = True
    replaces = [
        ("capture", "0001_imports"),
        ("capture", "0002_notes_and_undone"),
        ("capture", "0003_unanswered_words"),
        ("capture", "0004_rows_without_key_checks"),
        ("capture", "0005_imports_as_waiting_work"),
        ("capture", "0006_header_keys"),
    ]
    # By the names that are replaced: a database that goes on with those would otherwise find a circle. They change to
    # 0001_squashed when those go.
    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL), ("leads", "0003_stage_definitions")]

    operations = [
        migrations.CreateModel(
            name="RememberedMapping",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "header_key",
                    models.CharField(
                        help_text="Of the names of the columns (mapping.header_key).", max_length=64, unique=True
                    ),
                ),
                ("header", models.JSONField()),
                ("mapping", models.JSONField()),
                ("used_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-used_at"],
            },
        ),
        migrations.CreateModel(
            name="UnansweredWord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("word", models.CharField(help_text="Compared without regard to case.", max_length=50, unique=True)),
            ],
            options={
                "ordering": ["word"],
            },
        ),
        migrations.CreateModel(
            name="Import",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("attempts", models.PositiveSmallIntegerField(db_default=0, default=0, editable=False)),
                ("next_try_at", models.DateTimeField(editable=False, null=True)),
                ("failure", models.TextField(blank=True, db_default="", default="", editable=False)),
                ("put_aside_at", models.DateTimeField(editable=False, null=True)),
                ("lease_until", models.DateTimeField(editable=False, null=True)),
                ("holder", models.CharField(blank=True, db_default="", default="", editable=False, max_length=150)),
                ("file_name", models.CharField(max_length=255)),
                ("file", models.FileField(max_length=255, upload_to="imports/")),
                ("sha256", models.CharField(max_length=64)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("uploaded", "To be mapped"),
                            ("ready", "Waiting to start"),
                            ("running", "Running"),
                            ("paused", "Paused"),
                            ("done", "Done"),
                            ("failed", "Could not be read"),
                            ("cancelled", "Cancelled"),
                            ("undoing", "Being undone"),
                            ("undone", "Undone"),
                        ],
                        default="uploaded",
                        max_length=10,
                    ),
                ),
                ("format", models.CharField(blank=True, max_length=50, verbose_name="recognised format")),
                ("encoding", models.CharField(blank=True, max_length=30)),
                ("delimiter", models.CharField(blank=True, max_length=1)),
                ("sheet", models.CharField(blank=True, max_length=100)),
                ("header", models.JSONField(default=list)),
                ("mapping", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "queued_at",
                    models.DateTimeField(help_text="When it was put in line: started, resumed or undone.", null=True),
                ),
                (
                    "rows_total",
                    models.BigIntegerField(help_text="Rows in the file, once it has been read to its end.", null=True),
                ),
                ("rows_done", models.BigIntegerField(default=0)),
                ("created", models.BigIntegerField(default=0)),
                ("updated", models.BigIntegerField(default=0)),
                ("unchanged", models.BigIntegerField(default=0)),
                ("rejected", models.BigIntegerField(default=0)),
                ("seconds", models.FloatField(default=0)),
                (
                    "notes",
                    models.JSONField(default=list, help_text="What was remarkable about the file, in sentences."),
                ),
                ("undone", models.JSONField(help_text="How far undoing is, and what it did.", null=True)),
                (
                    "campaign",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.campaign",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="imports",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.source",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="ImportProblem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.BigIntegerField()),
                ("column", models.CharField(blank=True, max_length=200)),
                ("message", models.CharField(max_length=300)),
                ("rejects", models.BooleanField(help_text="Whether the row was left out; else only the cell was.")),
                ("raw", models.JSONField(null=True)),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="problems",
                        to="capture.import",
                    ),
                ),
            ],
            options={
                "ordering": ["run", "number", "pk"],
            },
        ),
        migrations.CreateModel(
            name="ImportRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.BigIntegerField(help_text="1 is the first row below the header.")),
                (
                    "result",
                    models.CharField(
                        choices=[
                            ("created", "Created"),
                            ("updated", "Updated"),
                            ("unchanged", "Unchanged"),
                            ("rejected", "Rejected"),
                        ],
                        max_length=9,
                    ),
                ),
                ("before", models.JSONField(null=True)),
                (
                    "lead",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="import_rows",
                        to="leads.lead",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rows",
                        to="capture.import",
                    ),
                ),
            ],
            options={
                "ordering": ["run", "number"],
            },
        ),
        migrations.AddConstraint(
            model_name="import",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "rows_done",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    models.F("created"), "+", models.F("updated")
                                ),
                                "+",
                                models.F("unchanged"),
                            ),
                            "+",
                            models.F("rejected"),
                        ),
                    )
                ),
                name="import_accounts_for_every_row",
            ),
        ),
        migrations.AddIndex(
            model_name="importproblem",
            index=models.Index(fields=["run", "number"], name="import_problems_by_row"),
        ),
        migrations.AddIndex(
            model_name="importrow",
            index=models.Index(fields=["lead", "run"], name="import_rows_of_a_lead"),
        ),
        migrations.AddConstraint(
            model_name="importrow",
            constraint=models.UniqueConstraint(fields=("run", "number"), name="import_row_once"),
        ),
        migrations.RunPython(list_words, migrations.RunPython.noop),
    ]
