"""Moving somebody to another stage by hand."""

from django.core.exceptions import ValidationError
from django.views.decorators.http import require_POST

from leads.actions.lifecycle import move_by_hand
from leads.enums import Stage
from web.access import allow
from web.leads.detail import lead_page, readable_or_404
from web.leads.edits import after_change, changing_lead
from web.leads.forms import StageForm
from web.leads.moves import evidence_of


@require_POST
@allow.everyone_signed_in
def lead_stage(request, pk):
    """Moves the lead, or says what is missing; 403 for whoever overrules a definition without the right."""
    try:
        with changing_lead(request, pk) as (change, lead):
            form = StageForm(request.POST, evidence=evidence_of(lead, change.definitions))
            if not form.is_valid():
                return lead_page(request, lead, status=422, stage_form=form)
            moved = move_by_hand(change, lead=lead, **form.cleaned_data)
    except ValidationError as error:
        form.add_error(None, error)
        return lead_page(request, readable_or_404(request, pk), status=422, stage_form=form)
    label = Stage(form.cleaned_data["to"]).label.lower()
    return after_change(request, pk, f"Now a {label}." if moved else f"That is a {label} already.", change)
