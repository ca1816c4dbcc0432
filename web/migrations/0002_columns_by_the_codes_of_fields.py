from django.db import migrations

FORWARDS = r"""
UPDATE web_savedview SET query = regexp_replace(query, '(^|&)col=(created|changed)(?=&|$)', '\1col=\2_at', 'g')
"""
BACKWARDS = r"""
UPDATE web_savedview SET query = regexp_replace(query, '(^|&)col=(created|changed)_at(?=&|$)', '\1col=\2', 'g')
"""


class Migration(migrations.Migration):
    """Two columns of the lead list were called otherwise than the fields they show."""

    dependencies = [("web", "0001_saved_views")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
