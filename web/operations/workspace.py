"""What holds for everybody who uses this installation: name, address, zone, phone region, currency, language."""

import phonenumbers
from django import forms
from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from team.models import Workspace
from web.access import allow
from web.selects import PlainSelect, time_zone_choices


class WorkspaceForm(forms.ModelForm):
    time_zone = forms.ChoiceField(
        label="Time zone", widget=PlainSelect, help_text="That of new people; each chooses another on her profile."
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


@require_http_methods(["GET", "HEAD", "POST"])
@allow.whoever_may("team.change_workspace")
def workspace(request):
    present = Workspace.objects.current()
    region = present.phone_region
    form = WorkspaceForm(request.POST if request.method == "POST" else None, instance=present)
    if request.method == "POST" and form.is_valid():
        saved = form.save()
        messages.success(request, "Saved.")
        if saved.phone_region != region:
            messages.info(
                request,
                f"From now on a number without a country is read as one of {saved.phone_region}. Stored numbers stay "
                "as they were read.",
            )
        return redirect("web:workspace")
    return render(request, "operations/workspace.html", {"form": form}, status=422 if form.errors else 200)
