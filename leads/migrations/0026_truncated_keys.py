from importlib import import_module

from django.db import migrations

SQUASHED = import_module("leads.migrations.0001_squashed")


class Migration(migrations.Migration):
    """The ids of other keys that are truncated go as well."""

    dependencies = [("leads", "0025_reasons_of_dispositions")]

    operations = [migrations.RunSQL(SQUASHED.FORGET_OTHER_IDS, SQUASHED.REMEMBER_OTHER_IDS)]
