from importlib import import_module

from django.db import migrations

SQUASHED = import_module("leads.migrations.0001_squashed")


class Migration(migrations.Migration):
    dependencies = [("leads", "0004_history_rows_name_their_start")]

    operations = [migrations.RunPython(SQUASHED.check_version, migrations.RunPython.noop)]
