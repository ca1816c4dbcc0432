import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Notices of leads that are gone."""

    dependencies = [
        ("leads", "0027_leads_that_are_gone"),
        ("notices", "0001_notices"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="notice",
            name="notice_once",
        ),
        migrations.RemoveConstraint(
            model_name="notice",
            name="notice_kind_known",
        ),
        migrations.AlterField(
            model_name="notice",
            name="handover",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="notices", to="routing.handover"
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("arrived", "Arrived"),
                    ("taken_back", "Taken back"),
                    ("faded", "Grade fell"),
                    ("removed", "Removed"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="lead",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notices",
                to="leads.lead",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                fields=("lead", "recipient", "change"), name="notice_once", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("handover", None), ("kind", "removed"), ("lead", None)),
                    models.Q(
                        models.Q(("kind", "removed"), _negated=True),
                        ("handover__isnull", False),
                        ("lead__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="notice_names_what_is_there",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["arrived", "taken_back", "faded", "removed"])),
                name="notice_kind_known",
            ),
        ),
    ]
