from django.db import migrations


class Migration(migrations.Migration):
    """A hand-over is evidence: its receipt never changes, and what was set once stays as it was set."""

    dependencies = [("routing", "0003_default_policy")]

    operations = [
        migrations.RunSQL(
            """
            CREATE FUNCTION routing_handover_is_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF NEW.receipt IS DISTINCT FROM OLD.receipt
                    OR NEW.handed_at IS DISTINCT FROM OLD.handed_at
                    OR NEW.handed_by_id IS DISTINCT FROM OLD.handed_by_id
                THEN
                    RAISE EXCEPTION 'the receipt of hand-over % never changes', OLD.id
                        USING ERRCODE = 'integrity_constraint_violation';
                END IF;
                IF OLD.owner_id IS NOT NULL AND (NEW.owner_id, NEW.assigned_at, NEW.due_at, NEW.why)
                    IS DISTINCT FROM (OLD.owner_id, OLD.assigned_at, OLD.due_at, OLD.why)
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
            $$;
            CREATE TRIGGER handover_is_evidence BEFORE UPDATE ON routing_handover
                FOR EACH ROW EXECUTE FUNCTION routing_handover_is_evidence();
            """,
            """
            DROP TRIGGER handover_is_evidence ON routing_handover;
            DROP FUNCTION routing_handover_is_evidence();
            """,
        ),
    ]
