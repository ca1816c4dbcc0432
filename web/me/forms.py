from django import forms

from team.enums import Weekday
from team.models import Absence, User
from web.selects import PlainSelect, time_zone_choices


class ProfileForm(forms.ModelForm):
    time_zone = forms.ChoiceField(label="Time zone", widget=PlainSelect)
    work_days = forms.TypedMultipleChoiceField(
        label="Working days",
        choices=Weekday.choices,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one working day."},
    )

    class Meta:
        model = User
        fields = ("name", "time_zone", "work_days", "work_starts", "work_ends", "theme", "shortcuts")
        labels = {
            "work_starts": "Work starts",
            "work_ends": "Work ends",
            "theme": "Look",
            "shortcuts": "Single-key shortcuts",
        }
        widgets = {
            "work_starts": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "work_ends": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "theme": forms.RadioSelect,
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = time_zone_choices(self.instance.time_zone)
        self.fields["name"].widget.attrs["autocomplete"] = "name"


class AbsenceForm(forms.ModelForm):
    class Meta:
        model = Absence
        fields = ("starts_on", "ends_on", "reason")
        labels = {"starts_on": "First day", "ends_on": "Last day"}
        widgets = {
            "starts_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "ends_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }
