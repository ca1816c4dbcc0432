from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("leads", "0022_grades_so_far")]

    operations = [
        migrations.AlterModelOptions(
            name="lead",
            options={
                "ordering": ["-pk"],
                "permissions": [
                    ("export_lead", "Can export leads"),
                    ("assign_lead", "Can hand leads to people"),
                    ("write_condition", "Can write conditions about leads"),
                ],
            },
        )
    ]
