from importlib import import_module

from django.db import migrations

SQUASHED = import_module("routing.migrations.0001_squashed")


class Migration(migrations.Migration):
    """The hand-overs of one lead never overlap; a range of one id stands in for equality, which gist lacks."""

    dependencies = [("routing", "0001_policy_and_handover")]

    operations = [migrations.RunSQL(SQUASHED.NEVER_OVERLAP, SQUASHED.MAY_OVERLAP)]
