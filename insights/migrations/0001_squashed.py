from django.db import migrations, models


class Migration(migrations.Migration):
    """All of the room in one; a database that began with the migrations it replaces goes on with those."""

    initial = True
    replaces = [
        ("insights", "0001_heartbeat"),
        ("insights", "0002_heartbeats_by_lane"),
    ]
    dependencies = []

    operations = [
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
                "constraints": [models.UniqueConstraint(fields=("process", "lane"), name="heartbeat_once_in_a_lane")],
            },
        ),
    ]
