from django import forms

from notices.enums import MailChoice
from notices.models import MailWish
from notices.queries import read_group, read_place
from team.forms import WorkingDaysField
from team.models import Absence, User
from web.selects import PlainSelect, time_zone_choices


class ProfileForm(forms.ModelForm):
    time_zone = forms.ChoiceField(label="Time zone", widget=PlainSelect)
    work_days = WorkingDaysField()

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


class MailWishForm(forms.ModelForm):
    """How she is told by mail. It is written by notices.actions.wish_mail."""

    digest_hour = forms.TypedChoiceField(
        label="Sent at", coerce=int, choices=[(hour, f"{hour:02}:00") for hour in range(24)]
    )

    class Meta:
        model = MailWish
        fields = ("mail", "digest_hour")
        labels = {"mail": "Mail about my leads"}
        widgets = {"mail": forms.RadioSelect}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["mail"].choices = MailChoice.choices
        self.fields["digest_hour"].required = False

    def clean_digest_hour(self):
        hour = self.cleaned_data["digest_hour"]
        return self.instance.digest_hour if hour == "" else hour


class NoticesForm(forms.Form):
    """Which part of the notices is shown, and the moment at which the last ones were marked as read."""

    after = forms.CharField(required=False, max_length=30)
    group = forms.CharField(required=False, max_length=30)
    place = forms.CharField(required=False, max_length=40)
    marked = forms.DateTimeField(required=False)

    def clean(self):
        for name, read in (("after", read_group), ("group", read_group), ("place", read_place)):
            if self.cleaned_data.get(name):
                try:
                    read(self.cleaned_data[name])
                except ValueError as error:
                    self.add_error(name, str(error))


class BellForm(forms.Form):
    """What the asking page's bell shows already, and the newest notice of the page where that lists them."""

    seen = forms.CharField(required=False, max_length=30)
    shown = forms.IntegerField(required=False, min_value=0, max_value=2**63 - 1)


class UpToForm(forms.Form):
    """The number of the newest notice that the page showed."""

    up_to = forms.IntegerField(min_value=1, max_value=2**63 - 1)


class MomentForm(forms.Form):
    marked = forms.DateTimeField()
