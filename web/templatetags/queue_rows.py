"""`{% queue_rows leads why tab now %}`: the rows of a queue, put together in Python like those of the lead list."""

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from web.templatetags.icons import icon
from web.templatetags.spoken import ago, due_bar, due_words, grade_badge, no_longer

register = template.Library()

_PLAIN = '<li class="queue-row is-plain" id="lead-{pk}" data-row>'
_SELECTABLE = (
    '<li class="queue-row" id="lead-{pk}" data-row><label class="queue-select">'
    '<input class="form-check-input" type="checkbox" name="lead" value="{pk}" id="pick-{pk}">'
    '<span class="visually-hidden">Select {name}</span></label>'
)
_WHO = (
    '{grade}<div class="queue-who"><a id="open-{pk}" href="{url}">{name}</a>{company}{faded}'
    '<span class="queue-why">{why}</span></div><div class="queue-time">{time}</div>'
    '<div class="queue-facts"><span>{touch_icon}{touch}</span>'
)
_STEP = '<span>{step_icon}<span class="wrap-anywhere">{step}</span></span>'
_NO_STEP = "<span>{step_icon}No next step</span>"
_ACCEPT = (
    '</div><div class="queue-act"><button type="submit" class="btn btn-sm" id="accept-{pk}" name="only" value="{pk}">'
    'Accept<span class="visually-hidden"> {name}</span></button></div></li>'
)
_WORK = (
    '</div><div class="queue-act"><a class="btn btn-sm" id="work-{pk}" href="{url}">'
    'Work<span class="visually-hidden"> on {name}</span></a></div></li>'
)


@register.simple_tag
def queue_rows(leads, why, tab, now):
    """An <li> for each routing.queries.QueueRow; `why` is {lead id: why this score}, as scoring.queries.why says it."""
    icons = {"touch_icon": icon("message-circle", "Last touch"), "step_icon": icon("list-check", "Next step")}
    rows = (
        format_html(
            _pattern(lead, selectable=tab == "to_accept"),
            pk=lead.pk,
            name=lead.name,
            url=f"{reverse('web:work-lead', args=[lead.pk])}?tab={tab}",
            grade=grade_badge(lead.grade),
            company=format_html(' <span class="queue-company">{}</span>', lead.company) if lead.company else "",
            faded=_faded(lead),
            why=why.get(lead.pk) or "Not scored yet",
            time=_time(lead, now),
            touch=ago(lead.last_touch_at, now) or "Not touched yet",
            step=lead.next_task_title,
            **icons,
        )
        for lead in leads
    )
    return format_html_join("", "{}", ((row,) for row in rows))


def _pattern(lead, *, selectable):
    step = _STEP if lead.next_task_title else _NO_STEP if lead.accepted_at else ""
    act = _ACCEPT if lead.handover_id and not lead.accepted_at else _WORK
    return (_SELECTABLE if selectable else _PLAIN) + _WHO + step + act


def _faded(lead):
    return format_html(' <span class="chip chip-warn">{}</span>', no_longer(lead.faded_from)) if lead.faded_from else ""


def _time(lead, now):
    if lead.due_at and not lead.first_touch_at:
        return due_bar(lead.assigned_at, lead.due_at, now)
    if not lead.next_task_at:
        return ""
    look = " due-over" if lead.next_task_at < now else ""
    return format_html(
        '<span class="due{}"><span class="due-text">{}</span></span>', look, due_words(lead.next_task_at, now)
    )
