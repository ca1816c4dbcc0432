from django import forms
from django.core.exceptions import ValidationError

TABS = {"to_accept": "To accept", "today": "Today", "waiting": "Waiting", "all": "All mine"}
MOST_AT_ONCE = 500


class QueueForm(forms.Form):
    """Which tab, and what the asking page shows already."""

    tab = forms.ChoiceField(choices=list(TABS.items()), required=False)
    seen = forms.CharField(required=False, max_length=64)


class IdListField(forms.MultipleChoiceField):
    """The ids of ticked boxes, as integers; which of them are the reader's to touch is for the queryset to say."""

    def to_python(self, value):
        try:
            return sorted({int(one) for one in super().to_python(value) if len(one) < 19})
        except ValueError as error:
            raise ValidationError("Tick leads of the list.") from error

    def validate(self, value):
        if self.required and not value:
            raise ValidationError("Tick at least one lead.", code="required")
        if len(value) > MOST_AT_ONCE:
            raise ValidationError(f"At most {MOST_AT_ONCE} leads at once.")


class AcceptForm(forms.Form):
    """The ticked leads, or `only` the one whose own button was pressed."""

    lead = IdListField(required=False)
    only = forms.IntegerField(required=False, min_value=1)
    tab = forms.ChoiceField(choices=list(TABS.items()), required=False)

    def clean(self):
        if not self.errors and not self.cleaned_data["lead"] and not self.cleaned_data["only"]:
            self.add_error("lead", "Tick at least one lead.")
