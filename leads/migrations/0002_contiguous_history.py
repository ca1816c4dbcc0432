from django.db import migrations


class Migration(migrations.Migration):
    """Each row of a lead's history starts exactly where the row before it ended."""

    dependencies = [("leads", "0001_the_record")]

    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE leads_transition ADD CONSTRAINT transition_history_is_contiguous
            FOREIGN KEY (lead_id, previous_seq, from_stage, from_disposition, from_at)
            REFERENCES leads_transition (lead_id, seq, to_stage, to_disposition, at)
            """,
            "ALTER TABLE leads_transition DROP CONSTRAINT transition_history_is_contiguous",
        ),
    ]
