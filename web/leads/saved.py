"""Saved views of the lead list."""

from django import forms
from django.contrib import messages
from django.http import QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from leads.models import Lead
from web.access import allow
from web.leads import queries
from web.leads.columns import all_columns, columns_of_today
from web.leads.filters import LeadFilter
from web.leads.lists import ListForm, understood
from web.models import SavedView


class ViewForm(forms.ModelForm):
    class Meta:
        model = SavedView
        fields = ("name", "query", "is_shared")

    def clean_query(self):
        """Keeps what the list understands; the place in the list is no part of a view."""
        columns = all_columns(queries.active_fields())
        given = self.cleaned_data["query"]
        kept = QueryDict(understood(given, columns))
        # The columns are looked at as they were given: a new view is made of what there is.
        _, gone = columns_of_today(QueryDict(given).getlist("col"), columns)
        shown = ListForm(kept, columns=columns)
        if gone or not LeadFilter(kept, queryset=Lead.objects.none()).is_valid() or "sort" in shown.errors:
            raise forms.ValidationError("This view cannot be saved: correct its filters, order and columns first.")
        return kept.urlencode()


@require_POST
@allow.everyone_signed_in
def view_save(request):
    """Keeps the filters, order and columns under a name; the same name again replaces the reader's own view."""
    form = ViewForm(request.POST)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, " ".join(errors))
        return redirect("web:lead-list")
    data = form.cleaned_data
    SavedView.objects.update_or_create(
        user=request.user, name=data["name"], defaults={"query": data["query"], "is_shared": data["is_shared"]}
    )
    messages.success(request, f"Saved as {data['name']}.")
    return redirect(f"{reverse('web:lead-list')}?{data['query']}")


@require_POST
@allow.everyone_signed_in
def view_delete(request, pk):
    view = get_object_or_404(SavedView, pk=pk, user=request.user)
    view.delete()
    messages.success(request, f"{view.name} is gone.")
    return redirect("web:lead-list")
