from django.db import migrations, models


class Migration(migrations.Migration):
    """What a step rests on: what somebody showed for it, and what of the definition was passed over."""

    dependencies = [("leads", "0028_companies_that_were_edited")]

    operations = [
        migrations.AddField(
            model_name="transition",
            name="evidence",
            field=models.JSONField(
                help_text="What somebody showed for it; null where nothing was asked for.", null=True
            ),
        ),
        migrations.AddField(
            model_name="transition",
            name="overruled",
            field=models.JSONField(help_text="The conditions of the definition that were not met, if any.", null=True),
        ),
        migrations.AlterModelOptions(
            name="lead",
            options={
                "ordering": ["-pk"],
                "permissions": [
                    ("export_lead", "Can export leads"),
                    ("assign_lead", "Can hand leads to people"),
                    ("overrule_stage", "Can overrule the definition of a stage"),
                    ("write_condition", "Can write conditions about leads"),
                ],
            },
        ),
    ]
