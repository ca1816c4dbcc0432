import ipaddress
import zoneinfo

from django.conf import settings
from django.utils import timezone

from leads.rules import composed


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


class ComposedTextMiddleware:
    """What is typed into a form or an address comes in as Unicode's form NFC, the form of all text that is kept.

    Passwords stay as they are typed: their hashes were made so.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
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
