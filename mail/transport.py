"""The way out: one connection to the mail server (EMAIL_URL) for a number of messages."""

import smtplib
from contextlib import contextmanager

from django.core.mail import EmailMessage, get_connection

# Nobody's out-of-office answers to a machine.
HEADERS = {"Auto-Submitted": "auto-generated"}


class Refused(Exception):
    """The mail server will never take this message for this address; the text is its answer."""


@contextmanager
def connected():
    """A function that sends a mail.renderers.Content to an address; raises Refused, and as the context does OSError.

    Of which every error of smtplib is one.
    """
    server = get_connection()
    server.open()

    def send(content, recipient):
        try:
            EmailMessage(content.subject, content.text, to=[recipient], headers=HEADERS, connection=server).send()
        except OSError as error:
            if answer := _final_answer(error):
                raise Refused(answer) from error
            # The next message gets a connection of its own.
            server.close()
            raise

    try:
        yield send
    finally:
        server.close()


def _final_answer(error):
    """What the server says to a message that it refuses for good (RFC 5321, 4.2.1: 5xx), else "".

    A refusal of the sender or of the whole session is about the settings, not about the message, and may be mended.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        ((code, words),) = error.recipients.values()
    elif isinstance(error, smtplib.SMTPDataError):
        code, words = error.smtp_code, error.smtp_error
    else:
        return ""
    if isinstance(words, bytes):
        words = words.decode("utf-8", "replace")
    return f"{code} {' '.join(words.split())}" if 500 <= code < 600 else ""
