import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Answers as rows: a code that stays, and every label that it had."""

    dependencies = [("leads", "0013_people_entered")]

    operations = [
        migrations.CreateModel(
            name="Answer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(editable=False, max_length=50)),
                ("label", models.CharField(max_length=500)),
                ("position", models.PositiveIntegerField(default=0)),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                (
                    "field",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="answers", to="leads.fielddefinition"
                    ),
                ),
            ],
            options={
                "ordering": ["field", "position", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=["field", "code"], name="answer_code_once_in_a_field"),
                    models.UniqueConstraint(
                        fields=["field", "label"],
                        name="answer_label_once_in_a_field",
                        deferrable=models.Deferrable.DEFERRED,
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(code="") & ~models.Q(label=""), name="answer_has_code_and_label"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AnswerLabel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField()),
                ("label", models.CharField(max_length=500)),
                ("since", models.DateTimeField()),
                (
                    "answer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="labels", to="leads.answer"
                    ),
                ),
            ],
            options={
                "ordering": ["answer", "version"],
                "constraints": [
                    models.UniqueConstraint(fields=["answer", "version"], name="answer_label_version_once")
                ],
            },
        ),
    ]
