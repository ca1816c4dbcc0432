from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("insights", "0001_heartbeat")]

    # A heartbeat is worth nothing after a minute: the table is made anew.
    operations = [
        migrations.DeleteModel(name="Heartbeat"),
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("process", models.CharField(max_length=100)),
                ("lane", models.CharField(max_length=10)),
                ("seen_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["lane", "process"],
                "constraints": [
                    models.UniqueConstraint(fields=("process", "lane"), name="heartbeat_once_in_a_lane"),
                ],
            },
        ),
    ]
