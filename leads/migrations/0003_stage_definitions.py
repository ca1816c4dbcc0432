from importlib import import_module

from django.db import migrations

SQUASHED = import_module("leads.migrations.0001_squashed")


class Migration(migrations.Migration):
    dependencies = [("leads", "0002_contiguous_history")]

    operations = [migrations.RunPython(SQUASHED.define_stages, migrations.RunPython.noop)]
