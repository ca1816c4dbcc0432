import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from leads.enums import Grade, Side
from routing.enums import HandoverEnd
from team.enums import Reach
from team.roles import reaches


class RoutingPolicy(models.Model):
    """Which grade belongs to which side, and how fast sales answers. Exactly one policy is active."""

    name = models.CharField(max_length=100)
    is_active = models.BooleanField(default=False)
    side_a = models.CharField("A goes to", max_length=9, choices=Side.choices, default=Side.SALES)
    side_b = models.CharField("B goes to", max_length=9, choices=Side.choices, default=Side.SALES)
    side_c = models.CharField("C goes to", max_length=9, choices=Side.choices, default=Side.MARKETING)
    side_d = models.CharField("D goes to", max_length=9, choices=Side.choices, default=Side.MARKETING)
    a_due_minutes = models.PositiveIntegerField(
        "A is due after", default=4 * 60, help_text="Minutes of the rep's business hours."
    )
    b_due_minutes = models.PositiveIntegerField("others are due after", default=8 * 60)
    default_pool = models.ForeignKey("team.Pool", models.PROTECT, related_name="+")

    class Meta:
        verbose_name_plural = "routing policies"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_active"], condition=Q(is_active=True), name="one_active_routing_policy"
            ),
            models.CheckConstraint(
                condition=Q(a_due_minutes__gt=0, b_due_minutes__gt=0), name="due_times_are_positive"
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def sides(self):
        """Side by grade."""
        return {
            Grade.A.value: self.side_a,
            Grade.B.value: self.side_b,
            Grade.C.value: self.side_c,
            Grade.D.value: self.side_d,
        }


class AssignmentRule(models.Model):
    """The first rule whose condition a lead meets names the pool that shares it out; else the policy's pool."""

    policy = models.ForeignKey(RoutingPolicy, models.CASCADE, related_name="rules")
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=100)
    condition = models.JSONField()
    pool = models.ForeignKey("team.Pool", models.PROTECT, related_name="rules")

    class Meta:
        ordering = ["policy", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "position"],
                name="assignment_rule_position_once",
                deferrable=models.Deferrable.DEFERRED,
            )
        ]

    def __str__(self):
        return self.name


class HandoverQuerySet(models.QuerySet):
    def open(self):
        return self.filter(ended_at__isnull=True)

    def visible_to(self, user):
        """Hand-overs the user may read, by the role table (team.roles): all, or those that were to her."""
        found = reaches(user, "routing.read_handover")
        if Reach.EVERYBODY in found:
            return self
        return self.filter(owner=user) if Reach.OWN in found else self.none()


class Handover(models.Model):
    """Marketing gives a graded lead to sales. `receipt` is the evidence at that moment and never changes.

    receipt: {"score", "grade", "model_version", "ledger": [{"rule": n-th of the version, "points"}], "answers": {code:
    value}, "labels": {code: {code of an answer: version of its label}}, "source", "source_name", "campaign",
    "campaign_name", "stage", "last_touches": [{"kind", "at", "outcome", "text"}]}: codes and numbers, and names as they
    were. Where the stage did not rise, "stage_lacks" holds the conditions of the definition of a qualified lead that
    were not met, [] where it could not be asked. Rows of before say "model", "ledger": [{"label", "points"}] and
    "source" and "campaign" by name, and have no "labels" but the words of the answers. While no rep is free the lead
    waits in `pool` without an owner; owner, `assigned_at`, `due_at`, `why` (why this rep, a `Why`) and its facts are
    set together, once.

    `why` and `end_reason` are codes where there are facts beside them; where there are none they are somebody's own
    words, a RejectReason, or a sentence of before. `routing.words` reads all of them.
    """

    lead = models.ForeignKey("leads.Lead", models.CASCADE, related_name="handovers", db_index=False)
    pool = models.ForeignKey("team.Pool", models.PROTECT, related_name="handovers", db_index=False)
    handed_at = models.DateTimeField()
    handed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    receipt = models.JSONField()
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="handovers", db_index=False
    )
    assigned_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    why = models.CharField("why this rep", max_length=200, blank=True)
    why_facts = models.JSONField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    first_touch_at = models.DateTimeField(null=True, blank=True)
    end = models.CharField(max_length=10, choices=HandoverEnd.choices, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    end_reason = models.CharField(max_length=200, blank=True)
    end_facts = models.JSONField(null=True, blank=True)

    objects = HandoverQuerySet.as_manager()

    class Meta:
        ordering = ["-handed_at", "-pk"]
        permissions = [("read_handover", "Can read hand-overs"), ("work_queue", "Can work a queue of leads")]
        constraints = [
            models.UniqueConstraint(fields=["lead"], condition=Q(ended_at__isnull=True), name="one_open_handover"),
            models.CheckConstraint(
                condition=Q(owner__isnull=True, assigned_at__isnull=True, due_at__isnull=True, why="")
                | (Q(owner__isnull=False, assigned_at__isnull=False, due_at__isnull=False) & ~Q(why="")),
                name="assignment_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | Q(owner__isnull=False, accepted_at__gte=F("assigned_at")),
                name="accepted_by_an_owner",
            ),
            models.CheckConstraint(
                condition=(Q(end="", ended_at__isnull=True, end_reason=""))
                | (Q(end__in=HandoverEnd.values, ended_at__isnull=False) & ~Q(end_reason="")),
                name="handover_end_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gt=F("handed_at")), name="handover_ends_later"
            ),
        ]
        indexes = [
            models.Index(fields=["lead", "-handed_at"], name="handovers_of_a_lead"),
            # The load of a rep, and what is due to her soonest.
            models.Index(
                fields=["owner", "due_at"],
                condition=Q(ended_at__isnull=True, owner__isnull=False),
                name="handover_open_of_owner",
            ),
            # Whose turn it is in a pool.
            models.Index(fields=["owner", "-assigned_at"], name="handover_last_assigned"),
        ]

    def __str__(self):
        return f"Hand-over of {self.lead_id} at {self.handed_at:%Y-%m-%d %H:%M}"

    @property
    def given_at(self) -> datetime.datetime:
        """When whoever has it got it: the rep, or the pool where it still waits for one."""
        return self.assigned_at or self.handed_at

    @property
    def has_waited(self) -> bool:
        """Whether it waited in a pool before a rep got it."""
        return self.given_at > self.handed_at
