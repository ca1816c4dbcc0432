"""The tabs of a rep's queue. What is opened from one names it in its address, and so leads back there."""

from django import forms

TABS = {"to_accept": "To accept", "today": "Today", "waiting": "Waiting", "all": "All mine"}


class QueueForm(forms.Form):
    """Which tab, and what the asking page shows already."""

    tab = forms.ChoiceField(choices=list(TABS.items()), required=False)
    seen = forms.CharField(required=False, max_length=64)
