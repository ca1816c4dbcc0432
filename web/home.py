from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from team.enums import Role
from web.access import allow


@require_safe
@allow.everyone_signed_in
def home(request):
    """Everybody starts where her work is: a rep in her queue, the others at the leads."""
    return redirect("web:queue" if request.user.has_role(Role.REP) else "web:lead-list")
