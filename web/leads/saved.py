"""Saved views of the lead list."""

from django import forms
from django.contrib import messages
from django.http import QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from leads.models import Lead
from team.policies import allow
from web.leads.filters import BESIDE, LeadFilter
from web.models import SavedView


class ViewForm(forms.ModelForm):
    class Meta:
        model = SavedView
        fields = ("name", "query", "is_shared")

    def clean_query(self):
        """Keeps what the list understands; the place in the list is no part of a view."""
        given = QueryDict(self.cleaned_data["query"], mutable=True)
        for name in list(given):
            if name in ("after", "before") or name not in {*LeadFilter.base_filters, *BESIDE}:
                del given[name]
        if not LeadFilter(given, queryset=Lead.objects.none()).is_valid():
            raise forms.ValidationError("These filters cannot be saved: correct them first.")
        return given.urlencode()


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
