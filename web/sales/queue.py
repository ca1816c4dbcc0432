"""My queue: one ordered list of the leads a rep has to do something about."""

import hashlib

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from leads.models import Lead
from routing.actions import changing
from routing.actions.handover import accept_all
from routing.queries import queue as queue_of
from scoring.queries import why
from web.access import allow
from web.page import render_page
from web.sales.forms import AcceptForm
from web.tabs import TABS, QueueForm

SHOWN = 100
POLL = "1800ms"  # A lead is on the page within two seconds of reaching the queue, the answer included.


@require_safe
@allow.whoever_may("routing.work_queue")
def queue(request):
    """The page, or for HTMX its list; 204 when the list is what the asking page shows already."""
    form = QueueForm(request.GET)
    if not form.is_valid():
        raise Http404
    return _queue_page(request, form.cleaned_data["tab"], seen=form.cleaned_data["seen"])


@require_POST
@allow.whoever_may("routing.work_queue")
def queue_accept(request):
    """Accepts the ticked leads, those that are the reader's to accept and still wait for it."""
    form = AcceptForm(request.POST)
    if not form.is_valid():
        for error in form.errors.get("lead", ["That list is not known."]):
            messages.warning(request, error)
        return _after(request, "to_accept")
    data = form.cleaned_data
    accepted, missed = _accept([data["only"]] if data["only"] else data["lead"], request.user)
    if accepted:
        messages.success(request, f"Accepted {accepted} lead{'s' if accepted > 1 else ''}.")
    if missed:
        messages.warning(request, f"{missed} of them had gone elsewhere meanwhile.")
    return _after(request, data["tab"])


def _accept(ids, user):
    """(accepted, missed) of the leads with these ids; one that is not the user's, or no longer, is missed."""
    now = timezone.now()
    with changing(by=user, now=now):
        hers = Lead.objects.changeable_by(user).filter(owner=user, pk__in=ids)
        accepted = accept_all(leads=hers, by=user, now=now)
    return len(accepted), len(ids) - len(accepted)


def _after(request, tab):
    if request.htmx:
        return _queue_page(request, tab, with_messages=True)
    return redirect(f"{reverse('web:queue')}?tab={tab}" if tab else "web:queue")


def _queue_page(request, tab, *, seen="", with_messages=False):
    now = timezone.now()
    found = queue_of(request.user, tab=tab or "to_accept", now=now, most=SHOWN + 1)
    if not tab:
        tab = "to_accept" if found.rows else "today"
        found = found if found.rows else queue_of(request.user, tab=tab, now=now, most=SHOWN + 1)
    version = _version(tab, found, now)
    if seen == version:
        return HttpResponse(status=204)
    leads = found.rows[:SHOWN]
    context = {
        "tab": tab,
        "tabs": [(code, label, found.counts[code]) for code, label in TABS.items()],
        "leads": leads,
        "has_more": len(found.rows) > SHOWN,
        "why": why(leads),
        "version": version,
        "poll": POLL,
        "now": now,
        "with_messages": with_messages,
    }
    return render_page(request, "sales/queue.html", context, part="queue-live")


def _version(tab, found, now):
    """A short name for what the list shows; time left is said to the minute, so it changes with the minute too."""
    shown = repr((tab, found, int(now.timestamp()) // 60))
    return hashlib.sha256(shown.encode()).hexdigest()[:16]
