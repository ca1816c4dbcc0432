from django.db import migrations, models

# Nobody knows which of them were.
AS_EDITED = "UPDATE leads_company SET edited_at = created_at"


class Migration(migrations.Migration):
    """Which companies somebody has edited; those that are there count as such."""

    dependencies = [("leads", "0027_leads_that_are_gone")]

    operations = [
        migrations.AddField(
            model_name="company",
            name="edited_at",
            field=models.DateTimeField(
                editable=False,
                help_text="When somebody edited it last; empty while it is as lists and forms brought it.",
                null=True,
            ),
        ),
        migrations.RunSQL(AS_EDITED, migrations.RunSQL.noop),
    ]
