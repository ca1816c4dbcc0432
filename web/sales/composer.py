"""What a person does on a lead: log a contact, promise and keep a next step, accept, return, reject."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from leads.actions.task import add_task, complete_task
from leads.actions.timeline import log_activity
from leads.models import Lead, Task
from routing.actions import accept, reject, return_lead
from web.access import allow
from web.leads.detail import lead_page
from web.leads.edits import after_change, changing_lead, working_tab
from web.leads.forms import LogForm, ReasonForm, RejectForm, TaskForm
from web.sales.work import work_page


@require_POST
@allow.everyone_signed_in
def lead_log(request, pk):
    form = LogForm(request.POST)
    with changing_lead(request, pk) as (change, lead):
        if not form.is_valid():
            return lead_page(request, lead, status=422, log_form=form)
        note = form.cleaned_data["note"]
        log_activity(change, lead=lead, kind=form.cleaned_data["kind"], payload={"note": note} if note else {})
    return after_change(request, pk, "On the timeline.", change)


@require_POST
@allow.everyone_signed_in
def task_add(request, pk):
    form = TaskForm(request.POST)
    with changing_lead(request, pk) as (change, lead):
        if form.is_valid():
            assignee = lead.owner or request.user
            try:
                add_task(lead=lead, **form.cleaned_data, assignee=assignee, by=request.user, now=change.now)
            except ValidationError as error:
                form.add_error(None, error.messages)
        if form.errors:
            return lead_page(request, lead, status=422, task_form=form)
    return after_change(request, pk, "Next step added.", change)


@require_POST
@allow.everyone_signed_in
def task_done(request, pk, task_pk):
    with changing_lead(request, pk) as (change, lead):
        task = get_object_or_404(Task.objects.visible_to(request.user), pk=task_pk, lead=lead)
        done = complete_task(change, task=task)
    return after_change(request, pk, "Done." if done else "That was done already.", change)


@require_POST
@allow.everyone_signed_in
def lead_accept(request, pk):
    return _settle(request, pk, accept, "Accepted.")


@require_POST
@allow.everyone_signed_in
def lead_return(request, pk):
    return _settle(request, pk, return_lead, "Returned to marketing.", ReasonForm(request.POST), name="return_form")


@require_POST
@allow.everyone_signed_in
def lead_reject(request, pk):
    text = "Rejected; marketing has it back."
    return _settle(request, pk, reject, text, RejectForm(request.POST), name="reject_form")


def _settle(request, pk, action, text, form=None, *, name=""):
    """Runs an action of a hand-over; a refusal is said on the page, with nothing changed and nothing typed lost.

    `name` is what the page calls the form.
    """
    try:
        with changing_lead(request, pk) as (change, lead):
            if form is not None and not form.is_valid():
                return _asked_again(request, lead, name, form)
            action(lead=lead, by=request.user, now=change.now, **(form.cleaned_data if form else {}))
    except ValidationError as error:
        if form is not None and getattr(error, "code", None) != "gone":
            form.add_error(None, error.messages)
            return _asked_again(request, lead, name, form)
        messages.error(request, " ".join(error.messages))
        return after_change(request, pk, "")
    if Lead.objects.visible_to(request.user).filter(pk=pk).exists():
        return after_change(request, pk, text, change)
    # A rep no longer reads what she gave back.
    messages.success(request, text)
    tab = working_tab(request)
    if tab:
        return redirect(f"{reverse('web:work')}?tab={tab}")
    return HttpResponseClientRedirect(reverse("web:queue")) if request.htmx else redirect("web:queue")


def _asked_again(request, lead, name, form):
    """The page the form was sent from, with the form open, what was typed in it, and what is wrong with that."""
    tab = working_tab(request)
    if tab:
        return work_page(request, lead, tab, status=422, **{name: form})
    return lead_page(request, lead, status=422, **{name: form})
