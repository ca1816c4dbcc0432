"""Who may open a page. Every route declares one of these; a test fails for a route without."""

from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied

from team.roles import may, roles_that_may


class _Allow:
    """Say `@allow.whoever_may("leads.add_lead")`, `@allow.everyone_signed_in` or
    `@allow.public("why nobody has to sign in")`.
    """

    def whoever_may(self, permission, *, uploads=False):
        """Only holders of a role that the role table (team.roles) gives the permission; an admin may always.

        Others who are signed in get 403. uploads: they may send a file (web.middleware.BodyLimitMiddleware).
        """

        def decorate(view):
            @wraps(view)
            def guarded(request, *args, **kwargs):
                if not may(request.user, permission):
                    raise PermissionDenied
                return view(request, *args, **kwargs)

            guarded.policy = "roles: " + ", ".join(sorted(role.value for role in roles_that_may(permission)))
            if uploads:
                guarded.upload_by = permission
            return guarded

        return decorate

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
