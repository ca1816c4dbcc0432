import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from leads import rules
from leads.activities import kind_of
from leads.enums import TaskKind


class Activity(models.Model):
    """Something that happened; append-only. `payload` holds what is particular to the kind.

    `kind` is the code of one of `leads.activities`; its writer checks that, not the database, so that a new kind costs
    no look at every row. `payload` keeps codes, numbers and what people wrote, never a sentence: words are made when
    it is shown. `is_machine` marks what a mail gateway or crawler did: shown grey and never scored. `dedupe_key`,
    where set, makes reporting the same event of a lead twice harmless.
    """

    lead = models.ForeignKey("leads.Lead", models.CASCADE, related_name="activities", db_index=False)
    kind = models.CharField(max_length=20)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    campaign = models.ForeignKey(
        "leads.Campaign", models.PROTECT, null=True, blank=True, related_name="touches", db_index=False
    )
    payload = models.JSONField(default=dict, blank=True)
    is_machine = models.BooleanField(default=False)
    dedupe_key = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001 (null keeps out of the unique index)

    class Meta:
        ordering = ["-occurred_at", "-pk"]
        verbose_name_plural = "activities"
        constraints = [
            models.UniqueConstraint(
                fields=["lead", "dedupe_key"],
                condition=Q(dedupe_key__isnull=False),
                name="activity_dedupe_key_once_a_lead",
            ),
        ]
        indexes = [models.Index(F("lead"), F("occurred_at").desc(), name="activity_timeline")]

    def __str__(self):
        return f"{kind_of(self.kind).label} of {self.lead_id} at {self.occurred_at}"


class TaskQuerySet(models.QuerySet):
    def open(self):
        return self.filter(done_at__isnull=True)

    def visible_to(self, user):
        """Tasks on leads the user may read."""
        from_leads = self.model._meta.get_field("lead").related_model.objects.visible_to(user)
        return self.filter(lead__in=from_leads)


class Task(models.Model):
    """The next step somebody promised. Done means both a time and a person."""

    lead = models.ForeignKey("leads.Lead", models.CASCADE, related_name="tasks")
    kind = models.CharField(max_length=10, choices=TaskKind.choices, default=TaskKind.CALL)
    title = models.CharField(max_length=200)
    due_at = models.DateTimeField()
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="tasks")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    objects = TaskQuerySet.as_manager()

    class Meta:
        ordering = ["due_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at__isnull=True, done_by__isnull=True)
                | Q(done_at__isnull=False, done_by__isnull=False),
                name="task_done_has_time_and_person",
            ),
            # Two days of leeway for the time zone it was given in.
            models.CheckConstraint(
                condition=Q(due_at__gt=datetime.datetime(rules.FIRST_YEAR - 1, 12, 30, tzinfo=datetime.UTC))
                & Q(due_at__lt=datetime.datetime(rules.LAST_YEAR + 1, 1, 3, tzinfo=datetime.UTC)),
                name="task_due_in_the_calendar",
            ),
        ]
        indexes = [
            models.Index(fields=["assignee", "due_at"], condition=Q(done_at__isnull=True), name="task_due"),
        ]

    def __str__(self):
        return self.title
