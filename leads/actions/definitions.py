"""What the stages mean: a new wording is a new version, and the old one stays as what was agreed then."""

from django.db import transaction

from leads.models import StageDefinition


def define_stage(*, stage, who, moves_in, entry, by, now) -> StageDefinition:
    """Puts a new version of a stage's definition in force and returns it; the words in force already change nothing.

    `entry` is a checked condition or None. Locks the version in force.
    """
    with transaction.atomic():
        current = StageDefinition.objects.select_for_update().get(stage=stage, is_current=True)
        if (current.who, current.moves_in, current.entry) == (who, moves_in, entry):
            return current
        current.is_current = False
        current.save(update_fields=["is_current"])
        return StageDefinition.objects.create(
            stage=stage,
            version=current.version + 1,
            who=who,
            moves_in=moves_in,
            entry=entry,
            created_at=now,
            created_by=by,
        )
