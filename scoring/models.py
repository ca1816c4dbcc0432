import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from jobs.enums import Lane
from jobs.models import Waiting, Work
from leads.enums import Grade
from scoring.enums import ModelStatus, RuleKind


class QuestionSet(models.Model):
    """The rating questions both teams agreed to ask: BTD, MAN or a set of their own."""

    code = models.SlugField(max_length=30, unique=True)
    name = models.CharField(max_length=100)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name


class RatingQuestion(models.Model):
    """One question of a set; its answers are those of the field that keeps them."""

    question_set = models.ForeignKey(QuestionSet, models.CASCADE, related_name="questions")
    field = models.ForeignKey("leads.FieldDefinition", models.PROTECT, related_name="questions")
    prompt = models.CharField("question", max_length=200)
    position = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["question_set", "position"]
        constraints = [
            models.UniqueConstraint(fields=["question_set", "field"], name="question_once_in_a_set"),
        ]

    def __str__(self):
        return self.prompt


class ScoringModelQuerySet(models.QuerySet):
    def published(self):
        return self.filter(status=ModelStatus.PUBLISHED)


class ScoringModel(models.Model):
    """A version of the rules that turn a lead into points and points into a grade.

    Score >= `a_from` is an A, >= `b_from` a B, >= `c_from` a C, anything else a D, so ranges cannot leave a gap or
    overlap. Once published, a version never changes: it is the evidence behind every receipt.
    """

    name = models.CharField(max_length=100)
    version = models.PositiveIntegerField(unique=True, editable=False)
    status = models.CharField(max_length=10, choices=ModelStatus.choices, default=ModelStatus.DRAFT, editable=False)
    question_set = models.ForeignKey(QuestionSet, models.PROTECT, null=True, blank=True, related_name="models")
    a_from = models.IntegerField("A from", default=75)
    b_from = models.IntegerField("B from", default=50)
    c_from = models.IntegerField("C from", default=25)
    notes = models.TextField(blank=True)
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    published_at = models.DateTimeField(null=True, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    retired_at = models.DateTimeField(null=True, editable=False)

    objects = ScoringModelQuerySet.as_manager()

    class Meta:
        ordering = ["-version"]
        permissions = [("publish_scoringmodel", "Can publish scoring models")]
        constraints = [
            models.CheckConstraint(
                condition=Q(a_from__gt=F("b_from")) & Q(b_from__gt=F("c_from")),
                name="grade_ranges_descend",
                violation_error_message="The ranges have to descend: A from above B from above C from.",
            ),
            models.UniqueConstraint(
                fields=["status"], condition=Q(status=ModelStatus.PUBLISHED), name="one_published_scoring_model"
            ),
            models.CheckConstraint(
                condition=Q(status=ModelStatus.DRAFT, published_at__isnull=True, retired_at__isnull=True)
                | Q(status=ModelStatus.PUBLISHED, published_at__isnull=False, retired_at__isnull=True)
                | Q(status=ModelStatus.RETIRED, published_at__isnull=False, retired_at__isnull=False),
                name="scoring_model_status_has_its_times",
            ),
        ]

    def __str__(self):
        return f"{self.name} v{self.version}"


class ScoringRule(models.Model):
    """One line of the ledger: a condition (docs/conditions.md) and its points.

    A behaviour rule's condition is a single activity test; every matching activity gives `points`, halved every
    `half_life_days`, and all of them together at most `cap`. Points may be negative, and then so is the cap's side.
    """

    model = models.ForeignKey(ScoringModel, models.CASCADE, related_name="rules")
    position = models.PositiveIntegerField()
    label = models.CharField(max_length=100, help_text="Said in the queue, at most eight words.")
    kind = models.CharField(max_length=10, choices=RuleKind.choices, default=RuleKind.FIT)
    condition = models.JSONField()
    points = models.SmallIntegerField()
    cap = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Most points, plus or minus, in all.")
    half_life_days = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["model", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["model", "position"], name="rule_position_once", deferrable=models.Deferrable.DEFERRED
            ),
            models.CheckConstraint(condition=~Q(points=0), name="rule_gives_points"),
            models.CheckConstraint(
                condition=Q(kind=RuleKind.BEHAVIOUR, cap__gt=0)
                | Q(kind=RuleKind.FIT, cap__isnull=True, half_life_days__isnull=True),
                name="behaviour_has_a_cap_and_fit_has_none",
                violation_error_message="A behaviour rule needs a cap; a fit rule has neither cap nor half-life.",
            ),
            models.CheckConstraint(
                condition=Q(half_life_days__isnull=True) | Q(half_life_days__gt=0), name="half_life_is_positive"
            ),
        ]

    def __str__(self):
        return self.label

    def get_inline_title(self):
        """What Unfold shows of a rule that is folded up."""
        return f"{self.label}, {self.points:+}"


class GradeRequirement(models.Model):
    """A must-have: whoever has the points for `grade` but not the condition gets the next grade down."""

    model = models.ForeignKey(ScoringModel, models.CASCADE, related_name="requirements")
    grade = models.CharField(max_length=1, choices=[choice for choice in Grade.choices if choice[0] != Grade.D])
    label = models.CharField(max_length=100)
    condition = models.JSONField()

    class Meta:
        ordering = ["model", "grade", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(grade__in=["A", "B", "C"]), name="requirement_grade_can_be_missed")
        ]

    def __str__(self):
        return self.label


class RegradeRunQuerySet(models.QuerySet):
    def unfinished(self):
        return self.filter(finished_at__isnull=True, cancelled_at__isnull=True)

    def with_progress(self):
        """Adds `done` and `changed`, numbers of leads, and `failure`, why an undone chunk failed last, or ""."""
        chunks = RegradeChunk.objects.filter(run=OuterRef("pk")).order_by().values("run")
        done = chunks.filter(done_at__isnull=False)
        failed = RegradeChunk.objects.filter(run=OuterRef("pk"), done_at__isnull=True).exclude(failure="")
        failures = failed.order_by("-next_try_at").values("failure")
        return self.annotate(
            done=Coalesce(Subquery(done.annotate(sum=Sum("leads")).values("sum")), 0),
            changed=Coalesce(Subquery(done.annotate(sum=Sum("changed")).values("sum")), 0),
            failure=Coalesce(Subquery(failures[:1]), Value(""), output_field=models.TextField()),
        )


class RegradeRun(models.Model):
    """A regrade of everybody there was when it was asked for; its work is its chunks.

    Finished when none is left undone. `total` counts the leads of then; later ones are marked dirty by themselves.
    """

    model = models.ForeignKey(ScoringModel, models.CASCADE, related_name="runs")
    requested_at = models.DateTimeField()
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    total = models.BigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)

    objects = RegradeRunQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at"]
        indexes = [
            models.Index(fields=["requested_at"], condition=Q(finished_at__isnull=True), name="regrade_run_waiting")
        ]

    def __str__(self):
        return f"Regrade of {self.requested_at:%Y-%m-%d %H:%M}"


class RegradeChunk(Waiting):
    """The leads of a run from the first to the last id: one transaction of whichever worker locks it first.

    Marked done in the transaction that does it, so a killed worker leaves it as it was, for the next one.
    """

    run = models.ForeignKey(RegradeRun, models.CASCADE, related_name="chunks")
    first_lead_id = models.BigIntegerField()
    last_lead_id = models.BigIntegerField()
    leads = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    done_at = models.DateTimeField(null=True)

    WORK = Work(
        name="Chunks of leads to regrade",
        lane=Lane.BULK,
        undone=Q(done_at=None, run__finished_at=None, run__cancelled_at=None),
        asked_at="run__requested_at",
        late_after=datetime.timedelta(hours=1),
    )

    class Meta:
        ordering = ["run", "first_lead_id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "first_lead_id"], name="regrade_chunk_once_in_a_run"),
            models.CheckConstraint(
                condition=Q(first_lead_id__lte=F("last_lead_id")), name="regrade_chunk_from_first_to_last"
            ),
        ]
        indexes = [
            models.Index(
                fields=["run", "first_lead_id"], condition=Q(done_at__isnull=True), name="regrade_chunk_undone"
            )
        ]

    def __str__(self):
        return f"Leads {self.first_lead_id} to {self.last_lead_id}"
