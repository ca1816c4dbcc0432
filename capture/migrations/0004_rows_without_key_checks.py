import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("capture", "0003_unanswered_words"),
        ("leads", "0001_the_record"),
    ]

    operations = [
        migrations.AlterField(
            model_name="importrow",
            name="lead",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="import_rows",
                to="leads.lead",
            ),
        ),
        migrations.AlterField(
            model_name="importrow",
            name="run",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="rows",
                to="capture.import",
            ),
        ),
    ]
