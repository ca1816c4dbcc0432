"""What somebody is told about her leads: the bell on every page, and the page of notices."""

import datetime
from itertools import groupby

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from leads.models import Lead
from notices import queries
from notices.actions import mark_all_read, mark_read, mark_unread
from notices.models import Notice
from team.roles import can_own_leads
from web.access import allow
from web.me.forms import BellForm, MomentForm, NoticesForm, UpToForm


@require_safe
@allow.everyone_signed_in
def notice_list(request):
    """All notices in groups of what and when, or with `group` those of one."""
    form = NoticesForm(request.GET)
    if not form.is_valid():
        raise Http404
    shown = form.cleaned_data
    # Before the groups: what arrives meanwhile is on the page, and yet not among what it marks as read.
    news = queries.unread(request.user)
    if shown["group"]:
        kind, slot = queries.read_group(shown["group"])
        group, place = queries.group(request.user, kind=kind, slot=slot, after=shown["place"])
        groups, older = [group] if group.count else [], {"group": group.code, "place": place}
    else:
        groups, place = queries.groups(request.user, after=shown["after"])
        older = {"after": place}
    today = timezone.localdate()
    context = {
        "days": [(day, list(those)) for day, those in groupby(groups, key=_day)],
        "older": urlencode(older) if place else "",
        "group": shown["group"],
        "lists_newest": not (shown["after"] or shown["place"]),
        "today": today,
        "yesterday": today - datetime.timedelta(days=1),
        "marked": _marked(request.user, shown["marked"]),
        "news": news,
        # Who owns no leads any more has no bell, and may have something to read still.
        "bell": news if can_own_leads(request.user) else None,
        "now": timezone.now(),
    }
    return render(request, "me/notices.html", context)


@require_safe
@allow.everyone_signed_in
def notice_bell(request):
    """What the bell shows; 204 when the asking page shows that already.

    The page of notices is told how many are newer than those that it shows.
    """
    form = BellForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    unread = queries.unread(request.user, shown=asked.get("shown"))
    if asked.get("seen") == unread.version:
        return HttpResponse(status=204)
    context = {"bell": unread, "is_swapped": True, "lists_newest": asked.get("shown") is not None}
    return render(request, "components/bell.html#bell-news", context)


@require_POST
@allow.everyone_signed_in
def notice_read_all(request):
    """Marks all up to the newest that the page showed, and offers to undo it."""
    form = UpToForm(request.POST)
    now = timezone.now()
    if form.is_valid() and mark_all_read(by=request.user, up_to=form.cleaned_data["up_to"], now=now):
        return redirect(f"{reverse('web:notice-list')}?{urlencode({'marked': now.isoformat()})}")
    return redirect("web:notice-list")


@require_POST
@allow.everyone_signed_in
def notice_unread(request):
    """Undoes what was marked at one moment."""
    form = MomentForm(request.POST)
    if form.is_valid() and mark_unread(by=request.user, read_at=form.cleaned_data["marked"]):
        messages.success(request, "They are unread again.")
    return redirect("web:notice-list")


@require_POST
@allow.everyone_signed_in
def notice_open(request, pk):
    """Marks one as read and goes on to its lead, where the reader may see that."""
    notice = get_object_or_404(Notice.objects.visible_to(request.user), pk=pk)
    mark_read(notice=notice, now=timezone.now())
    if Lead.objects.visible_to(request.user).filter(pk=notice.lead_id).exists():
        return redirect("web:lead-detail", notice.lead_id)
    return redirect("web:notice-list")


def _day(group):
    return timezone.localdate(group.at)


def _marked(user, moment):
    """(how many notices were marked as read at that moment, the moment in full); None for none."""
    count = Notice.objects.visible_to(user).filter(read_at=moment).count() if moment else 0
    return (count, moment.isoformat()) if count else None
