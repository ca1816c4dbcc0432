import django.contrib.postgres.indexes
from django.db import migrations

_ON = "ALTER INDEX lead_search_vector SET (fastupdate = on, gin_pending_list_limit = 2048)"
_OFF = """
ALTER INDEX lead_search_vector RESET (gin_pending_list_limit);
ALTER INDEX lead_search_vector SET (fastupdate = off);
"""


class Migration(migrations.Migration):
    """New documents wait in the index's short list and go into its tree many at a time; nothing is rebuilt."""

    dependencies = [("leads", "0006_unchecked_keys_of_derived_rows")]

    operations = [
        migrations.RunSQL(
            _ON,
            _OFF,
            state_operations=[
                migrations.RemoveIndex(model_name="leadsearch", name="lead_search_vector"),
                migrations.AddIndex(
                    model_name="leadsearch",
                    index=django.contrib.postgres.indexes.GinIndex(
                        fastupdate=True, fields=["vector"], gin_pending_list_limit=2048, name="lead_search_vector"
                    ),
                ),
            ],
        ),
    ]
