from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("routing", "0005_codes_instead_of_sentences")]

    operations = [
        migrations.AlterModelOptions(
            name="handover",
            options={
                "ordering": ["-handed_at", "-pk"],
                "permissions": [
                    ("read_handover", "Can read hand-overs"),
                    ("work_queue", "Can work a queue of leads"),
                ],
            },
        )
    ]
