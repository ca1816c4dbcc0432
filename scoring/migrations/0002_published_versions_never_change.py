from django.db import migrations

GUARD = """
CREATE FUNCTION scoring_model_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 'draft' THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    -- All that can still happen to a published version is that it retires.
    IF TG_OP = 'UPDATE' AND OLD.status = 'published' AND NEW.status = 'retired'
       AND to_jsonb(NEW) - '{status,retired_at}'::text[] = to_jsonb(OLD) - '{status,retired_at}'::text[] THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'Version % of the scoring model is %: it never changes.', OLD.version, OLD.status
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION scoring_part_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found record;
BEGIN
    -- FOR SHARE waits for a publish that is under way and then sees its outcome.
    FOR found IN
        SELECT version, status FROM scoring_scoringmodel
        WHERE id IN (CASE WHEN TG_OP <> 'INSERT' THEN OLD.model_id END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.model_id END)
        ORDER BY id FOR SHARE
    LOOP
        IF found.status <> 'draft' THEN
            RAISE EXCEPTION 'Version % of the scoring model is %: it never changes.', found.version, found.status
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END LOOP;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER scoring_model_never_changes BEFORE UPDATE OR DELETE ON scoring_scoringmodel
    FOR EACH ROW EXECUTE FUNCTION scoring_model_never_changes();
CREATE TRIGGER scoring_rule_never_changes BEFORE INSERT OR UPDATE OR DELETE ON scoring_scoringrule
    FOR EACH ROW EXECUTE FUNCTION scoring_part_never_changes();
CREATE TRIGGER scoring_requirement_never_changes BEFORE INSERT OR UPDATE OR DELETE ON scoring_graderequirement
    FOR EACH ROW EXECUTE FUNCTION scoring_part_never_changes();
"""

UNGUARD = """
DROP TRIGGER scoring_requirement_never_changes ON scoring_graderequirement;
DROP TRIGGER scoring_rule_never_changes ON scoring_scoringrule;
DROP TRIGGER scoring_model_never_changes ON scoring_scoringmodel;
DROP FUNCTION scoring_part_never_changes();
DROP FUNCTION scoring_model_never_changes();
"""


class Migration(migrations.Migration):
    """A version of the scoring model that has been published is evidence: rules, must-haves and ranges stay as they were."""

    dependencies = [("scoring", "0001_models_and_rules")]

    operations = [migrations.RunSQL(GUARD, UNGUARD)]
