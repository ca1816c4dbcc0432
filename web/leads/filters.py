"""The filter bar of the lead list."""

import django_filters
from crispy_forms.helper import FormHelper
from django import forms
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.functional import cached_property

from capture.importing.enums import RowResult
from capture.importing.models import Import, ImportRow
from leads.conditions import ConditionError, Vocabulary, matching, reads
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


def _test(field, op, *value):
    return {"field": field, "op": op} | ({"value": value[0]} if value else {})


# What is asked of other tables, and is no condition; the search last.
_BY_ITSELF = ("of_import", "q")


class LeadFilter(django_filters.FilterSet):
    """Filters of the list; a parameter that is none of them is an error, never a list of everybody.

    All but the search and the import are asked as a condition (docs/conditions.md): one question has one answer.
    A search finds as many as a list shows, or with `everybody`, for what takes them all, every one there is.
    """

    q = django_filters.CharFilter(label="Search", method="search", max_length=200)
    grade = django_filters.MultipleChoiceFilter(
        choices=[*Grade.choices, ("none", "Not graded")], widget=forms.CheckboxSelectMultiple
    )
    stage = django_filters.MultipleChoiceFilter(choices=Stage.choices, widget=forms.CheckboxSelectMultiple)
    side = django_filters.ChoiceFilter(choices=Side.choices, empty_label="Both")
    owner = django_filters.ModelChoiceFilter(queryset=User.objects.lead_owners(), empty_label="Anybody")
    source = django_filters.ModelChoiceFilter(queryset=_offered(Source, "source"), empty_label="Any")
    campaign = django_filters.ModelChoiceFilter(
        queryset=_offered(Campaign, "campaign"), empty_label="Any", label="First campaign"
    )
    disposition = django_filters.ChoiceFilter(choices=Disposition.choices, empty_label="Any")
    score_from = django_filters.NumberFilter(label="Score from")
    score_to = django_filters.NumberFilter(label="Score to")
    entered_from = DayFilter(label="Entered from")
    entered_to = DayFilter(label="Entered to")
    tags = TagsFilter(label="Tags")
    of_import = django_filters.ModelChoiceFilter(queryset=_imports, method="brought", empty_label="Any", label="Import")

    class Meta:
        model = Lead
        fields = ()

    def __init__(self, data, *, everybody=False, **kwargs):
        super().__init__(data, **kwargs)
        self.everybody = everybody
        # The fields that every lead has are all that the filters ask for.
        self.vocabulary = Vocabulary()
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
        valid = super().is_valid() and self._can_be_asked()
        if unknown and valid:
            self.form.add_error(None, f"{', '.join(unknown)[:200]}: there is no such filter.")
        return valid and not unknown

    def _can_be_asked(self):
        """Whether the condition keeps within what conditions may be; else its problems are errors of the form."""
        try:
            if self.condition:
                reads(self.condition, self.vocabulary)
        except ConditionError as error:
            self.form.add_error(None, [problem.message for problem in error.problems])
            return False
        return True

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

    @cached_property
    def condition(self):
        """What the filters ask, beside the search and the import, as a condition; None where they ask nothing."""
        given = ((name, value) for name, value in self.form.cleaned_data.items() if value not in (None, "", []))
        tests = [self._asked(name, value) for name, value in given if name not in _BY_ITSELF]
        return {"all": tests} if tests else None

    def _asked(self, name, value):
        """What one filter asks: with ask_NAME where there is that, else that the field of its name is the value."""
        ask = getattr(self, f"ask_{name}", None)
        return ask(value) if ask else _test(name, "is", getattr(value, "pk", value))

    def ask_grade(self, grades):
        known = [grade for grade in grades if grade != "none"]
        tests = [_test("grade", "in", known)] if known else []
        return {"any": tests + ([_test("grade", "empty")] if "none" in grades else [])}

    def ask_stage(self, stages):
        return _test("stage", "in", stages)

    def ask_side(self, side):
        """By owner and pool, which have indexes: whoever has one is with sales (lead_has_exactly_one_keeper)."""
        with_sales = {"any": [_test("owner", "filled"), _test("pool", "filled")]}
        return with_sales if side == Side.SALES else {"not": with_sales}

    def ask_score_from(self, points):
        return _test("score", "at_least", points)

    def ask_score_to(self, points):
        return _test("score", "at_most", points)

    def ask_entered_from(self, day):
        return {"not": _test("created_at", "before", day.isoformat())}

    def ask_entered_to(self, day):
        return {"not": _test("created_at", "after", day.isoformat())}

    def ask_tags(self, tags):
        return _test("tags", "has_all", tags)

    def filter_queryset(self, leads):
        """The search comes last: it is cut off after so many hits, which have to be hits of the other filters too."""
        wanted = self.form.cleaned_data
        if self.condition:
            leads = matching(leads, self.condition, now=timezone.now(), vocabulary=self.vocabulary)
        for name in _BY_ITSELF:
            leads = self.filters[name].filter(leads, wanted[name])
        return leads

    def search(self, leads, name, value):
        return leads.matching_words(value) if self.everybody else leads.search(value)

    def brought(self, leads, name, value):
        if value is None:
            return leads
        rows = ImportRow.objects.filter(run=value, result__in=[RowResult.CREATED, RowResult.UPDATED])
        return leads.filter(pk__in=rows.values("lead"))
