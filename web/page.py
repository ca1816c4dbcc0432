"""Page and fragment are one URL and one template; which of the two is asked for stands in the request's headers."""

from django.shortcuts import render
from django.utils.cache import patch_vary_headers


def render_page(request, template, context, *, part, target=None, status=200):
    """The page or, for an HTMX request that is not boosted, its partial `part`.

    With `target` only a request that swaps the element of that id gets the part.
    """
    asks = request.htmx and not request.htmx.boosted and target in (None, request.htmx.target)
    response = render(request, f"{template}#{part}" if asks else template, context, status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response
