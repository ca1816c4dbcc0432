"""How django-axes counts bad tries here: what is one account, what is one address, and which try is refused."""

import ipaddress

from axes.handlers.database import AxesDatabaseHandler

from web.middleware import client_address


class RefuseNextTry(AxesDatabaseHandler):
    """The try that reaches the limit is answered like the ones before it; the next one is refused unread.

    Axes alone refuses the very try that reaches the limit, after its password was looked at.
    """

    def user_login_failed(self, sender, credentials, request=None, **kwargs):
        refused_unread = getattr(request, "axes_locked_out", False)
        super().user_login_failed(sender, credentials, request, **kwargs)
        if request is not None:
            request.axes_locked_out = refused_unread


def account(request, credentials=None):
    """The name tries are counted under; spelled as sign-in reads it, so that another case is not another account."""
    name = (credentials or {}).get("username") or request.POST.get("username") or ""
    return name.strip().lower()[:255]


def throttle_address(request):
    """The address tries are counted under: an IPv4 address, an IPv6 network of 64 bits (one household), or None."""
    try:
        address = ipaddress.ip_address(client_address(request))
    except ValueError:
        return None
    address = getattr(address, "ipv4_mapped", None) or address
    if address.version == 6:
        return str(ipaddress.ip_network((int(address), 64), strict=False).network_address)
    return str(address)
