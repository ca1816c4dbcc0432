from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from team.roles import can_own_leads
from web.access import allow


@require_safe
@allow.everyone_signed_in
def home(request):
    """Everybody starts where her work is: who has leads of her own in her queue, the others at the leads."""
    return redirect("web:queue" if can_own_leads(request.user) else "web:lead-list")
