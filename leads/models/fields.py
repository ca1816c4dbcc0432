from functools import cached_property

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Func, Q

from leads.enums import Dimension, FieldType
from leads.fields import is_taken
from leads.fields.answers import CODE_LIMIT, LABEL_LIMIT, Answers, Choice

# Of each answer what a Choice holds, in order. By hand: Django takes a millisecond to put as much together, each time.
_LISTED_ANSWERS = """(
    SELECT coalesce(jsonb_agg(jsonb_build_array(answer.code, answer.label, answer.retired_at IS NOT NULL, (
        SELECT jsonb_agg(label.label ORDER BY label.version)
        FROM leads_answerlabel AS label WHERE label.answer_id = answer.id
    )) ORDER BY answer.position, answer.id), '[]')
    FROM leads_answer AS answer WHERE answer.field_id = %(expressions)s
)"""


class FieldDefinitionQuerySet(models.QuerySet):
    def with_answers(self):
        """Loads what `answer_list` needs, in the same query."""
        listed = Func(F("pk"), template=_LISTED_ANSWERS, output_field=models.JSONField())
        return self.annotate(listed_answers=listed)

    def using_answers(self):
        """The fields that have a list of answers."""
        return self.filter(type__in=[FieldType.CHOICE, FieldType.CHOICES])


class FieldDefinition(models.Model):
    """A field that an admin added: `Lead.fields[code]` holds its value in the JSON form of `type`.

    Rating questions are fields with a dimension. Values: text is a string, choice the code of an Answer, integer and
    number are numbers, boolean is true or false, date is YYYY-MM-DD, datetime is ISO 8601 in UTC, choices is a list
    of codes of Answers. A missing key means not answered; null and "" are never stored.
    """

    code = models.CharField(
        max_length=50,
        unique=True,
        validators=[
            RegexValidator(r"^[a-z][a-z0-9_]*\Z", "Use small letters, digits and underscores, and start with a letter.")
        ],
    )
    label = models.CharField(max_length=100)
    type = models.CharField(max_length=10, choices=FieldType.choices, default=FieldType.TEXT)
    dimension = models.CharField(
        "rating dimension", max_length=20, choices=Dimension.choices, blank=True, help_text="Only for rating questions."
    )
    help_text = models.CharField(max_length=200, blank=True)
    position = models.PositiveIntegerField(default=100)
    is_active = models.BooleanField(default=True)

    objects = FieldDefinitionQuerySet.as_manager()

    class Meta:
        ordering = ["position", "label"]
        verbose_name = "field"

    def __str__(self):
        return self.label

    @cached_property
    def answer_list(self):
        """The Answers of the field, retired ones included; needs with_answers()."""
        return Answers(
            tuple(
                Choice(code, label, is_retired, tuple(labels or ()))
                for code, label, is_retired, labels in self.listed_answers
            )
        )

    def clean(self):
        """Refuses the code of a built-in field."""
        super().clean()
        if is_taken(self.code):
            raise ValidationError({"code": f"{self.code} is a built-in field."})


class Answer(models.Model):
    """What may be answered to a choice field. The code is what leads and rules keep: it never changes.

    A retired answer is no longer offered; it is still shown, kept and counted on the leads that have it. Written by
    leads.actions.answers.
    """

    field = models.ForeignKey(FieldDefinition, models.PROTECT, related_name="answers")
    code = models.CharField(max_length=CODE_LIMIT, editable=False)
    label = models.CharField(max_length=LABEL_LIMIT)
    position = models.PositiveIntegerField(default=0)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["field", "position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["field", "code"], name="answer_code_once_in_a_field"),
            models.UniqueConstraint(
                fields=["field", "label"], name="answer_label_once_in_a_field", deferrable=models.Deferrable.DEFERRED
            ),
            models.CheckConstraint(condition=~Q(code="") & ~Q(label=""), name="answer_has_code_and_label"),
        ]

    def __str__(self):
        return self.label


class AnswerLabel(models.Model):
    """What an answer was called from `since` on, until the next version: rows that never change name the version."""

    answer = models.ForeignKey(Answer, models.CASCADE, related_name="labels")
    version = models.PositiveIntegerField()
    label = models.CharField(max_length=LABEL_LIMIT)
    since = models.DateTimeField()

    class Meta:
        ordering = ["answer", "version"]
        constraints = [models.UniqueConstraint(fields=["answer", "version"], name="answer_label_version_once")]

    def __str__(self):
        return f"{self.label} (version {self.version})"
