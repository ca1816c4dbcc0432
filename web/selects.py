"""Selects that cost little, however many options they have."""

import zoneinfo
from functools import cache

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join

# Of a field of sources or campaigns, for one that is retired since the page was opened.
NOT_OFFERED = {"invalid_choice": "What was chosen here is no longer offered."}


@cache
def _time_zones():
    # Python opens each of the six hundred files to find out that it is one.
    return sorted(zoneinfo.available_timezones())


def time_zone_choices(present):
    """Every time zone as a choice, `present` first."""
    return [(zone, zone.replace("_", " ")) for zone in dict.fromkeys([present, *_time_zones()])]


class PlainSelect(forms.Select):
    """A select with its options in one go; Django's own renders a template for each."""

    def render(self, name, value, attrs=None, renderer=None):
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((code, " selected" if code == value else "", label) for code, label in self.choices),
        )
        return format_html(
            "<select{}>{}</select>", flatatt(self.build_attrs(self.attrs, {**(attrs or {}), "name": name})), options
        )
