from django.db import migrations

from jobs.backfill import BackfillInChunks

# The reasons that the program has given for a disposition, as they read in all versions before this one.
KNOWN = """(VALUES
    ('no_budget', 'No budget'),
    ('no_timeframe', 'No timeframe'),
    ('not_decision_maker', 'Not the decision-maker'),
    ('no_need', 'No need'),
    ('wrong_company', 'Wrong kind of company'),
    ('unreachable', 'Unreachable'),
    ('duplicate', 'Duplicate'),
    ('competitor_or_student', 'Competitor or student'),
    ('already_customer', 'Already a customer'),
    ('bad_timing', 'Bad timing')
) AS known (code, words)"""
# Certain where the step that set the disposition kept the code with its facts, and the lead holds the words of that
# code. Whatever else a lead holds stays as it is and is read as words.
CODES = f"""
UPDATE leads_lead AS lead SET disposition_reason = known.code, disposition_facts = step.reason_facts
FROM leads_transition AS step JOIN {KNOWN} ON known.code = step.reason
WHERE lead.id BETWEEN %(first)s AND %(last)s AND lead.disposition <> 'open'
    AND lead.disposition_facts IS NULL AND lead.disposition_reason = known.words
    AND step.lead_id = lead.id AND step.reason_facts IS NOT NULL AND step.to_disposition = lead.disposition
    AND step.seq = (
        SELECT max(seq) FROM leads_transition
        WHERE lead_id = lead.id AND to_disposition IS DISTINCT FROM from_disposition
    )
"""
WORDS = f"""
UPDATE leads_lead AS lead SET disposition_reason = known.words, disposition_facts = NULL
FROM {KNOWN} WHERE known.code = lead.disposition_reason AND lead.disposition_facts IS NOT NULL
"""


class Migration(migrations.Migration):
    """The reason of a disposition becomes the code that it was made from."""

    atomic = False
    dependencies = [("leads", "0024_disposition_facts")]

    operations = [
        BackfillInChunks("leads_lead", CODES),
        migrations.RunSQL(migrations.RunSQL.noop, WORDS, elidable=True),
    ]
