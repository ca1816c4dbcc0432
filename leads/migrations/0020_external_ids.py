from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

SQUASHED = import_module("leads.migrations.0001_squashed")

# Nobody writes an id between the look at what there is and the triggers.
LOCK = "LOCK TABLE leads_lead, leads_otherkey IN SHARE ROW EXCLUSIVE MODE"

# An id that is the main one of one lead and another one of a second stays with the first; the timeline says so.
CLEAR = """
WITH lost AS (
    DELETE FROM leads_otherkey AS other USING leads_lead AS main
    WHERE other.kind = 'external_id' AND main.external_id <> ''
      AND (main.external_system, main.external_id) = (other.system, other.key)
    RETURNING other.lead_id, other.value, main.id AS main_id
)
INSERT INTO leads_activity (lead_id, kind, occurred_at, recorded_at, payload, is_machine)
SELECT lead_id, 'field_changed', now(), now(),
       jsonb_build_object('changed', jsonb_build_object('other_external_ids', jsonb_build_array(value, NULL))), false
FROM lost WHERE lead_id <> main_id;
SET CONSTRAINTS ALL IMMEDIATE;
"""

ENTER = """
INSERT INTO leads_externalid (system, key, lead_id)
SELECT external_system, external_id, id FROM leads_lead WHERE external_id <> ''
UNION ALL
SELECT system, key, lead_id FROM leads_otherkey WHERE kind = 'external_id'
"""


class Migration(migrations.Migration):
    """docs/adr/0014-an-external-id-is-one-leads.md"""

    dependencies = [("leads", "0019_reason_facts")]

    operations = [
        migrations.CreateModel(
            name="ExternalId",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "system", "key", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("system", models.CharField(max_length=30)),
                ("key", models.CharField(max_length=100)),
                (
                    "lead",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="leads.lead",
                    ),
                ),
            ],
        ),
        migrations.RunSQL([LOCK, CLEAR, ENTER, SQUASHED.KEEP_IDS], SQUASHED.LET_IDS_GO),
        migrations.RemoveConstraint(model_name="lead", name="lead_external_id_once"),
        migrations.RemoveConstraint(model_name="otherkey", name="other_external_id_once"),
    ]
