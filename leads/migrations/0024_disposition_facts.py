from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0023_permission_to_write_conditions")]

    operations = [
        migrations.AddField(
            model_name="lead",
            name="disposition_facts",
            field=models.JSONField(editable=False, null=True),
        ),
    ]
