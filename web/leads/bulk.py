"""Handing many leads to a rep: preview with the count and named examples, go, undo."""

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from leads.activities import Because
from leads.models import Lead
from routing.actions import assign, changing
from routing.models import Handover
from team.models import User
from web.access import allow
from web.leads.filters import LeadFilter
from web.leads.forms import IdListField
from web.leads.lists import UNDO

MOST = 10_000
UNDO_UP_TO = 500
EXAMPLES = 5


class AssignForm(forms.Form):
    """Either ticked leads or, with `everything`, all that the list's query string finds.

    `go`: how many the preview promised to give; without it the preview is asked for.
    """

    lead = IdListField(required=False)
    everything = forms.BooleanField(required=False)
    query = forms.CharField(required=False, max_length=4000)
    to = forms.ModelChoiceField(
        User.objects.active().lead_owners(), error_messages={"required": "Choose who gets them."}
    )
    reason = forms.CharField(max_length=150, required=False)
    go = forms.IntegerField(required=False, min_value=1)


@require_POST
@allow.whoever_may("leads.assign_lead")
def lead_assign(request):
    """The preview, or with `go` the deed; should the leads have become more or fewer since, the preview again."""
    form = AssignForm(request.POST)
    leads = _chosen(request.user, form) if form.is_valid() else None
    if leads is None:
        for errors in form.errors.values():
            messages.error(request, " ".join(errors))
        return _back(form)
    # Without an order: found best first, a rare word would be looked for along the score.
    ids = sorted(leads.order_by().values_list("pk", flat=True)[: MOST + 1])
    total = len(ids)
    if not 0 < total <= MOST:
        too_many = f"At most {MOST:,} leads at once: narrow the list."
        messages.error(request, too_many if total else "None of those leads is yours to give.")
        return _back(form)
    promised = form.cleaned_data["go"]
    if promised == total:
        return _go(request, form, ids)
    if promised:
        messages.warning(
            request, f"There were {promised:,} of them, now there are {total:,}. Nobody was given away yet."
        )
    context = {
        "form": form,
        "total": total,
        "to": form.cleaned_data["to"],
        "examples": Lead.objects.filter(pk__in=ids).with_people().order_by("-score", "-pk")[:EXAMPLES],
        "ids": form.cleaned_data["lead"],
    }
    return render(request, "leads/assign.html", context)


@require_POST
@allow.whoever_may("leads.assign_lead")
def assign_undo(request):
    """Gives the leads of the last hand-out back to whom they were taken from.

    Only those still under the hand-over it opened: whom somebody else has given on since then stays there.
    """
    last = request.session.pop(UNDO, {})
    now = timezone.now()
    given_back = 0
    for owner in User.objects.active().filter(pk__in=last):
        try:
            opened = Handover.objects.open().filter(pk__in=last[str(owner.pk)])
            with changing(by=request.user, now=now) as change:
                # Held before they are looked at, so that nobody gives them on in between.
                ids = change.writable_ids(Lead.objects.filter(pk__in=opened.values("lead")))
                still = list(opened.filter(lead__in=ids).values_list("lead", flat=True))
                given_back += assign(leads=still, to=owner, by=request.user, now=now, reason=Because("undone")).given
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
    messages.success(request, f"{given_back} back where they were." if given_back else "There is nothing to undo.")
    return redirect("web:lead-list")


def _chosen(user, form):
    """The leads to give, narrowed to those the user may change; None, with the reason on the form, without any."""
    data = form.cleaned_data
    leads = Lead.objects.changeable_by(user)
    if not data["everything"]:
        if not data["lead"]:
            form.add_error("lead", "Tick at least one lead.")
            return None
        return leads.filter(pk__in=data["lead"])
    filters = LeadFilter(QueryDict(data["query"]), queryset=leads, everybody=True)
    if not filters.is_valid():
        form.add_error("query", "The filters do not hold: correct them first.")
        return None
    return filters.qs


def _go(request, form, ids):
    to = form.cleaned_data["to"]
    now = timezone.now()
    reason = form.cleaned_data["reason"] or Because("by_hand")
    try:
        with changing(by=request.user, now=now) as change:
            ids = change.writable_ids(ids)
            hers = Lead.objects.filter(pk__in=ids, owner__isnull=False).exclude(owner=to)
            before = dict(hers.values_list("pk", "owner"))
            done = assign(leads=ids, to=to, by=request.user, now=now, reason=reason)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return _back(form)
    if done.given:
        messages.success(request, f"{done.given:,} lead{'s' if done.given != 1 else ''} given to {to}.")
    if done.skipped:
        messages.warning(request, f"{done.skipped:,} stayed: closed, or with {to} already.")
    request.session.pop(UNDO, None)
    if 0 < len(before) <= UNDO_UP_TO:
        undo = {}
        opened = Handover.objects.open().filter(lead__in=before, owner=to)
        for handover, lead in opened.order_by("pk").values_list("pk", "lead"):
            undo.setdefault(str(before[lead]), []).append(handover)
        request.session[UNDO] = undo
    return _back(form)


def _back(form):
    query = form.data.get("query", "")
    return redirect(f"{reverse('web:lead-list')}?{query}" if query else "web:lead-list")
