import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q

from capture.importing.enums import ImportStatus, RowResult
from jobs.enums import Lane
from jobs.models import Leased, LeasedQuerySet, Work
from team.roles import may


class ImportQuerySet(LeasedQuerySet):
    def visible_to(self, user):
        """All imports for whoever may look at them (team.roles), none for others."""
        return self if may(user, "capture.view_import") else self.none()


class Import(Leased):
    """One file on its way in.

    Work goes on in chunks of rows; each chunk commits its effect together with `rows_done`, so a kill at any point
    costs one chunk and nothing happens twice. rows_done = created + updated + unchanged + rejected at every commit.
    """

    file_name = models.CharField(max_length=255)
    file = models.FileField(upload_to="imports/", max_length=255)
    sha256 = models.CharField(max_length=64)
    status = models.CharField(max_length=10, choices=ImportStatus.choices, default=ImportStatus.UPLOADED)
    format = models.CharField("recognised format", max_length=50, blank=True)
    encoding = models.CharField(max_length=30, blank=True)
    delimiter = models.CharField(max_length=1, blank=True)
    sheet = models.CharField(max_length=100, blank=True)
    header = models.JSONField(default=list)
    mapping = models.JSONField(default=dict)
    source = models.ForeignKey("leads.Source", models.PROTECT, null=True, blank=True, related_name="+")
    campaign = models.ForeignKey("leads.Campaign", models.PROTECT, null=True, blank=True, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="imports")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    queued_at = models.DateTimeField(null=True, help_text="When it was put in line: started, resumed or undone.")
    rows_total = models.BigIntegerField(null=True, help_text="Rows in the file, once it has been read to its end.")
    rows_done = models.BigIntegerField(default=0)
    created = models.BigIntegerField(default=0)
    updated = models.BigIntegerField(default=0)
    unchanged = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    seconds = models.FloatField(default=0)
    notes = models.JSONField(default=list, help_text="What was remarkable about the file, in sentences.")
    undone = models.JSONField(null=True, help_text="How far undoing is, and what it did.")

    objects = ImportQuerySet.as_manager()

    WORK = Work(
        name="Imports",
        lane=Lane.BULK,
        undone=Q(status__in=[ImportStatus.READY, ImportStatus.RUNNING, ImportStatus.UNDOING]),
        asked_at="queued_at",
        late_after=datetime.timedelta(hours=1),
    )

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    rows_done=models.F("created") + models.F("updated") + models.F("unchanged") + models.F("rejected")
                ),
                name="import_accounts_for_every_row",
            ),
        ]

    def __str__(self):
        return self.file_name

    @property
    def is_moving(self):
        waits = self.status in {ImportStatus.READY, ImportStatus.RUNNING, ImportStatus.UNDOING}
        return waits and self.put_aside_at is None

    @property
    def names_companies(self):
        return "company" in self.mapping.get("columns", {}).values()

    @property
    def rows_per_minute(self):
        return round(self.rows_done / self.seconds * 60) if self.seconds else 0


class ImportRow(models.Model):
    """What became of one row. `before` holds the overwritten values of an updated lead, so that undo can restore.

    The database does not check the two keys: written by one statement beside the rows they name, they would cost a
    fifth of an import.
    """

    run = models.ForeignKey(Import, models.CASCADE, related_name="rows", db_index=False, db_constraint=False)
    number = models.BigIntegerField(help_text="1 is the first row below the header.")
    result = models.CharField(max_length=9, choices=RowResult.choices)
    lead = models.ForeignKey(
        "leads.Lead", models.SET_NULL, null=True, related_name="import_rows", db_index=False, db_constraint=False
    )
    before = models.JSONField(null=True)

    class Meta:
        ordering = ["run", "number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="import_row_once")]
        indexes = [models.Index(fields=["lead", "run"], name="import_rows_of_a_lead")]

    def __str__(self):
        return f"Row {self.number}: {self.result}"


class ImportProblem(models.Model):
    """Something wrong with one cell or row; `raw` keeps the row for the error file."""

    run = models.ForeignKey(Import, models.CASCADE, related_name="problems", db_index=False)
    number = models.BigIntegerField()
    column = models.CharField(max_length=200, blank=True)
    message = models.CharField(max_length=300)
    rejects = models.BooleanField(help_text="Whether the row was left out; else only the cell was.")
    raw = models.JSONField(null=True)

    class Meta:
        ordering = ["run", "number", "pk"]
        indexes = [models.Index(fields=["run", "number"], name="import_problems_by_row")]

    def __str__(self):
        return f"Row {self.number}, {self.column}: {self.message}"


class RememberedMapping(models.Model):
    """The mapping last used for a header, so that the next file of the same columns needs no mapping."""

    header_key = models.CharField(
        max_length=64, unique=True, help_text="Of the names of the columns (mapping.header_key)."
    )
    header = models.JSONField()
    mapping = models.JSONField()
    used_at = models.DateTimeField()

    class Meta:
        ordering = ["-used_at"]

    def __str__(self):
        return ", ".join(self.header[:4])


class UnansweredWord(models.Model):
    """A word that forms and exports write where nobody answered, such as Select; read as an empty cell."""

    word = models.CharField(max_length=50, unique=True, help_text="Compared without regard to case.")

    class Meta:
        ordering = ["word"]

    def __str__(self):
        return self.word
