"""The mail that the embedded catcher kept instead of delivering it."""

import email.policy
import itertools
import re
from datetime import UTC
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from django.conf import settings

from team.models import User
from team.rules import can_change_account

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


def caught_mails(*, reader):
    """The newest SHOWN messages that `reader` may read, newest first, without their text."""
    mails = (_read(path, with_text=False) for path in sorted(_folder().glob("*.eml"), reverse=True))
    return list(itertools.islice(_readable(mails, reader), SHOWN))


def caught_mail(name, *, reader):
    """The message that is kept as `name`, or None; what is no such name never reaches the file system."""
    path = _folder() / f"{name}.eml"
    if not _NAME.fullmatch(name) or not path.is_file():
        return None
    return next(_readable([_read(path, with_text=True)], reader), None)


def _readable(mails, reader):
    """Those to people whose accounts the reader may change: who reads the link to a new password has the account."""
    closed = {user.email for user in User.objects.filter(is_superuser=True) if not can_change_account(reader, user)}
    return (mail for mail in mails if closed.isdisjoint(mail.recipients.lower().split(", ")))


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
