import ipaddress
import math
import zoneinfo

from django.conf import settings
from django.core.exceptions import BadRequest
from django.shortcuts import render
from django.utils import timezone

from leads.rules import composed
from team.roles import may

ANONYMOUS_MAX_BYTES = 16 * 1024


def client_address(request):
    """The address the request came from, counting TRUSTED_PROXIES hops from the right of X-Forwarded-For.

    With no trusted proxy the header is ignored, so that nobody gets round the sign-in limit by inventing one. A header
    shorter than the number of hops, or with something that is no address at that place, did not pass the proxies: the
    address of the connection counts.
    """
    direct = request.META.get("REMOTE_ADDR", "")
    hops = settings.TRUSTED_PROXIES
    if not hops:
        return direct
    chain = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    if len(chain) < hops:
        return direct
    try:
        return str(ipaddress.ip_address(chain[-hops]))
    except ValueError:
        return direct


class BodyLimitMiddleware:
    """Refuses with 413, unread, what is larger than its route takes from whoever sends it.

    Stands before whatever reads a body. A stranger may send ANONYMOUS_MAX_BYTES, to any route; whoever is signed in
    as much as a form can hold, and a file where the route takes one from her (web.access).
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        size = _announced(request)
        if size <= ANONYMOUS_MAX_BYTES:
            return None
        most = _largest_body(request.user, view)
        return render(request, "413.html", {"most": most}, status=413) if size > most else None


def _announced(request):
    """The bytes of the body by its header; what is no number of bytes is larger than anything."""
    try:
        size = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return math.inf
    return size if size >= 0 else math.inf


def _largest_body(user, view):
    if not user.is_authenticated:
        return ANONYMOUS_MAX_BYTES
    takes_file = may(user, view.upload_by) if hasattr(view, "upload_by") else False
    return settings.DATA_UPLOAD_MAX_MEMORY_SIZE + (settings.UPLOAD_MAX_BYTES if takes_file else 0)


class ComposedTextMiddleware:
    """What is typed into a form or an address comes in as Unicode's form NFC, the form of all text that is kept.

    Passwords stay as they are typed: their hashes were made so.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if request.path.startswith("/admin/") and any(
            "\0" in value for _, values in request.GET.lists() for value in values
        ):
            # Forms of ours say what is wrong; the admin's filters would ask the database.
            raise BadRequest("A text in the address holds NUL.")
        request.GET = _composed(request.GET)
        if request.method == "POST":
            request.POST = _composed(request.POST)


def _composed(typed):
    if all(value.isascii() for _, values in typed.lists() for value in values):
        return typed
    query = typed.copy()
    for name, values in typed.lists():
        if "password" not in name:
            query.setlist(name, list(map(composed, values)))
    query._mutable = False
    return query


class PageSecurityMiddleware:
    """The admin's own content security policy, and no shared caching of anything behind the sign-in."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if request.path.startswith("/admin/"):
            response._csp_config = settings.ADMIN_CONTENT_SECURITY_POLICY
        if getattr(request, "user", None) is not None and request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "private, no-store")
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return response


class ReaderTimeZoneMiddleware:
    """Times on a page are in the reader's own zone."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if not request.user.is_authenticated:
            return self.get_response(request)
        with timezone.override(zoneinfo.ZoneInfo(request.user.time_zone)):
            return self.get_response(request)
