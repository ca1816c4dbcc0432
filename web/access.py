"""Who may open a page. Every route declares one of these; a test fails for a route without."""

from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied

from team.enums import Role
from team.roles import roles_that_may


class _Allow:
    """Say `@allow(Role.REP, ...)`, `@allow.whoever_may("leads.add_lead")`, `@allow.everyone_signed_in` or
    `@allow.public("why nobody has to sign in")`.
    """

    def __call__(self, *roles):
        """Only holders of one of `roles`; an admin may always. Others who are signed in get 403."""
        admitted = {Role.ADMIN, *roles}

        def decorate(view):
            @wraps(view)
            def guarded(request, *args, **kwargs):
                if not request.user.has_role(*admitted):
                    raise PermissionDenied
                return view(request, *args, **kwargs)

            guarded.policy = "roles: " + ", ".join(sorted(role.value for role in admitted))
            return guarded

        return decorate

    def whoever_may(self, permission):
        """Only holders of a role that the role table (team.roles) gives the permission."""
        return self(*roles_that_may(permission))

    def everyone_signed_in(self, view):
        """Whoever is signed in; what she sees is narrowed by visible_to in the view."""

        @wraps(view)
        def guarded(request, *args, **kwargs):
            return view(request, *args, **kwargs)

        guarded.policy = "signed in"
        return guarded

    def public(self, reason):
        """Nobody has to sign in; `reason` says why that is right."""

        def decorate(view):
            @wraps(view)
            def guarded(request, *args, **kwargs):
                return view(request, *args, **kwargs)

            guarded.policy = f"public: {reason}"
            return login_not_required(guarded)

        return decorate


allow = _Allow()
