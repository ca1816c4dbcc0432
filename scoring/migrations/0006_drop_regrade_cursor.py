from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("scoring", "0005_cut_waiting_runs")]

    operations = [
        migrations.RemoveField(
            model_name="regraderun",
            name="changed",
        ),
        migrations.RemoveField(
            model_name="regraderun",
            name="done",
        ),
        migrations.RemoveField(
            model_name="regraderun",
            name="failure",
        ),
        migrations.RemoveField(
            model_name="regraderun",
            name="last_lead_id",
        ),
        migrations.RemoveField(
            model_name="regraderun",
            name="lease_until",
        ),
    ]
