import datetime

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    """Nobody is away for longer than three years. What was entered before stays as it is until somebody edits it."""

    dependencies = [("team", "0004_workspace")]

    operations = [
        AddConstraintNotValid(
            model_name="absence",
            constraint=models.CheckConstraint(
                condition=models.Q(ends_on__lt=models.F("starts_on") + datetime.timedelta(days=1098)),
                name="absence_is_no_longer_than_three_years",
                violation_error_message="An absence lasts three years at most.",
            ),
        ),
    ]
