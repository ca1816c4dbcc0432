from importlib import import_module

from django.db import migrations, models

SQUASHED = import_module("leads.migrations.0001_squashed")


class Migration(migrations.Migration):
    dependencies = [("leads", "0012_identity_keys")]

    operations = [
        migrations.CreateModel(
            "PeopleEntered",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.RunPython(SQUASHED.count_from_none, migrations.RunPython.noop),
    ]
