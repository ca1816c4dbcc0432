from django.db import migrations

# Whose transaction it is that runs cannot always be seen; one that is not known to be of another database counts.
HORIZON = """
CREATE OR REPLACE FUNCTION leads_change_horizon() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN system_identifier = (SELECT system_identifier FROM pg_control_system())
        THEN position_offset + (
            SELECT least(pg_snapshot_xmax(snapshot), (
                SELECT min(running) FROM pg_snapshot_xip(snapshot) AS running WHERE NOT EXISTS (
                    SELECT FROM pg_stat_activity WHERE backend_xid = running::xid AND datname <> current_database()
                )
            ))
            FROM (SELECT pg_current_snapshot() AS snapshot) AS now
        )::text::bigint
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
    """Transactions of other databases in the cluster keep no news waiting."""

    dependencies = [("leads", "0024_horizon_of_a_restored_database")]

    operations = [migrations.RunSQL(HORIZON, migrations.RunSQL.noop)]
