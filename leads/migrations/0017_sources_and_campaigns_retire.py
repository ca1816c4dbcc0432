from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0016_answers_replace_choices")]

    operations = [
        migrations.AddField(
            model_name=name,
            name="retired_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        )
        for name in ("source", "campaign")
    ]
