"""The mail that the embedded catcher kept instead of delivering it."""

import email.policy
import re
from datetime import UTC
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from django.conf import settings

SHOWN = 100
LARGEST = 2 * 1024 * 1024
_NAME = re.compile(r"[0-9]{1,30}-[0-9a-f]{8}")


class CaughtMail(NamedTuple):
    name: str
    subject: str
    sender: str
    recipients: str
    sent_at: object
    text: str


def caught_mails():
    """The newest SHOWN messages, newest first, without their text."""
    files = sorted(_folder().glob("*.eml"), reverse=True)[:SHOWN]
    return [_read(path, with_text=False) for path in files]


def caught_mail(name):
    """The message that is kept as `name`, or None; what is no such name never reaches the file system."""
    path = _folder() / f"{name}.eml"
    return _read(path, with_text=True) if _NAME.fullmatch(name) and path.is_file() else None


def _folder():
    return settings.VAR_DIR / "mail" / "new"


def _read(path, *, with_text):
    with path.open("rb") as file:
        message = BytesParser(policy=email.policy.default).parsebytes(file.read(LARGEST), headersonly=not with_text)
    return CaughtMail(
        path.stem,
        _header(message, "Subject") or "(no subject)",
        _header(message, "From"),
        _header(message, "X-Envelope-To") or _header(message, "To"),
        _sent_at(message),
        _text(message) if with_text else "",
    )


def _header(message, name):
    try:
        return str(message.get(name, ""))
    except (ValueError, IndexError, AttributeError):
        return "(unreadable)"


def _sent_at(message):
    try:
        moment = parsedate_to_datetime(_header(message, "Date"))
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _text(message):
    part = message.get_body(("plain",)) or message.get_body(("html",))
    if part is None:
        return ""
    try:
        return part.get_content()
    except (LookupError, ValueError, KeyError):
        return part.get_payload(decode=True).decode("utf-8", "replace")
