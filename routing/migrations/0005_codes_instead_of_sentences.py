from importlib import import_module

from django.db import migrations, models

SQUASHED = import_module("routing.migrations.0001_squashed")


class Migration(migrations.Migration):
    """Why a rep, and why a hand-over ended, are codes with facts beside them; rows that exist keep their sentences."""

    dependencies = [("routing", "0004_receipts_never_change")]

    operations = [
        migrations.AddField(
            model_name="handover",
            name="why_facts",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="handover",
            name="end_facts",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.RunSQL(
            SQUASHED.FUNCTION.replace("{and_new}", ", NEW.why_facts").replace("{and_old}", ", OLD.why_facts"),
            SQUASHED.FUNCTION.replace("{and_new}", "").replace("{and_old}", ""),
        ),
    ]
