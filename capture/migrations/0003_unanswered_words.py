from importlib import import_module

from django.db import migrations

SQUASHED = import_module("capture.migrations.0001_squashed")


class Migration(migrations.Migration):
    dependencies = [("capture", "0002_notes_and_undone")]

    operations = [migrations.RunPython(SQUASHED.list_words, migrations.RunPython.noop)]
