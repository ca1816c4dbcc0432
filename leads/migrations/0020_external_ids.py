import django.db.models.deletion
from django.db import migrations, models

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

# Rows that are put in are taken as a set, because an import brings thousands; the others one by one, and only where
# an id has changed.
KEEP = """
CREATE FUNCTION leads_lead_ids_entered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO leads_externalid (system, key, lead_id)
    SELECT external_system, external_id, id FROM entered WHERE external_id <> '';
    RETURN NULL;
END $$;
CREATE FUNCTION leads_lead_id_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.external_id <> '' THEN
        DELETE FROM leads_externalid WHERE system = OLD.external_system AND key = OLD.external_id;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.external_id <> '' THEN
        INSERT INTO leads_externalid (system, key, lead_id) VALUES (NEW.external_system, NEW.external_id, NEW.id);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION leads_other_ids_entered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO leads_externalid (system, key, lead_id)
    SELECT system, key, lead_id FROM entered WHERE kind = 'external_id';
    RETURN NULL;
END $$;
CREATE FUNCTION leads_other_id_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.kind = 'external_id' THEN
        DELETE FROM leads_externalid WHERE system = OLD.system AND key = OLD.key;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.kind = 'external_id' THEN
        INSERT INTO leads_externalid (system, key, lead_id) VALUES (NEW.system, NEW.key, NEW.lead_id);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION leads_ids_forgotten() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM leads_externalid;
    RETURN NULL;
END $$;

CREATE TRIGGER lead_ids_entered AFTER INSERT ON leads_lead
    REFERENCING NEW TABLE AS entered FOR EACH STATEMENT EXECUTE FUNCTION leads_lead_ids_entered();
CREATE TRIGGER lead_id_changed AFTER UPDATE OF external_system, external_id ON leads_lead FOR EACH ROW
    WHEN ((OLD.external_system, OLD.external_id) IS DISTINCT FROM (NEW.external_system, NEW.external_id))
    EXECUTE FUNCTION leads_lead_id_changed();
CREATE TRIGGER lead_id_gone AFTER DELETE ON leads_lead FOR EACH ROW
    WHEN (OLD.external_id <> '') EXECUTE FUNCTION leads_lead_id_changed();
CREATE TRIGGER lead_ids_forgotten AFTER TRUNCATE ON leads_lead
    FOR EACH STATEMENT EXECUTE FUNCTION leads_ids_forgotten();
CREATE TRIGGER other_ids_entered AFTER INSERT ON leads_otherkey
    REFERENCING NEW TABLE AS entered FOR EACH STATEMENT EXECUTE FUNCTION leads_other_ids_entered();
CREATE TRIGGER other_id_changed AFTER UPDATE OF lead_id, kind, system, key ON leads_otherkey FOR EACH ROW
    WHEN (OLD.kind = 'external_id' OR NEW.kind = 'external_id') EXECUTE FUNCTION leads_other_id_changed();
CREATE TRIGGER other_id_gone AFTER DELETE ON leads_otherkey FOR EACH ROW
    WHEN (OLD.kind = 'external_id') EXECUTE FUNCTION leads_other_id_changed();
"""

LET_GO = """
DROP FUNCTION leads_lead_ids_entered, leads_lead_id_changed, leads_other_ids_entered, leads_other_id_changed,
    leads_ids_forgotten CASCADE
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
        migrations.RunSQL([LOCK, CLEAR, ENTER, KEEP], LET_GO),
        migrations.RemoveConstraint(model_name="lead", name="lead_external_id_once"),
        migrations.RemoveConstraint(model_name="otherkey", name="other_external_id_once"),
    ]
