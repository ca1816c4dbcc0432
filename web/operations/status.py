"""What runs, what waits, and since when."""

import datetime

from django.apps import apps
from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from insights.queries import is_alive, lane_states, last_heartbeat, pooled
from jobs.actions import retry
from jobs.enums import Lane
from jobs.queries import backlogs, put_aside
from leads.changes.following import behind, followers
from leads.models import FollowerCursor
from web.access import allow
from web.operations.forms import RetryForm

LONG_IN_A_POOL = datetime.timedelta(days=1)
# A transaction that lasts, an import's say, keeps news waiting for as long; beyond that a follower is behind.
LATE_WITH_NEWS = datetime.timedelta(minutes=5)
LANES = {Lane.SETTLE: "Settling", Lane.BULK: "Imports and regrades", Lane.MAIL: "Mail"}
# Where one sees what was put aside, by the label of its model: the name of the page, and the field that is its key.
PAGES = {"leads.DirtyLead": ("web:lead-detail", "lead_id"), "capture.Import": ("web:import-detail", "pk")}


@require_safe
@allow.whoever_may("insights.view_heartbeat")
def status(request):
    now = timezone.now()
    states = lane_states(now)
    waiting_for_reps = pooled()
    context = {
        "backlogs": [(backlog, LANES[backlog.lane], _state(backlog)) for backlog in backlogs(now)],
        "followers": [(each, _state_of_follower(each, now)) for each in behind()],
        "pooled": waiting_for_reps,
        "pooled_state": _pool_state(waiting_for_reps, now),
        "put_aside": [(aside, [_shown(aside, row) for row in aside.rows]) for aside in put_aside()],
        "lanes": [(LANES[state.lane], state) for state in states],
        "silent": [LANES[state.lane] for state in states if not state.is_alive],
        "beat_seen_at": last_heartbeat(),
        "beat_is_alive": is_alive(now),
        "now": now,
    }
    return render(request, "operations/status.html", context)


@require_POST
@allow.whoever_may("insights.view_heartbeat")
def status_retry(request):
    """Has everything of one kind that was put aside tried again."""
    form = RetryForm(request.POST)
    if form.is_valid():
        count = retry(apps.get_model(form.cleaned_data["kind"]).objects.put_aside())
        messages.success(request, f"{count:,} tried again." if count else "Nothing of that kind is put aside any more.")
    else:
        messages.warning(request, "There is no such kind of work.")
    return redirect("web:status")


def _state(backlog):
    if backlog.is_late:
        return "late"
    return "working" if backlog.waiting else "clear"


def _state_of_follower(behind, now):
    if behind.is_put_aside or (behind.oldest_at and now - behind.oldest_at > LATE_WITH_NEWS):
        return "late"
    return "working" if behind.rows else "clear"


def _pool_state(waiting, now):
    """Leads in a pool wait for people, and no machine is at them."""
    if not waiting.waiting:
        return "clear"
    return "long" if now - waiting.oldest_at > LONG_IN_A_POOL else "waiting"


def _shown(aside, row):
    """What was put aside: the row, its name, what its time is the time of, and where one sees it."""
    if isinstance(row, FollowerCursor):
        name = next((each.label for each in followers() if each.code == row.code), row.code)
        return row, name, "Read last", ("", "")
    return row, str(row), "Asked for", _page(aside.label, row)


def _page(label, row):
    name, key = PAGES.get(label, ("", ""))
    return name, getattr(row, key, None)
