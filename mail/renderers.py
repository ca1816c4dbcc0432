"""The words of a message, by its kind: the room that knows what a kind is about registers who writes them."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from django.template import Context
from django.template.loader import get_template


class Content(NamedTuple):
    subject: str
    text: str


# Is given messages of its kind, and returns {their id: Content}; who is left out has nobody behind and gets no mail.
Renderer = Callable[[list], dict]

_renderers: dict[str, Renderer] = {}
_labels: dict[str, str] = {}


def register(kind, renderer: Renderer, *, label: str):
    """Has `renderer` write the messages of a kind; once per kind, when the program starts.

    `label` is what such a message is called where somebody looks after the mail.
    """
    _renderers[kind] = renderer
    _labels[kind] = label


def label_of(message) -> str:
    """What a message is called: by its kind, else by its subject."""
    return _labels.get(message.kind) or message.subject or message.kind.replace(".", " ").replace("_", " ").capitalize()


def plain_text(template: str, **values: object) -> str:
    """The text of a mail from its template; a mail in plain text escapes nothing."""
    return get_template(template).template.render(Context(values, autoescape=False))


def rendered(messages: Iterable) -> dict[int, Content]:
    """{id of the message: its Content}, without those that nobody is behind."""
    by_kind = {}
    for message in messages:
        by_kind.setdefault(message.kind, []).append(message)
    contents = {}
    for kind, ones in by_kind.items():
        contents |= _renderers.get(kind, _as_written)(ones)
    return contents


def _as_written(messages):
    return {message.pk: Content(message.subject, message.text) for message in messages}
