from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from leads.enums import Dimension, FieldType
from leads.fields import RESERVED


class FieldDefinition(models.Model):
    """A field that an admin added: `Lead.fields[code]` holds its value in the JSON form of `type`.

    Rating questions are fields with a dimension. Values: text and choice are strings, integer and number are
    numbers, boolean is true or false, date is YYYY-MM-DD, datetime is ISO 8601 in UTC, choices is a list of
    strings. A missing key means not answered; null and "" are never stored.
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
    choices = models.JSONField(default=list, blank=True, help_text="The answers of a choice field, in order.")
    dimension = models.CharField(
        "rating dimension", max_length=20, choices=Dimension.choices, blank=True, help_text="Only for rating questions."
    )
    help_text = models.CharField(max_length=200, blank=True)
    position = models.PositiveIntegerField(default=100)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "label"]
        verbose_name = "field"

    def __str__(self):
        return self.label

    def clean(self):
        """Refuses the code of a built-in field and a choice list that is not a list of different words."""
        super().clean()
        if self.code in RESERVED:
            raise ValidationError({"code": f"{self.code} is a built-in field."})
        words = self.choices
        if not isinstance(words, list) or any(not isinstance(word, str) or not word.strip() for word in words):
            raise ValidationError({"choices": "Give a list of words."})
        if len(set(words)) != len(words):
            raise ValidationError({"choices": "An answer stands twice in the list."})
        if self.type in {FieldType.CHOICE, FieldType.CHOICES} and not words:
            raise ValidationError({"choices": "A choice field needs answers to choose from."})
