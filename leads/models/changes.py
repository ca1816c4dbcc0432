import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Func, Q, Value

from jobs.enums import Lane
from jobs.models import Waiting, Work
from leads.enums import ChangeKind

HISTORY = (ChangeKind.GRADE, ChangeKind.SCORE)


class ChangeRow(models.Model):
    """What became different about a lead, written by the statement that changed it; never updated.

    | kind | `was` and `became` | beside |
    |---|---|---|
    | grade | grades; the first one was "" | `score` and `model_version` from then on |
    | score | "" | the same, and `at` since when: the last score of a day (UTC) that another day has replaced, of leads
    on the sales side |
    | stage, disposition | their codes | `reference`: the seq of the Transition |
    | side | its codes | `reference`: the id of the hand-over that began or ended |
    | owner | ids of users, "" for nobody | `reference`: the id of her hand-over |
    | created | "" | nothing: all of a new lead is new |
    | touched | "" | codes of `fields` and `kinds` of activity: one row for each lead and transaction |
    | gone | whose it was, "" for nobody; "" | `facts`, where it was somebody's: see below |

    The facts of a lead that is gone: {"name", "by": id of a user or null, "by_name", and why (leads.actions.removal)}.

    Rows of grades and scores are history. The others are news: they say what is kept elsewhere for good, or what nobody
    has to know for good, and are pruned (leads.changes.pruning). `position` orders transactions
    (leads.changes.following).
    """

    pk = models.CompositePrimaryKey("lead_id", "id")
    # Unchecked by the database (docs/adr/0008): a row is written beside the lead, and deleted with it. Only the one
    # that says that the lead is gone outlives it, and has no lead to be loaded or joined.
    lead = models.ForeignKey("leads.Lead", models.CASCADE, related_name="changes", db_index=False, db_constraint=False)
    # Numbered by the database.
    id = models.BigIntegerField(editable=False, db_default=Func(Value("leads_changerow_id_seq"), function="nextval"))
    position = models.BigIntegerField()
    kind = models.CharField(max_length=11, choices=ChangeKind.choices)
    at = models.DateTimeField()
    was = models.CharField(max_length=20, db_default="")
    became = models.CharField(max_length=20, db_default="")
    score = models.IntegerField(null=True)
    model_version = models.PositiveIntegerField(null=True)
    reference = models.BigIntegerField(null=True)
    fields = ArrayField(models.TextField(), null=True)
    kinds = ArrayField(models.TextField(), null=True)
    facts = models.JSONField(null=True)

    class Meta:
        ordering = ["position", "id"]
        # That there is one score a day at most, an index on an expression says, which the migration makes.
        indexes = [models.Index(fields=["position", "id"], name="change_in_order")]

    def __str__(self):
        return f"{self.kind} of {self.lead_id} at {self.at:%Y-%m-%d %H:%M}"


class ChangeClock(models.Model):
    """Where the count of `ChangeRow.position` stands: one row, written by the database (leads_change_position()).

    `written_as` and `written_by`: in which table, by its oid, and by which transaction the row was written. What was
    restored says something else there than is true of it.
    """

    position_offset = models.BigIntegerField()
    written_as = models.BigIntegerField()
    written_by = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_change_clock")]

    def __str__(self):
        return f"{self.position_offset}"


class FollowerCursor(Waiting):
    """How far a follower of the changes has come: it has read all rows up to (`position`, `change_id`)."""

    code = models.CharField(max_length=50, primary_key=True)
    position = models.BigIntegerField()
    change_id = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField()

    # How far it is behind stands on Status by itself; as waiting work it counts only after it has failed. A database
    # or a broker may be away for a night.
    WORK = Work(
        name="Followers that failed",
        lane=Lane.SETTLE,
        undone=Q(attempts__gt=0),
        asked_at="moved_at",
        late_after=datetime.timedelta(minutes=5),
        most_attempts=24,
    )

    def __str__(self):
        return self.code
