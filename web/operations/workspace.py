"""What holds for everybody who uses this installation: name, address, zone, phone region, currency, language."""

import json

import phonenumbers
from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from leads.foreign_json import ForeignJSONField
from scoring.actions import regrade_where_days_count
from team.actions import Conflict, save_workspace
from team.models import Workspace
from web.access import allow
from web.selects import PlainSelect, time_zone_choices


class WorkspaceForm(forms.ModelForm):
    """The settings, with what they were when editing began, so that two editors are noticed."""

    was = ForeignJSONField(required=False, widget=forms.HiddenInput)
    time_zone = forms.ChoiceField(
        label="Time zone",
        widget=PlainSelect,
        help_text="Days in rules and in filters of lists are its days. New people start with it.",
    )
    phone_region = forms.ChoiceField(
        label="Phone numbers without a country are of",
        widget=PlainSelect,
        help_text="Counts for numbers entered or imported from now on. Stored ones stay as they were read.",
    )
    language = forms.ChoiceField(
        label="Language",
        widget=PlainSelect,
        choices=settings.LANGUAGES,
        help_text="Which you write to people in. The pages of LeadFunnel are in English.",
    )

    class Meta:
        model = Workspace
        fields = ("name", "postal_address", "time_zone", "phone_region", "currency", "language")
        labels = {"postal_address": "Postal address", "currency": "Currency"}
        help_texts = {
            "name": "Your company, as the page to sign in names it.",
            "postal_address": "The law wants it under mails that go to many.",
            "currency": "Three letters, such as EUR. That of new campaigns; those that exist keep theirs.",
        }
        widgets = {
            "postal_address": forms.Textarea(attrs={"rows": 3, "autocomplete": "street-address"}),
            "name": forms.TextInput(attrs={"autocomplete": "organization"}),
            "currency": forms.TextInput(attrs={"autocomplete": "off"}),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = time_zone_choices(self.instance.time_zone)
        self.fields["phone_region"].choices = [
            (code, f"{code} (+{phonenumbers.country_code_for_region(code)})")
            for code in sorted(phonenumbers.SUPPORTED_REGIONS)
        ]
        self.initial["was"] = {name: getattr(self.instance, name) for name in self._meta.fields}

    def clean_postal_address(self):
        # As it was stored, whichever way the browser ends its lines.
        return "\n".join(self.cleaned_data["postal_address"].splitlines())

    def clean_was(self):
        was = self.cleaned_data["was"]
        return was if isinstance(was, dict) else {}

    @property
    def values(self):
        return {name: self.cleaned_data[name] for name in self._meta.fields}

    def show(self, conflict):
        """Says at each field what somebody else has put there; what was typed stays, and can be saved after that."""
        was = self.cleaned_data["was"]
        for name, now in conflict.saved.items():
            said = f"“{now}”" if now else "nothing"
            self.add_error(name, f"Somebody else has put {said} here meanwhile. Save once more to have yours.")
        self.data = self.data | {"was": json.dumps(was | conflict.saved)}


@require_http_methods(["GET", "HEAD", "POST"])
@allow.whoever_may("team.change_workspace")
def workspace(request):
    """Saves what the reader changed; 409 with what was typed where somebody else changed the same meanwhile."""
    form = WorkspaceForm(
        request.POST.dict() if request.method == "POST" else None, instance=Workspace.objects.current()
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                with transaction.atomic():
                    changed = save_workspace(values=form.values, was=form.cleaned_data["was"])
                    if "time_zone" in changed:
                        regrade_where_days_count(by=request.user, now=timezone.now())
            except Conflict as conflict:
                form.show(conflict)
                status = 409
            else:
                _say(request, form.values, changed)
                return redirect("web:workspace")
    return render(request, "operations/workspace.html", {"form": form}, status=status)


def _say(request, values, changed):
    messages.success(request, "Saved.")
    if "phone_region" in changed:
        messages.info(
            request,
            f"From now on a number without a country is read as one of {values['phone_region']}. Stored numbers stay "
            "as they were read.",
        )
