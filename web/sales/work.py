"""Work mode: one lead after the other, the outcome and the next step in one press."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from leads.access import can_change_lead
from leads.actions.timeline import log_activity
from leads.activities import kinds
from leads.enums import Outcome
from routing.actions import record_outcome
from routing.enums import PLANS
from routing.queries import queue
from web.access import allow
from web.leads.detail import lead_context, readable_or_404, timeline_context
from web.leads.edits import changing_lead
from web.leads.forms import NEXT_DAYS, OutcomeForm
from web.tabs import TABS, QueueForm

LINED_UP = 500


@require_safe
@allow.whoever_may("routing.work_queue")
def work(request):
    """Opens the first lead of the tab, or says that there is none."""
    tab = _tab(request)
    now = timezone.now()
    if not tab:
        counts = queue(request.user, now=now, most=1).counts
        tab = next((code for code in ("today", "to_accept", "waiting") if counts[code]), "today")
    first = queue(request.user, tab=tab, now=now, most=1).rows
    if not first:
        return render(request, "sales/work_empty.html", {"tab": tab, "label": TABS[tab]})
    return redirect(_place(first[0].pk, tab))


@require_safe
@allow.whoever_may("routing.work_queue")
def work_lead(request, pk):
    return work_page(request, readable_or_404(request, pk), _tab(request) or "all")


@require_POST
@allow.whoever_may("routing.work_queue")
def work_outcome(request, pk):
    """Logs the outcome or, without one, keeps the note; then goes on to the next lead of the tab."""
    tab = _tab(request) or "all"
    form = OutcomeForm(request.POST)
    line = _line(request.user, tab, timezone.now())
    try:
        with changing_lead(request, pk) as (change, lead):
            if not form.is_valid():
                return work_page(request, lead, tab, status=422, outcome_form=form)
            said = _record(change, lead, form.cleaned_data)
    except ValidationError as error:
        form.add_error(None, error.messages)
        return work_page(request, lead, tab, status=422, outcome_form=form)
    if said:
        messages.success(request, f"{lead.name}: {said}")
    following = _neighbours(line, pk)[1]
    return redirect(_place(following, tab) if following else f"{reverse('web:work')}?tab={tab}")


def work_page(request, lead, tab, *, status=200, **more):
    """Renders a lead in work mode, in the line of the tab; PermissionDenied for whoever may not write to it."""
    if not can_change_lead(request.user, lead):
        raise PermissionDenied
    context = lead_context(request, lead)
    context |= timeline_context(lead, words=context["words"])
    line = _line(request.user, tab, context["now"])
    before, after = _neighbours(line, lead.pk)
    context |= {
        "tab": tab,
        "tab_label": TABS[tab],
        "line_length": len(line),
        "previous_url": _place(before, tab) if before else "",
        "next_url": _place(after, tab) if after else "",
        "plans": list(PLANS.values()),
        "next_days": NEXT_DAYS,
    }
    return render(request, "sales/work_lead.html", context | more, status=status)


def _record(change, lead, data):
    """What to say about it; "" where there is neither an outcome nor a note."""
    if data["outcome"]:
        result = record_outcome(lead=lead, by=change.by, now=change.now, **data)
        said = f"{Outcome(data['outcome']).label.lower()}"
        if result.task:
            said += f", next {timezone.localtime(result.task.due_at):%a %-d %b}"
        elif result.ended:
            said += ", back with marketing"
    elif data["note"]:
        log_activity(change, lead=lead, kind=kinds.NOTE.code, payload={"note": data["note"]})
        said = "note kept"
    else:
        return ""
    return f"{said}."


def _tab(request):
    form = QueueForm(request.POST if request.method == "POST" else request.GET)
    if not form.is_valid():
        raise Http404
    return form.cleaned_data["tab"]


def _line(user, tab, now):
    return [row.pk for row in queue(user, tab=tab, now=now, most=LINED_UP).rows]


def _neighbours(line, pk):
    """(before, after) in the line, None at its ends; a lead that has left the line goes on at its start."""
    if pk not in line:
        return None, (line[0] if line else None)
    here = line.index(pk)
    return (line[here - 1] if here else None), (line[here + 1] if here + 1 < len(line) else None)


def _place(pk, tab):
    return f"{reverse('web:work-lead', args=[pk])}?tab={tab}"
