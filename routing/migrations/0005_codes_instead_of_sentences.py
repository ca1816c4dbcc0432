from django.db import migrations, models

FUNCTION = """
CREATE OR REPLACE FUNCTION routing_handover_is_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.receipt IS DISTINCT FROM OLD.receipt
        OR NEW.handed_at IS DISTINCT FROM OLD.handed_at
        OR NEW.handed_by_id IS DISTINCT FROM OLD.handed_by_id
    THEN
        RAISE EXCEPTION 'the receipt of hand-over % never changes', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.owner_id IS NOT NULL AND (NEW.owner_id, NEW.assigned_at, NEW.due_at, NEW.why{and_new})
        IS DISTINCT FROM (OLD.owner_id, OLD.assigned_at, OLD.due_at, OLD.why{and_old})
    THEN
        RAISE EXCEPTION 'hand-over % has its owner already', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.accepted_at IS NOT NULL AND NEW.accepted_at IS DISTINCT FROM OLD.accepted_at THEN
        RAISE EXCEPTION 'hand-over % was accepted already', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.ended_at IS NOT NULL AND NEW IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'hand-over % has ended', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$
"""


class Migration(migrations.Migration):
    """Why a rep, and why a hand-over ended, are codes with facts beside them; rows that exist keep their sentences."""

    dependencies = [("routing", "0004_receipts_never_change")]

    operations = [
        migrations.AddField(
            model_name="handover",
            name="why_facts",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="handover",
            name="end_facts",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.RunSQL(
            FUNCTION.replace("{and_new}", ", NEW.why_facts").replace("{and_old}", ", OLD.why_facts"),
            FUNCTION.replace("{and_new}", "").replace("{and_old}", ""),
        ),
    ]
