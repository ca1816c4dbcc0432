from django.db import migrations

FORGET = """
CREATE FUNCTION leads_other_ids_forgotten() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM leads_externalid AS known
    WHERE NOT EXISTS (
        SELECT FROM leads_lead AS lead
        WHERE lead.id = known.lead_id AND (lead.external_system, lead.external_id) = (known.system, known.key)
    );
    RETURN NULL;
END $$;
CREATE TRIGGER other_ids_forgotten AFTER TRUNCATE ON leads_otherkey
    FOR EACH STATEMENT EXECUTE FUNCTION leads_other_ids_forgotten();
"""


class Migration(migrations.Migration):
    """TRUNCATE fires no trigger of a row: the ids of the keys that it takes go as well."""

    dependencies = [("leads", "0025_reasons_of_dispositions")]

    operations = [migrations.RunSQL(FORGET, "DROP FUNCTION leads_other_ids_forgotten CASCADE")]
