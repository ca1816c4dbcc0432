"""`{% icon "phone" %}` puts a Tabler icon into the page as SVG, so that it takes the colour and size of its text."""

import re
import xml.etree.ElementTree as ElementTree
from functools import cache

from django import template
from django.conf import settings
from django.utils.html import format_html, format_html_join

register = template.Library()

_NAME = re.compile(r"[a-z0-9-]+")


@register.simple_tag
@cache
def icon(name, label=""):
    """The outline icon `name`: hidden from screen readers, or an image called `label` when that is given.

    Raises TemplateSyntaxError for a name that the package does not have, so that no page ships a hole.
    """
    if label:
        return format_html(
            '<svg class="icon" viewBox="0 0 24 24" role="img" aria-label="{}">{}</svg>', label, _shape(name)
        )
    return format_html('<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">{}</svg>', _shape(name))


@cache
def _shape(name):
    # The file is parsed and only the path data is taken over, escaped by format_html_join: nothing else that stands in
    # a package's file, or in `name`, can reach the page as markup.
    if not _NAME.fullmatch(name):
        raise template.TemplateSyntaxError(f"{name!r} is no icon name.")
    try:
        drawing = ElementTree.parse(settings.ICONS_DIR / "outline" / f"{name}.svg")
    except OSError as error:
        raise template.TemplateSyntaxError(f"There is no icon {name!r}.") from error
    paths = [path for path in drawing.iter("{http://www.w3.org/2000/svg}path") if path.get("stroke") != "none"]
    return format_html_join("", '<path d="{}"/>', ((path.get("d"),) for path in paths))
