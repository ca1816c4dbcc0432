"""Changing facts and answers, and entering a new lead by hand."""

from collections import defaultdict
from contextlib import contextmanager
from typing import NamedTuple

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from leads.access import can_see_lead
from leads.actions.record import change_lead, create_lead, note_entered_again
from leads.actions.timeline import log_activity
from leads.activities import kinds
from leads.fields import BY_CODE, TYPED
from leads.intake.newcomers import KnownMeanwhile, look_again_for_one
from leads.intake.resolving import matches_of
from leads.models import Lead
from routing.actions import changing
from scoring.queries import published_with_questions
from web.access import allow
from web.leads import queries
from web.leads.detail import lead_page
from web.leads.facts import as_original, said, value_of
from web.leads.forms import EditForm, NewLeadForm
from web.tabs import QueueForm

MOST_ATTEMPTS = 3
KNOWN_TO_OTHERS = (
    "This person is known already and is with {side}. What you entered is on the timeline there for them to see; "
    "what was known stays as it is, and nothing is left for you to do."
)


@require_POST
@allow.everyone_signed_in
def lead_edit(request, pk):
    """Saves the fields named in `field`; 409 with both versions where somebody else changed one of them meanwhile."""
    codes = tuple(dict.fromkeys(request.POST.getlist("field")))
    try:
        with changing_lead(request, pk, answers=not set(TYPED).issuperset(codes)) as (change, lead):
            definitions = [field for field in change.definitions if field.is_active]
            known = {*TYPED, *(field.code for field in definitions)}
            if not codes or not known.issuperset(codes):
                raise Http404
            codes = tuple(code for code in codes if request.POST.get(f"keep-{code}") != "now")
            form = EditForm(request.POST, lead=lead, codes=codes, definitions=definitions)
            if not form.is_valid():
                return _again(request, lead, form)
            if form.conflicts(lead):
                return lead_page(request, lead, status=409, conflict=_versions(form, lead, definitions))
            changed = change_lead(change, lead=lead, values=form.mine)
    except ValidationError as error:
        form.add_problems(error)
        return _again(request, lead, form)
    return after_change(request, pk, "Saved." if changed else "Nothing was different.", change)


@require_http_methods(["GET", "HEAD", "POST"])
@allow.whoever_may("leads.add_lead")
def lead_new(request):
    """Quick entry; the lead is graded and, where the policy says so, handed over before the answer comes.

    Nobody is entered twice: whoever is certainly known (leads.intake.resolving) is linked to where the user may see
    her; else what was typed goes on her timeline, and the user learns no more than which side keeps her. Where it is
    doubtful, the user says whether this is another person.
    """
    _, definitions = published_with_questions(queries.active_fields())
    form = NewLeadForm(request.POST if request.method == "POST" else None, definitions=definitions)
    entered = Entered()
    if request.method == "POST" and form.is_valid():
        try:
            entered = _enter(request, form)
        except ValidationError as error:
            form.add_problems(error)
        if hidden := entered.hidden:
            messages.info(request, KNOWN_TO_OTHERS.format(side=hidden.get_side_display().lower()))
            return redirect("web:lead-new")
        if lead := entered.new:
            messages.success(request, f"{lead.name} is in, {_standing(lead)}.")
            seen = can_see_lead(request.user, lead)
            return redirect(reverse("web:lead-detail", args=[lead.pk]) if seen else "web:lead-new")
    status = 422 if entered.known or form.errors else 200
    context = {"form": form, "known": entered.known, "is_certain": entered.is_certain}
    return render(request, "leads/new.html", context, status=status)


@contextmanager
def changing_lead(request, pk, *, answers=False):
    """The door (routing.actions.changing) for a page about one lead: gives the change and the lead as it is now.

    Http404 for a lead that is gone or that the reader does not see, PermissionDenied for one she may only read.
    """
    try:
        with changing([pk], by=request.user, now=timezone.now(), answers=answers) as change:
            yield change, change.writable(pk)
    except Lead.DoesNotExist as error:
        raise Http404 from error


def after_change(request, pk, text, change=None):
    """The lead page as it is now, with `text` as a notice; her home page for somebody who no longer may read the lead.

    What the change has read of the fields is not read again.
    """
    if text:
        messages.success(request, text)
    lead = queries.readable_lead(request.user, pk)
    tab = working_tab(request)
    if lead is None:
        # The change itself took it from her: the letter fell before she accepted it.
        messages.info(request, "The lead is with marketing again: it is no longer graded for sales.")
        place = f"{reverse('web:work')}?tab={tab}" if tab else reverse("web:home")
        return HttpResponseClientRedirect(place) if request.htmx else redirect(place)
    if tab:
        return redirect(f"{reverse('web:work-lead', args=[pk])}?tab={tab}")
    if not request.htmx:
        return redirect("web:lead-detail", pk=pk)
    return lead_page(request, lead, definitions=change and change.definitions)


def working_tab(request):
    """The tab of the queue that is being worked off, when the change was sent from work mode; else ""."""
    form = QueueForm(request.POST)
    return form.cleaned_data["tab"] if form.is_valid() else ""


def _again(request, lead, form):
    return lead_page(request, lead, status=422, edit_form=form, edit=request.POST.get("edit", ""))


def _versions(form, lead, definitions):
    """What the dialog shows: mine, now and original of each field that both changed. The rest of mine goes along."""
    labels = {code: field.label for code, field in BY_CODE.items()} | {field.code: field.label for field in definitions}
    fields = {field.code: field for field in definitions}
    rows = [
        {
            "code": code,
            "label": labels[code],
            "mine": said(form.mine[code], fields.get(code)),
            "now": said(value_of(lead, code), fields.get(code)),
            "original": form.original(code, fields.get(code)),
        }
        for code in form.conflicts(lead)
    ]
    typed = [(code, value) for code in form.mine for value in form.data.getlist(code)]
    # From here on the editor starts from what stands there now.
    seen = [(f"was-{code}", as_original(value_of(lead, code))) for code in form.mine]
    return {"rows": rows, "codes": list(form.mine), "hidden": typed + seen}


class Entered(NamedTuple):
    """What became of a form: a lead that is `known` to the reader (`is_certain`: and is the one), a certain one that
    is `hidden` from her, or the `new` one. None of them where nothing has been tried yet."""

    known: Lead | None = None
    is_certain: bool = True
    hidden: Lead | None = None
    new: Lead | None = None


def _enter(request, form):
    for _ in range(MOST_ATTEMPTS):
        matches = _matches(form)
        entered = _known(request, form, matches)
        if entered and entered.hidden:
            with changing(by=request.user, now=timezone.now()) as change:
                note_entered_again(change, lead=entered.hidden, values=form.values, **_beside(form))
        if entered:
            return entered
        try:
            return Entered(new=_create(request, form, apart=[match.lead.id for match in matches]))
        except KnownMeanwhile:
            # Somebody else has brought the same person at this moment, or a colleague with the same number.
            continue
    raise ValidationError("Others are entering people with the same address or number right now. Save once more.")


def _matches(form):
    typed = defaultdict(str, form.values)
    return matches_of(
        email=typed["email"],
        phone=typed["phone"],
        first_name=typed["first_name"],
        last_name=typed["last_name"],
        company=typed["company"],
    )


def _known(request, form, matches):
    """The Entered of somebody whom one of the matches is, or None where the person is new."""
    certain = [match.lead.id for match in matches if match.is_certain]
    doubtful = [] if form.cleaned_data["is_another"] else [match.lead.id for match in matches]
    visible = Lead.objects.visible_to(request.user).in_bulk(certain or doubtful)
    known = next((visible[pk] for pk in certain or doubtful if pk in visible), None)
    if known:
        return Entered(known=known, is_certain=bool(certain))
    hidden = Lead.objects.filter(pk__in=certain[:1]).first()
    return Entered(hidden=hidden) if hidden else None


def _create(request, form, *, apart):
    choices = _beside(form)
    note = choices.pop("note")
    with transaction.atomic():
        with changing(by=request.user, now=timezone.now()) as change:
            lead = create_lead(change, values=form.values, **choices)
            if note:
                log_activity(change, lead=lead, kind=kinds.NOTE.code, payload={"note": note})
        look_again_for_one(lead=lead, apart=apart)
    lead.refresh_from_db()
    return lead


def _beside(form):
    return {name: form.cleaned_data[name] for name in ("source", "campaign", "note")}


def _standing(lead):
    if not lead.grade:
        return "not graded yet"
    keeper = lead.owner or lead.pool or "marketing"
    return f"graded {lead.grade} and with {keeper}"
