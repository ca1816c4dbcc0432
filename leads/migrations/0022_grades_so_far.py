from django.db import migrations

from jobs.backfill import BackfillInChunks

# What the timeline knows of the grades there were. The first grade is not on it.
KNOWN = """
INSERT INTO leads_changerow (lead_id, position, kind, at, was, became, score, model_version)
SELECT lead_id, (SELECT leads_change_position()), 'grade', occurred_at, payload ->> 'from', payload ->> 'to',
       (payload ->> 'score')::integer, (payload ->> 'version')::integer
FROM leads_activity AS activity
WHERE kind = 'grade_changed' AND lead_id BETWEEN %(first)s AND %(last)s
  AND NOT EXISTS (SELECT FROM leads_changerow WHERE lead_id = activity.lead_id AND kind = 'grade')
ORDER BY lead_id, occurred_at, id
"""
PRESENT = """
INSERT INTO leads_changerow (lead_id, position, kind, at, was, became, score, model_version)
SELECT lead.id, (SELECT leads_change_position()), 'grade', lead.scored_at, coalesce(newest.became, ''), lead.grade,
       lead.score, lead.score_version
FROM leads_lead AS lead LEFT JOIN LATERAL (
    SELECT became FROM leads_changerow WHERE lead_id = lead.id AND kind = 'grade' ORDER BY id DESC LIMIT 1
) AS newest ON TRUE
WHERE lead.id BETWEEN %(first)s AND %(last)s AND lead.grade <> '' AND newest.became IS DISTINCT FROM lead.grade
ORDER BY lead.id
"""


class Migration(migrations.Migration):
    """The history of grades begins with what is known of it."""

    atomic = False
    dependencies = [("leads", "0021_change_rows")]

    operations = [BackfillInChunks("leads_lead", KNOWN), BackfillInChunks("leads_lead", PRESENT)]
