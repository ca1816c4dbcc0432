from django.conf import settings
from django.db import models
from django.db.models import F, Q

from leads.activities.reasons import forgotten_reason, is_reason, reason_words
from leads.enums import Disposition, Stage


class StageDefinition(models.Model):
    """What a stage means, agreed by both sides. The newest version of a stage is in force.

    `entry` is a condition (docs/conditions.md) that a person has to meet before she moves in, or null for none.
    """

    stage = models.CharField(max_length=10, choices=Stage.choices)
    version = models.PositiveIntegerField()
    who = models.TextField("who that is")
    moves_in = models.TextField("what moves a person in")
    entry = models.JSONField("entry condition", null=True, blank=True)
    is_current = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["stage", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["stage", "version"], name="stage_version_once"),
            models.UniqueConstraint(
                fields=["stage"], condition=Q(is_current=True), name="one_current_stage_definition"
            ),
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="definition_stage_known"),
        ]

    def __str__(self):
        return f"{self.get_stage_display()} v{self.version}"


class Transition(models.Model):
    """One step of a lead's history of stage and disposition; never updated.

    Row n starts exactly where row n-1 ended: a composite foreign key (migration `contiguous_history`) ties
    (lead, previous_seq, from_stage, from_disposition, from_at) to (lead, seq, to_stage, to_disposition, at).
    evidence: {"activity": id, "kind", "at"} or {"answer": code of the field, "value", "labels" as of field_changed}.
    overruled: conditions (docs/conditions.md), out of the definition's, that somebody with the right passed over.
    """

    lead = models.ForeignKey("leads.Lead", models.CASCADE, related_name="transitions", db_index=False)
    seq = models.PositiveIntegerField()
    previous_seq = models.PositiveIntegerField(null=True)
    from_stage = models.CharField(max_length=10, choices=Stage.choices, null=True)  # noqa: DJ001 (null: no row before)
    from_disposition = models.CharField(max_length=12, choices=Disposition.choices, null=True)  # noqa: DJ001 (as above)
    from_at = models.DateTimeField(null=True)
    to_stage = models.CharField(max_length=10, choices=Stage.choices)
    to_disposition = models.CharField(max_length=12, choices=Disposition.choices, default=Disposition.OPEN)
    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    reason = models.CharField(max_length=200, help_text="Somebody's own words, or a code where the program moved.")
    reason_facts = models.JSONField(null=True, help_text="What belongs to a code; null for somebody's own words.")
    evidence = models.JSONField(null=True, help_text="What somebody showed for it; null where nothing was asked for.")
    overruled = models.JSONField(null=True, help_text="The conditions of the definition that were not met, if any.")
    # Unchecked by the database (docs/adr/0008): versions of a definition are never deleted.
    definition = models.ForeignKey(
        StageDefinition, models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )

    class Meta:
        ordering = ["lead", "seq"]
        constraints = [
            models.UniqueConstraint(
                fields=["lead", "seq", "to_stage", "to_disposition", "at"], name="transition_end_is_a_key"
            ),
            models.UniqueConstraint(fields=["lead", "seq"], name="transition_seq_once"),
            models.CheckConstraint(
                condition=Q(
                    seq=1,
                    previous_seq__isnull=True,
                    from_stage__isnull=True,
                    from_disposition__isnull=True,
                    from_at__isnull=True,
                )
                | Q(
                    seq__gt=1,
                    previous_seq=F("seq") - 1,
                    from_stage__isnull=False,
                    from_disposition__isnull=False,
                    # Without this a null would make the comparison, and so the whole check, neither true nor false.
                    from_at__isnull=False,
                    from_at__lt=F("at"),
                ),
                name="transition_follows_the_one_before",
            ),
            models.CheckConstraint(
                condition=Q(seq=1) | ~Q(from_stage=F("to_stage")) | ~Q(from_disposition=F("to_disposition")),
                name="transition_changes_something",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="transition_has_a_reason"),
            models.CheckConstraint(condition=Q(to_stage__in=Stage.values), name="transition_stage_known"),
            models.CheckConstraint(
                condition=Q(to_disposition__in=Disposition.values), name="transition_disposition_known"
            ),
        ]

    def __str__(self):
        return f"{self.lead_id} #{self.seq}: {self.from_stage} to {self.to_stage}, {self.reason_in_words}"

    @property
    def reason_in_words(self) -> str:
        """The reason as a person reads it; of a row from before facts were kept a code reads without them."""
        if self.reason_facts is None and is_reason(self.reason):
            return forgotten_reason(self.reason)
        return reason_words(self.reason, self.reason_facts)
