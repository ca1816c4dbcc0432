import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """docs/adr/0008-keys-the-database-does-not-check.md"""

    dependencies = [("leads", "0007_search_index_takes_in_batches")]

    operations = [
        migrations.AlterField(
            model_name="activity",
            name="lead",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="activities",
                to="leads.lead",
            ),
        ),
        migrations.AlterField(
            model_name="transition",
            name="lead",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="transitions",
                to="leads.lead",
            ),
        ),
    ]
