"""The lead page: who this is, why the score, what happened, what is next."""

import datetime

from django.http import Http404
from django.utils import timezone
from django.views.decorators.http import require_safe

from leads.access import can_change_lead, can_overrule_stage
from leads.activities import all_kinds
from leads.conditions import Vocabulary
from leads.enums import Stage, TaskKind
from leads.queries import beside_of, open_tasks
from routing.enums import RejectReason
from routing.queries import faded_from
from scoring.queries import explain, missed_must_haves, published_with_questions
from web.access import allow
from web.leads import queries
from web.leads.facts import codes_of, facts_of, said
from web.leads.forms import EditForm, OtherKeyForm, PageForm
from web.leads.moves import evidence_of, moves_of
from web.leads.receipt import receipt_of
from web.leads.timeline import SHOWS, events, field_words
from web.page import render_page


@require_safe
@allow.everyone_signed_in
def lead_detail(request, pk):
    """The page; for HTMX the part of it that is the target."""
    lead = readable_or_404(request, pk)
    form = PageForm(request.GET)
    if not form.is_valid():
        raise Http404
    show, after, edit = (form.cleaned_data[name] for name in ("show", "after", "edit"))
    if request.htmx and request.htmx.target in ("timeline", "timeline-more"):
        context = {"lead": lead, "now": timezone.now()} | timeline_context(lead, show=show, after=after)
        part = "timeline" if request.htmx.target == "timeline" else "timeline-page"
        return render_page(request, "leads/detail.html", context, part=part)
    edit_form = None
    if edit:
        fields = queries.active_fields()
        codes = codes_of(edit, fields)
        if not codes or not can_change_lead(request.user, lead):
            raise Http404
        edit_form = EditForm(lead=lead, codes=codes, definitions=fields)
        if request.htmx:
            context = {"lead": lead, "edit_form": edit_form, "edit": edit}
            return render_page(request, "leads/detail.html", context, part="fact-form")
    return lead_page(request, lead, show=show, after=after, edit_form=edit_form, edit=edit)


def readable_or_404(request, pk):
    """The lead for whoever may read it; Http404 for a stranger."""
    lead = queries.readable_lead(request.user, pk)
    if lead is None:
        raise Http404
    return lead


def lead_page(request, lead, *, status=200, show="", after="", definitions=None, **more):
    """Renders the whole page, or for HTMX all of it below the navigation, together with waiting notices.

    definitions: all FieldDefinitions with their answers, where somebody has read them.
    """
    context = lead_context(request, lead, definitions)
    writable, fields = context["writable"], context["fields"].values()
    beside = beside_of(lead, request.user)
    asked = tuple(field.code for field, _ in context["answers"] if field.is_active)
    context |= {
        "answers_form": EditForm(lead=lead, codes=asked, definitions=fields) if writable and asked else None,
        "other_keys": beside.other_keys,
        "key_kinds": OtherKeyForm.base_fields["kind"].choices,
        "duplicates": beside.duplicates,
        "has_more_duplicates": beside.has_more_duplicates,
        "moves": moves_of(lead, context["vocabulary"], now=context["now"]) if writable else [],
        "evidence": evidence_of(lead, fields) if writable else [],
        "may_overrule": writable and can_overrule_stage(request.user, lead),
        "log_kinds": [kind for kind in all_kinds() if kind.composer],
        "task_kinds": TaskKind.choices,
        "tomorrow": timezone.localdate(context["now"]) + datetime.timedelta(days=1),
        "with_messages": bool(request.htmx),
    }
    context |= timeline_context(lead, show=show, after=after, words=context["words"])
    return render_page(request, "leads/detail.html", context | more, part="lead", status=status)


def lead_context(request, lead, definitions=None):
    """What the lead page and work mode show but the timeline, whatever there is of it in the same number of queries.

    One more each for the rules of a version that is no longer published, which gave the score or stand on the
    receipt, and for its must-haves; for what keeps the lead from a letter that its points reach; for the names of what
    conditions refer to, and the zone of their days; and for the name of somebody who had the lead last and has her no
    more.
    """
    now = timezone.now()
    if definitions is None:
        definitions = queries.all_fields()
    published, asked = published_with_questions(definitions)
    fields = {field.code: field for field in definitions if field.is_active}
    writable = can_change_lead(request.user, lead)
    facts = facts_of(lead, fields.values())
    vocabulary = Vocabulary.of(definitions)
    ledger = explain(lead, vocabulary, published)
    words = field_words(fields, vocabulary)
    handover = queries.latest_handover(request.user, lead)
    return {
        "lead": lead,
        "now": now,
        "fields": fields,
        "vocabulary": vocabulary,
        "words": words,
        "writable": writable,
        "owns": lead.owner_id == request.user.pk,
        "stages": [(stage, Stage(lead.stage).rank) for stage in Stage],
        "facts": [fact for fact in facts if fact.text],
        "empty_facts": [fact for fact in facts if not fact.text] if writable else [],
        "answers": [(field, said(lead.fields.get(field.code), field)) for field in asked],
        "ledger": [line for line in ledger if line.points],
        "silent": [line for line in ledger if not line.points],
        "missed": missed_must_haves(lead, vocabulary, published, now=now),
        "handover": handover,
        "faded_from": faded_from(lead) if handover and handover.accepted_at and not handover.ended_at else "",
        "receipt": receipt_of(handover, words, published) if handover else None,
        "is_handed": bool(handover and not handover.ended_at),
        "tasks": open_tasks(lead),
        "reject_reasons": RejectReason.choices,
    }


def timeline_context(lead, *, show="", after="", words=None):
    """One page of the timeline; Http404 for a place that is none."""
    if words is None:
        fields = queries.active_fields()
        words = field_words({field.code: field for field in fields}, Vocabulary.of(fields))
    try:
        found, place = events(lead, words=words, show=show, after=after)
    except ValueError as error:
        raise Http404 from error
    return {"events": found, "place": place, "show": show, "shows": SHOWS.items()}
