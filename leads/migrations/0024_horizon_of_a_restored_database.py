from django.db import migrations

HORIZON = """
CREATE OR REPLACE FUNCTION leads_change_horizon() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN system_identifier = (SELECT system_identifier FROM pg_control_system())
        THEN position_offset + pg_snapshot_xmin(pg_current_snapshot())::text::bigint
        -- Nobody has written here since the database was restored: all that can be seen is certain. Followers may have
        -- read further than the rows go that have not been pruned.
        ELSE 1 + greatest(
            (SELECT coalesce(max(position), 0) FROM leads_changerow),
            (SELECT coalesce(max(position), 0) FROM leads_followercursor)
        )
    END
    FROM leads_changeclock
$$;
"""


class Migration(migrations.Migration):
    """No follower is ahead of what is certain because a database was restored."""

    dependencies = [("leads", "0023_permission_to_write_conditions")]

    operations = [migrations.RunSQL(HORIZON, migrations.RunSQL.noop)]
