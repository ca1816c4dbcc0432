import ipaddress
import zoneinfo

from django.conf import settings
from django.utils import timezone


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
