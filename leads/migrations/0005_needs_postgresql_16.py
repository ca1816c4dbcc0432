from django.core.exceptions import ImproperlyConfigured
from django.db import migrations


def check_version(apps, schema_editor):
    """Conditions read stored dates with pg_input_is_valid(), which came with PostgreSQL 16."""
    version = schema_editor.connection.pg_version
    if version < 160000:
        raise ImproperlyConfigured(
            f"LeadFunnel needs PostgreSQL 16 or later; DATABASE_URL leads to {version // 10000}."
        )


class Migration(migrations.Migration):
    dependencies = [("leads", "0004_history_rows_name_their_start")]

    operations = [migrations.RunPython(check_version, migrations.RunPython.noop)]
