"""The lead list: filters, columns, saved views, export."""

from typing import NamedTuple

from django import forms
from django.db.models import Q
from django.http import QueryDict, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from leads.csv_export import lead_lines
from leads.models import Lead
from leads.queries import COUNT_CAP
from team.enums import Reach
from team.models import User
from team.roles import may, reaches
from web.access import allow
from web.leads import queries
from web.leads.columns import STANDARD, all_columns, cells, columns_of_today, reading
from web.leads.filters import BESIDE, LeadFilter
from web.leads.keyset import SORTS, Page, near, page_of, read_place
from web.models import SavedView
from web.page import render_page

# Where the session keeps {owner's id: the hand-overs by which leads were taken from her} of the last hand-out.
UNDO = "undo-hand-out"


class ListForm(forms.Form):
    """What of the list is shown: its order, columns and place, and whether the panel of filters stands open."""

    sort = forms.ChoiceField(choices=[(code, sort.label) for code, sort in SORTS.items()], required=False)
    col = forms.MultipleChoiceField(required=False)
    after = forms.CharField(required=False, max_length=30)
    before = forms.CharField(required=False, max_length=30)
    panel = forms.BooleanField(required=False)

    def __init__(self, data, *, columns):
        super().__init__(data)
        self.fields["col"].choices = [(column.code, column.label) for column in columns.values()]

    def clean(self):
        for name in ("after", "before"):
            if self.cleaned_data.get(name):
                try:
                    read_place(self.cleaned_data[name])
                except ValueError as error:
                    self.add_error(name, str(error))


class Found(NamedTuple):
    """The leads that a query string finds; `ids` when they are few enough to be known, else None."""

    leads: object
    ids: list | None

    @property
    def count(self):
        return f"{COUNT_CAP:,}+" if self.ids is None else f"{len(self.ids):,}"


@require_safe
@allow.everyone_signed_in
def lead_list(request):
    definitions = queries.active_fields()
    known = all_columns(definitions)
    filters = LeadFilter(request.GET, queryset=Lead.objects.visible_to(request.user), request=request)
    filters_hold = filters.is_valid()
    if request.htmx and request.htmx.target == "filter-panel":
        return render_page(request, "leads/list.html", {"filters": filters}, part="filter-panel")
    gone = _without_gone_columns(request, known)
    form = ListForm(request.GET, columns=known)
    if form.is_valid() and filters_hold:
        found = find(filters)
        place = {name: form.cleaned_data[name] for name in ("after", "before")}
        sort = form.cleaned_data["sort"] or "best"
        columns = [known[code] for code in form.cleaned_data["col"] or STANDARD]
        leads = found.leads
        if found.ids is None and filters.are_facets and Reach.EVERYBODY in reaches(request.user, "leads.view_lead"):
            # Whoever sees only some leads finds them through their owner or pool.
            leads = near(leads, sort=sort, **place)
        page = page_of(reading(leads, columns), sort=sort, **place)
        status = 200
    else:
        found, sort, columns, page, status = None, "best", [known[code] for code in STANDARD], Page([], "", ""), 400
    fields = {field.code: field for field in definitions}
    reps = User.objects.active().lead_owners() if may(request.user, "leads.assign_lead") else None
    context = {
        "filters": filters,
        "shows_panel": form.is_valid() and form.cleaned_data["panel"],
        "panel_query": query_without(request, "after", "before", panel="1"),
        "form": form,
        "found": found,
        "sort": sort,
        "sorts": SORTS.items(),
        "columns": [column for column in columns if column.code != "grade"],
        "shows_grade": any(column.code == "grade" for column in columns),
        "gone_columns": gone,
        "known_columns": known.values(),
        "chosen": {column.code for column in columns},
        "rows": [(lead, cells(lead, columns, fields)) for lead in page.rows],
        "query": query_without(request, "after", "before", "panel"),
        "filter_query": query_without(request, "after", "before", "panel", "sort", "col"),
        "after_query": query_without(request, "before", "panel", after=page.after) if page.after else "",
        "before_query": query_without(request, "after", "panel", before=page.before) if page.before else "",
        "views": saved_views(request.user, known),
        "undo_count": sum(len(taken) for taken in request.session.get(UNDO, {}).values()),
        "reps": reps,
        "selectable": reps is not None,
        "now": timezone.now(),
    }
    return render_page(request, "leads/list.html", context, part="leads", target="leads", status=status)


@require_safe
@allow.whoever_may("leads.export_lead")
def lead_export(request):
    """Every lead that the filters find and the reader may export, as CSV; a bad filter is said, nothing exported."""
    exportable = Lead.objects.exportable_by(request.user)
    filters = LeadFilter(request.GET, queryset=exportable, request=request, everybody=True)
    if not filters.is_valid():
        return lead_list(request)
    response = StreamingHttpResponse(lead_lines(filters.qs), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="leads-{timezone.localdate():%Y-%m-%d}.csv"'
    return response


def find(filters):
    """`Found` by valid filters.

    A rare filter is answered by its few ids first: asked for in the order of the score, the planner would walk the
    score index through everybody else. One query.
    """
    ids = list(filters.qs.order_by().values_list("pk", flat=True)[: COUNT_CAP + 1])
    these = Lead.objects.filter(pk__among=ids) if ids else Lead.objects.none()
    if len(ids) > COUNT_CAP:
        # A search is cut off there anyway; asked again, it might find others.
        return Found(these if filters.data.get("q") else filters.qs, None)
    return Found(these, ids)


def _without_gone_columns(request, known):
    """Has the page, and every link on it, ask for columns that there are; returns the codes of the others."""
    if "col" not in request.GET:
        return []
    request.GET = request.GET.copy()
    shown, gone = columns_of_today(request.GET.getlist("col"), known)
    request.GET.setlist("col", shown)
    return gone


def query_without(request, *names, **changed):
    """The query string without the parameters `names`, and with those in `changed` set."""
    query = request.GET.copy()
    for name in (*names, *changed):
        query.pop(name, None)
    for name, value in list(query.lists()):
        kept = [one for one in value if one]
        if kept:
            query.setlist(name, kept)
        else:
            del query[name]
    for name, value in changed.items():
        query[name] = value
    return query.urlencode()


def understood(query, columns):
    """The query string without the columns and parameters that the list does not know, and without a place in it."""
    given = QueryDict(query, mutable=True)
    for name in list(given):
        if name in ("after", "before", "panel") or name not in {*LeadFilter.base_filters, *BESIDE}:
            del given[name]
    if "col" in given:
        given.setlist("col", columns_of_today(given.getlist("col"), columns)[0])
    return given.urlencode()


def saved_views(user, columns):
    """The reader's own views and those shared by others, each asking for columns that there still are."""
    views = list(SavedView.objects.filter(Q(user=user) | Q(is_shared=True)).select_related("user"))
    for view in views:
        view.query = understood(view.query, columns)
    return views
