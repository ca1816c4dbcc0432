from django.db import migrations, models


def count_from_none(apps, schema_editor):
    apps.get_model("leads", "PeopleEntered").objects.using(schema_editor.connection.alias).create()


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
        migrations.RunPython(count_from_none, migrations.RunPython.noop),
    ]
