"""The parts of the lead page of which there are many, put together in Python like the rows of the lead list."""

from crispy_forms.templatetags.crispy_forms_filters import as_crispy_field
from django import template
from django.utils.html import format_html, format_html_join

from web.selects import PlainSelect
from web.templatetags.icons import icon
from web.templatetags.spoken import ago

register = template.Library()

_FACT = '<div class="fact" id="fact-{key}"><dt>{label}</dt><dd>{text}</dd>{edit}</div>'
_EDIT = (
    '<a class="btn btn-icon btn-quiet" id="edit-{key}" href="{url}?edit={key}#fact-{key}" hx-get="{url}?edit={key}"'
    ' hx-target="#fact-{key}" hx-swap="outerHTML" aria-label="Edit {label}">{icon}</a>'
)
_EMPTY = '<span class="fact-empty">–<span class="visually-hidden">{}</span></span>'
_SELECT = '<div id="div_{id}" class="mb-3"><label for="{id}" class="form-label">{label}</label>{select}</div>'
_POINTS = '<tr class="{}"><th scope="row">{}<small>{}</small></th><td>{}</td></tr>'
_EVENT = (
    '<li class="event{look}" id="event-{pk}"><span class="event-mark">{icon}</span><div class="event-body">'
    '<p class="event-head"><strong>{title}</strong>'
)
_MACHINE = '<span class="chip">by a machine</span>'
_BY = '<span class="by">{by}</span>'
_AT = "{at}</p>"
_TEXT = '<p class="event-text">{text}</p>'
_END = "</div></li>"


@register.simple_tag
def fact_line(fact, url, writable):
    """A web.leads.facts.Fact of the lead whose page is `url`, with the way to edit it for whoever may."""
    text = fact.text or format_html(_EMPTY, "empty")
    if fact.href:
        text = format_html('<a href="{}">{}</a>', fact.href, text)
    edit = format_html(_EDIT, key=fact.key, label=fact.label.lower(), url=url, icon=icon("pencil")) if writable else ""
    return format_html(_FACT, key=fact.key, label=fact.label, text=text, edit=edit)


@register.simple_tag
def form_line(field):
    """A field of a form under its label. crispy takes ten times as long, which tells where a page has many selects."""
    if field.errors or field.help_text or not isinstance(field.field.widget, PlainSelect):
        return as_crispy_field(field)
    select = field.as_widget(attrs={"class": "form-select"})
    return format_html(_SELECT, id=field.auto_id, label=field.label, select=select)


@register.simple_tag
def ledger_lines(lines):
    """A <tr> for each scoring.queries.LedgerLine."""
    return format_html_join("", _POINTS, map(_points, lines))


@register.simple_tag
def timeline_events(events, now):
    """An <li> for each web.leads.timeline.Event."""
    return format_html_join("", "{}", ((_event(event, now),) for event in events))


def _points(line):
    look = "is-minus" if line.points < 0 else ""
    points = f"{line.points:+}".replace("-", "−") if line.points else "0"
    return look, line.label, line.condition_text, points


def _event(event, now):
    parts = (_EVENT, _MACHINE if event.is_machine else "", _BY if event.by else "", _AT, _TEXT if event.text else "")
    return format_html(
        "".join(parts) + _END,
        look=" event-machine" if event.is_machine else " event-human" if event.is_human else "",
        pk=event.pk,
        icon=icon(event.icon),
        title=event.title,
        by=event.by,
        at=ago(event.at, now),
        text=event.text,
    )
