"""`{% lead_rows rows columns now shows_grade=… selectable=… %}`: the rows of the lead list, put together in Python.

A list has fifty of them with a dozen values each: looked up one by one by the template engine, they cost more than the
rest of the page.
"""

from django import template
from django.urls import reverse
from django.utils.html import escape, format_html, format_html_join

from web.templatetags.spoken import ago, grade_badge

register = template.Library()

_CHECK = (
    '<td class="cell-check" role="cell"><input class="form-check-input" type="checkbox" name="lead" value="{pk}"'
    ' aria-label="Select {name}"></td>'
)
_GRADE = '<td class="cell-grade" role="cell">{grade}</td>'
_NAME = '<th class="cell-name" role="rowheader" scope="row"><a href="{url}">{name}</a>{company}</th>'


@register.simple_tag
def lead_rows(rows, columns, now, *, shows_grade, selectable):
    """A <tr> for each (lead, its `web.leads.columns.Cell`s for `columns`); `now` is what times are said relative to."""
    start = (_CHECK if selectable else "") + (_GRADE if shows_grade else "") + _NAME
    row = f'<tr role="row" id="lead-{{pk}}">{start}{"".join(map(_cell_pattern, columns))}</tr>'
    lines = (format_html(row, *_looks_and_words(cells, now), **_person(lead)) for lead, cells in rows)
    return format_html_join("", "{}", ((line,) for line in lines))


def _cell_pattern(column):
    # The label is somebody's text: escaped for the page, and its braces for format_html.
    label = escape(column.label).replace("{", "{{").replace("}", "}}")
    return f'<td role="cell" data-label="{label}" class="{"cell-number " if column.is_number else ""}{{}}">{{}}</td>'


def _looks_and_words(cells, now):
    for cell in cells:
        yield "" if cell.text or cell.moment else "is-blank"
        yield ago(cell.moment, now) if cell.moment else cell.text


def _person(lead):
    return {
        "pk": lead.pk,
        "name": lead.name,
        "url": reverse("web:lead-detail", args=[lead.pk]),
        "company": format_html("<small>{}</small>", lead.company.name) if lead.company else "",
        "grade": grade_badge(lead.grade),
    }
