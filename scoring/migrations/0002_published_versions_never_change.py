from importlib import import_module

from django.db import migrations

SQUASHED = import_module("scoring.migrations.0001_squashed")


class Migration(migrations.Migration):
    """A version of the scoring model that has been published is evidence: rules, must-haves and ranges stay as they were."""

    dependencies = [("scoring", "0001_models_and_rules")]

    operations = [migrations.RunSQL(SQUASHED.GUARD, SQUASHED.UNGUARD)]
