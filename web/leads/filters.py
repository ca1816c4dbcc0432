"""The filter bar of the lead list."""

import datetime

import django_filters
from crispy_forms.helper import FormHelper
from django import forms
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from capture.importing.enums import RowResult
from capture.importing.models import Import, ImportRow
from leads.access import ON_SALES_SIDE
from leads.enums import Disposition, Grade, Side, Stage
from leads.models import Campaign, Lead, Source
from team.models import User
from web.leads.forms import DayField, TagsField

# The filters that the index lead_by_facets knows in the order of the score.
FACETS = frozenset(
    column.name
    for index in Lead._meta.indexes
    if index.name == "lead_by_facets"
    for column in index.expressions
    if isinstance(column, F)
)

# What may stand in the address of the list beside the filters.
BESIDE = frozenset({"sort", "col", "after", "before", "panel"})


def _offered(model, name):
    """What the filter `name` offers: of the retired ones those that leads have, or that the address asks for.

    Without a request everything: a saved view goes on whatever retires.
    """

    in_use = Exists(Lead.objects.filter(**{name: OuterRef("pk")}))

    def rows(request):
        if request is None:
            return model.objects.all()
        asked = request.GET.get(name, "")
        return model.objects.filter(
            Q(retired_at__isnull=True) | Q(pk=int(asked) if asked.isdecimal() and len(asked) < 10 else 0) | in_use
        )

    return rows


def _imports(request):
    return Import.objects.all() if request is None else Import.objects.visible_to(request.user)


class TagsFilter(django_filters.Filter):
    field_class = TagsField


class DayFilter(django_filters.Filter):
    field_class = DayField


class LeadFilter(django_filters.FilterSet):
    """Filters of the list; a parameter that is none of them is an error, never a list of everybody.

    A search finds as many as a list shows, or with `everybody`, for what takes them all, every one there is.
    """

    q = django_filters.CharFilter(label="Search", method="search", max_length=200)
    grade = django_filters.MultipleChoiceFilter(
        choices=[*Grade.choices, ("none", "Not graded")], method="graded", widget=forms.CheckboxSelectMultiple
    )
    # Not distinct: no join can double a lead, and DISTINCT would sort everybody before the first is shown.
    stage = django_filters.MultipleChoiceFilter(
        choices=Stage.choices, widget=forms.CheckboxSelectMultiple, distinct=False
    )
    side = django_filters.ChoiceFilter(choices=Side.choices, empty_label="Both", method="on_side")
    owner = django_filters.ModelChoiceFilter(queryset=User.objects.lead_owners(), empty_label="Anybody")
    source = django_filters.ModelChoiceFilter(queryset=_offered(Source, "source"), empty_label="Any")
    campaign = django_filters.ModelChoiceFilter(
        queryset=_offered(Campaign, "campaign"), empty_label="Any", label="First campaign"
    )
    disposition = django_filters.ChoiceFilter(choices=Disposition.choices, empty_label="Any")
    score_from = django_filters.NumberFilter(field_name="score", lookup_expr="gte", label="Score from")
    score_to = django_filters.NumberFilter(field_name="score", lookup_expr="lte", label="Score to")
    entered_from = DayFilter(method="entered_since", label="Entered from")
    entered_to = DayFilter(method="entered_until", label="Entered to")
    tags = TagsFilter(method="tagged", label="Tags")
    of_import = django_filters.ModelChoiceFilter(queryset=_imports, method="brought", empty_label="Any", label="Import")

    class Meta:
        model = Lead
        fields = ()

    def __init__(self, data, *, everybody=False, **kwargs):
        super().__init__(data, **kwargs)
        self.everybody = everybody
        for name in ("score_from", "score_to"):
            # The column is a 32-bit number; anything larger is a mistake, not a question.
            self.form.fields[name] = forms.IntegerField(
                label=self.form.fields[name].label, required=False, min_value=-(10**6), max_value=10**6
            )
        self.form.helper = FormHelper()
        self.form.helper.form_tag = False
        self.form.helper.disable_csrf = True

    def is_valid(self):
        unknown = sorted(set(self.data) - set(self.filters) - BESIDE)
        valid = super().is_valid()
        if unknown and valid:
            self.form.add_error(None, f"{', '.join(unknown)[:200]}: there is no such filter.")
        return valid and not unknown

    @property
    def used(self):
        """How many filters beside the search are set."""
        return len(self._set - {"q"})

    @property
    def are_facets(self):
        """Whether filters are set, and none but FACETS."""
        return bool(self._set) and self._set <= FACETS

    @property
    def given(self):
        """(name, value) of every filter that is set, without the search: what a form has to hold to keep them."""
        return [(name, value) for name in self._set - {"q"} for value in self.data.getlist(name) if value]

    @property
    def _set(self):
        return {name for name in self.filters if any(self.data.getlist(name))}

    def filter_queryset(self, leads):
        """The search comes last: it is cut off after so many hits, which have to be hits of the other filters too."""
        wanted = self.form.cleaned_data
        for name, value in sorted(wanted.items(), key=lambda item: item[0] == "q"):
            leads = self.filters[name].filter(leads, value)
        return leads

    def search(self, leads, name, value):
        return leads.matching_words(value) if self.everybody else leads.search(value)

    def graded(self, leads, name, value):
        grades = ["" if grade == "none" else grade for grade in value]
        return leads.filter(grade__in=grades) if grades else leads

    def on_side(self, leads, name, value):
        return leads.filter(ON_SALES_SIDE if value == Side.SALES else ~ON_SALES_SIDE)

    def entered_since(self, leads, name, value):
        return leads.filter(created_at__gte=_midnight(value))

    def entered_until(self, leads, name, value):
        return leads.filter(created_at__lt=_midnight(value + datetime.timedelta(days=1)))

    def tagged(self, leads, name, value):
        wanted = Q()
        for tag in value:
            wanted &= Q(tags__contains=[tag])
        # Said once more for the index, which leaves the leads without tags out.
        return leads.filter(wanted).exclude(tags=[])

    def brought(self, leads, name, value):
        if value is None:
            return leads
        rows = ImportRow.objects.filter(run=value, result__in=[RowResult.CREATED, RowResult.UPDATED])
        return leads.filter(pk__in=rows.values("lead"))


def _midnight(day):
    return datetime.datetime.combine(day, datetime.time(), timezone.get_current_timezone())
