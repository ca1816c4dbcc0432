from django.db import migrations


class Migration(migrations.Migration):
    """The hand-overs of one lead never overlap; a range of one id stands in for equality, which gist lacks."""

    dependencies = [("routing", "0001_policy_and_handover")]

    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE routing_handover ADD CONSTRAINT handovers_never_overlap EXCLUDE USING gist (
                int8range(lead_id, lead_id, '[]') WITH &&, tstzrange(handed_at, ended_at) WITH &&
            )
            """,
            "ALTER TABLE routing_handover DROP CONSTRAINT handovers_never_overlap",
        ),
    ]
