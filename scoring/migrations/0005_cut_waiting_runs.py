from django.db import migrations

# What a run under way has left to do. Back again, the cursor starts from the beginning, which grades nobody wrongly.
CUT = """
INSERT INTO scoring_regradechunk (run_id, first_lead_id, last_lead_id, leads, changed, failure)
SELECT run_id, min(id), max(id), count(*), 0, ''
FROM (
    SELECT run.id AS run_id, lead.id,
        (row_number() OVER (PARTITION BY run.id ORDER BY lead.id) - 1) / 20000 AS number
    FROM scoring_regraderun AS run JOIN leads_lead AS lead ON lead.id > run.last_lead_id
    WHERE run.finished_at IS NULL AND run.cancelled_at IS NULL
) AS left_over
GROUP BY run_id, number
"""


class Migration(migrations.Migration):
    dependencies = [("scoring", "0004_regrade_chunks")]

    operations = [migrations.RunSQL(CUT, migrations.RunSQL.noop)]
