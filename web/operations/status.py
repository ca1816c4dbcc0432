"""What runs, what waits, and since when."""

import datetime

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from insights.queries import heartbeats, is_alive, lanes
from team.enums import Role
from web.access import allow

LONG_IN_A_POOL = datetime.timedelta(days=1)


@require_safe
@allow(Role.ADMIN)
def status(request):
    now = timezone.now()
    beats = heartbeats(now)
    context = {
        "lanes": [(lane, _state(lane, now)) for lane in lanes(now)],
        "heartbeats": beats,
        # Only beat sends heartbeats, and only through the broker: the latest one that a worker wrote down proves both.
        "beat_seen_at": beats[0][1] if beats else None,
        "is_alive": is_alive(now),
        "now": now,
    }
    return render(request, "operations/status.html", context)


def _state(lane, now):
    """One of late, clear, working, waiting and long: leads in a pool wait for people, and no machine is at them."""
    if lane.is_late:
        return "late"
    if not lane.waiting:
        return "clear"
    if lane.code != "pools":
        return "working"
    return "long" if lane.oldest_at and now - lane.oldest_at > LONG_IN_A_POOL else "waiting"
