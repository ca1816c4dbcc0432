from importlib import import_module

from django.db import migrations

SQUASHED = import_module("routing.migrations.0001_squashed")


class Migration(migrations.Migration):
    dependencies = [("routing", "0002_handovers_never_overlap"), ("team", "0001_people")]

    operations = [migrations.RunPython(SQUASHED.make_policies, migrations.RunPython.noop)]
