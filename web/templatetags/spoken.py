"""How times, numbers and people are said on a page."""

import datetime
from functools import cache

from django import template
from django.utils import timezone
from django.utils.html import format_html

register = template.Library()

_UNITS = (("y", 365 * 86400), ("mo", 30 * 86400), ("w", 7 * 86400), ("d", 86400), ("h", 3600), ("min", 60))


def _length(seconds):
    for unit, size in _UNITS:
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return "1 min"


@register.filter
def exact(moment):
    """A time in the reader's zone, such as "Wed 10 Jun 2026, 12:00"; a date without the clock; "" for None."""
    if not moment:
        return ""
    # strftime and not Django's date_format, which costs ten times as much: a list says fifty times.
    if not isinstance(moment, datetime.datetime):
        return f"{moment:%a} {moment.day} {moment:%b %Y}"
    local = timezone.localtime(moment)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"


@register.filter
def ago(moment, now):
    """`moment` as a <time> that says how long before or after `now` it is; the exact time is its title."""
    if not moment:
        return ""
    seconds = int((now - moment).total_seconds())
    if abs(seconds) < 60:
        words = "now"
    elif seconds > 0:
        words = f"{_length(seconds)} ago"
    else:
        words = f"in {_length(-seconds)}"
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), exact(moment), words)


def time_left(due_at, now):
    """ "3 h left", or "2 h over" once `due_at` has passed."""
    seconds = int((due_at - now).total_seconds())
    return f"{_length(seconds)} left" if seconds >= 0 else f"{_length(-seconds)} over"


@register.simple_tag
def due_bar(started_at, due_at, now):
    """The time left until `due_at`, as words and as a bar that is full at `started_at` and empty once it is over."""
    left = share_left(started_at, due_at, now)
    look = " due-over" if due_at < now else " due-soon" if left < 25 else ""
    return format_html(
        '<span class="due{}" title="{}"><span class="due-text">{}</span>'
        '<progress max="100" value="{}" aria-hidden="true"></progress></span>',
        look,
        exact(due_at),
        time_left(due_at, now),
        left,
    )


def share_left(started_at, due_at, now):
    """How much of the time from `started_at` to `due_at` is left, as a whole number from 0 to 100."""
    whole = (due_at - started_at).total_seconds()
    if whole <= 0:
        return 0
    return max(0, min(100, round(100 * (due_at - now).total_seconds() / whole)))


@register.filter
def initials(name):
    """At most two letters for a person, "?" for nobody."""
    words = [word for word in str(name or "").replace("@", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper() or "?"


@register.filter
def due_words(due_at, now):
    """ "due today", "due in 3 d" or "2 h over" for the next step of a lead."""
    seconds = int((due_at - now).total_seconds())
    if seconds < 0:
        return f"{_length(-seconds)} over"
    same_day = timezone.localtime(due_at).date() == timezone.localtime(now).date()
    return f"due {timezone.localtime(due_at):%H:%M}" if same_day else f"due in {_length(seconds)}"


@register.filter
def no_longer(grades):
    """ "No longer an A or B"; `grades` is what routing.queries.faded_from gives."""
    return f"No longer {'an' if grades.startswith('A') else 'a'} {grades}"


@register.simple_tag
@cache
def grade_badge(grade, size=""):
    """The letter in its square; `size` may be "large"."""
    return format_html(
        '<span class="grade grade-{}{}"><span class="visually-hidden">Grade </span>{}</span>',
        grade or "none",
        " grade-large" if size == "large" else "",
        grade or "–",
    )
