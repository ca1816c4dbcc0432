"""Every route of the program, read from the URL resolver, with a path that reaches its view."""

import re
from typing import NamedTuple

from django.urls import URLPattern, get_resolver, reverse

# Values that belong to nothing in the database; a path parameter gets the first that its pattern takes.
SAMPLES = ("987654321", "nothing", "00000000-0000-0000-0000-000000000000")


class Route(NamedTuple):
    name: str
    path: str
    view: object

    @property
    def policy(self):
        return getattr(self.view, "policy", None)

    @property
    def is_admin_site(self):
        return self.policy is None and self.path.startswith("/admin/")


def all_routes():
    """Each route once, in the order of the resolver; the admin's own are included."""
    return [_route(pattern, prefix, space) for pattern, prefix, space in _patterns(get_resolver(), "", "")]


def _patterns(resolver, prefix, space):
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield entry, prefix, space
        else:
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from _patterns(entry, prefix + str(entry.pattern), inner)


def _route(pattern, prefix, space):
    name = f"{space}{pattern.name}" if pattern.name else prefix + str(pattern.pattern)
    samples = {parameter: _sample(converter) for parameter, converter in pattern.pattern.converters.items()}
    regex = prefix + str(pattern.pattern)
    if pattern.name is None or regex.startswith("admin/") and "(?P" in regex:
        return Route(name, "/" + prefix, pattern.callback)
    return Route(name, reverse(name, kwargs=samples), pattern.callback)


def _sample(converter):
    # The last resort is for a parameter that takes one of a few words.
    text = next((value for value in SAMPLES if re.fullmatch(converter.regex, value)), converter.regex.split("|")[0])
    return converter.to_python(text)


class Parametric(NamedTuple):
    """A route with parameters: its path, with <converter:name> where they stand."""

    name: str
    pattern: str


def all_parameters():
    """Every route that has parameters."""
    found = []
    for pattern, prefix, space in _patterns(get_resolver(), "", ""):
        text = prefix + str(pattern.pattern)
        if pattern.pattern.converters:
            found.append(Parametric(f"{space}{pattern.name}" if pattern.name else text, f"/{text}"))
    return found
