from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("capture", "0001_imports")]

    operations = [
        migrations.AddField(
            model_name="import",
            name="notes",
            field=models.JSONField(default=list, help_text="What was remarkable about the file, in sentences."),
        ),
        migrations.AddField(
            model_name="import",
            name="undone",
            field=models.JSONField(help_text="How far undoing is, and what it did.", null=True),
        ),
    ]
