"""The way out: one connection to the mail server (EMAIL_URL) for a number of messages."""

from contextlib import contextmanager

from django.core.mail import EmailMessage, get_connection

# Nobody's out-of-office answers to a machine.
HEADERS = {"Auto-Submitted": "auto-generated"}


@contextmanager
def connected():
    """A function that sends a mail.renderers.Content to an address; it and the context raise OSError.

    Of which every error of smtplib is one.
    """
    server = get_connection()
    server.open()

    def send(content, recipient):
        try:
            EmailMessage(content.subject, content.text, to=[recipient], headers=HEADERS, connection=server).send()
        except OSError:
            # The next message gets a connection of its own.
            server.close()
            raise

    try:
        yield send
    finally:
        server.close()
