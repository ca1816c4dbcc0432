"""The addresses, numbers and ids of a lead beside the main ones."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from leads.actions.other_keys import add_key, drop_key, make_main
from web.access import allow
from web.leads.detail import lead_page, readable_or_404
from web.leads.edits import after_change, changing_lead
from web.leads.forms import OtherKeyForm


@require_POST
@allow.everyone_signed_in
def key_add(request, pk):
    form = OtherKeyForm(request.POST)
    try:
        with changing_lead(request, pk) as (change, lead):
            if form.is_valid():
                add_key(change, lead=lead, **form.cleaned_data)
    except ValidationError as error:
        form.add_error(None, error.messages)
    if form.errors:
        return lead_page(request, readable_or_404(request, pk), status=422, key_form=form)
    return after_change(request, pk, "Added.", change)


@require_POST
@allow.everyone_signed_in
def key_main(request, pk, key_pk):
    try:
        with changing_lead(request, pk) as (change, lead):
            make_main(change, other=get_object_or_404(lead.other_keys, pk=key_pk))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return after_change(request, pk, "")
    return after_change(request, pk, "Now the main one.", change)


@require_POST
@allow.everyone_signed_in
def key_drop(request, pk, key_pk):
    with changing_lead(request, pk) as (change, lead):
        drop_key(change, other=get_object_or_404(lead.other_keys, pk=key_pk))
    return after_change(request, pk, "Removed.", change)
