import hashlib
import json
import unicodedata

from django.db import migrations, models


def from_exact_names(apps, schema_editor):
    """The keys of today: columns that differ in a sign or an accent alone are others."""
    remembered = apps.get_model("capture", "RememberedMapping").objects.using(schema_editor.connection.alias)
    for row in remembered.all():
        names = [" ".join(unicodedata.normalize("NFC", name).split()) for name in row.header]
        row.header_key = hashlib.sha256(json.dumps(names, ensure_ascii=False).encode()).hexdigest()
        row.save(update_fields=["header_key"])


class Migration(migrations.Migration):
    dependencies = [("capture", "0005_imports_as_waiting_work")]

    operations = [
        migrations.AlterField(
            model_name="rememberedmapping",
            name="header_key",
            field=models.CharField(
                help_text="Of the names of the columns (mapping.header_key).", max_length=64, unique=True
            ),
        ),
        migrations.RunPython(from_exact_names, migrations.RunPython.noop),
    ]
