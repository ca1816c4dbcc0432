from importlib import import_module

from django.db import migrations

SQUASHED = import_module("leads.migrations.0001_squashed")


class Migration(migrations.Migration):
    """Each row of a lead's history starts exactly where the row before it ended."""

    dependencies = [("leads", "0001_the_record")]

    operations = [migrations.RunSQL(SQUASHED.TRANSITIONS_ARE_CONTIGUOUS, SQUASHED.TRANSITIONS_ARE_ROWS)]
