import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """docs/adr/0008-keys-the-database-does-not-check.md"""

    dependencies = [("leads", "0005_needs_postgresql_16")]

    operations = [
        migrations.AlterField(
            model_name="leadsearch",
            name="lead",
            field=models.OneToOneField(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                primary_key=True,
                related_name="search",
                serialize=False,
                to="leads.lead",
            ),
        ),
        migrations.AlterField(
            model_name="dirtylead",
            name="lead",
            field=models.OneToOneField(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                primary_key=True,
                related_name="dirty",
                serialize=False,
                to="leads.lead",
            ),
        ),
        migrations.AlterField(
            model_name="transition",
            name="definition",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="leads.stagedefinition",
            ),
        ),
    ]
