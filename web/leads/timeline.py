"""The timeline as both teams read it."""

import datetime
from typing import NamedTuple

from leads.activities import Chip, FieldWords, kind_of
from leads.conditions import lacking_words
from leads.fields import BY_CODE
from leads.queries import timeline
from web.leads.facts import said

SHOWS = {"": "Everything", **dict(Chip.choices)}


class Event(NamedTuple):
    pk: int
    icon: str
    title: str
    text: str
    at: datetime.datetime
    by: str
    is_machine: bool
    is_human: bool


def events(lead, *, words, show="", after=""):
    """(events, place of the next page or "") of a lead that came from visible_to; `words` are `field_words`.

    Raises ValueError for an `after` that is no place. One query, and one each where conditions in it refer to
    something or name a day.
    """
    page = timeline(lead, chips=(show,) if show else (), after=after)
    return [_event(activity, words) for activity in page.activities], page.next


def field_words(fields, vocabulary):
    """`FieldWords` for the fields every lead has and the custom ones, FieldDefinitions by code."""
    known = {code: field.label for code, field in (BY_CODE | fields).items()}
    return FieldWords(
        label=lambda code: known.get(code, code),
        value=lambda code, value, versions: said(value, fields.get(code), versions=versions),
        lacks=lambda parts: lacking_words(parts, vocabulary),
    )


def _event(activity, fields):
    kind = kind_of(activity.kind)
    words = kind.says(kind, activity.payload, fields)
    return Event(
        activity.pk,
        kind.icon,
        words.title,
        words.text,
        activity.occurred_at,
        activity.actor,
        activity.is_machine,
        kind.chip == Chip.CONTACT,
    )
