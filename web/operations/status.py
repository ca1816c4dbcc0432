"""What runs, what waits, and since when."""

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from insights.queries import heartbeats, is_alive, lanes
from team.enums import Role
from team.policies import allow


@require_safe
@allow(Role.ADMIN)
def status(request):
    now = timezone.now()
    context = {"lanes": lanes(now), "heartbeats": heartbeats(now), "is_alive": is_alive(now), "now": now}
    return render(request, "operations/status.html", context)
