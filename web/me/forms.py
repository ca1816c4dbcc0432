import zoneinfo
from functools import cache

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join

from team.enums import Weekday
from team.models import Absence, User


@cache
def _time_zones():
    # Python opens each of the six hundred files to find out that it is one.
    return sorted(zoneinfo.available_timezones())


class LongSelect(forms.Select):
    """A select of hundreds of options in one go; Django's own renders a template for each."""

    def render(self, name, value, attrs=None, renderer=None):
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((code, flatatt({"selected": code == value}), label) for code, label in self.choices),
        )
        return format_html(
            "<select{}>{}</select>", flatatt(self.build_attrs(self.attrs, {**(attrs or {}), "name": name})), options
        )


class ProfileForm(forms.ModelForm):
    time_zone = forms.ChoiceField(label="Time zone", widget=LongSelect)
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
        present = self.instance.time_zone
        self.fields["time_zone"].choices = [
            (zone, zone.replace("_", " ")) for zone in dict.fromkeys([present, *_time_zones()])
        ]
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
