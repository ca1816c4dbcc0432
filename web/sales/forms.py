from django import forms

from web.leads.forms import IdListField
from web.tabs import TABS


class AcceptForm(forms.Form):
    """The ticked leads, or `only` the one whose own button was pressed."""

    lead = IdListField(required=False)
    only = forms.IntegerField(required=False, min_value=1)
    tab = forms.ChoiceField(choices=list(TABS.items()), required=False)

    def clean(self):
        if not self.errors and not self.cleaned_data["lead"] and not self.cleaned_data["only"]:
            self.add_error("lead", "Tick at least one lead.")
