from django.db import migrations

WORDS = [
    "#N/A",
    "(blank)",
    "(none)",
    "-None-",
    "[not provided]",
    "N.A.",
    "N/A",
    "NaN",
    "Not answered",
    "Not provided",
    "Null",
    "Please select",
    "Select",
]


def seed(apps, schema_editor):
    word = apps.get_model("capture", "UnansweredWord")
    word.objects.bulk_create([word(word=text) for text in WORDS], ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("capture", "0002_notes_and_undone")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
