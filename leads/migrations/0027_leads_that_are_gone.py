from django.db import migrations, models


class Migration(migrations.Migration):
    """News of leads that are gone, with what was true of them."""

    dependencies = [("leads", "0026_truncated_keys")]

    operations = [
        migrations.AddField(model_name="changerow", name="facts", field=models.JSONField(null=True)),
        migrations.AlterField(
            model_name="changerow",
            name="kind",
            field=models.CharField(
                choices=[
                    ("grade", "Grade"),
                    ("score", "Score"),
                    ("stage", "Stage"),
                    ("disposition", "Disposition"),
                    ("side", "Side"),
                    ("owner", "Owner"),
                    ("created", "New"),
                    ("touched", "Touched"),
                    ("gone", "Gone"),
                ],
                max_length=11,
            ),
        ),
    ]
