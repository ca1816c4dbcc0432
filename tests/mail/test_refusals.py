"""What a mail server answers, through a real one that says what a test wants of it."""

import socket
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller

from jobs.actions import retry
from mail.actions import post, send_messages
from mail.models import Message

pytestmark = pytest.mark.django_db

UNKNOWN = "550 5.1.1 <ben@example.com>: no such mailbox"


class Choosy:
    """Takes mail, but for what `sender`, `recipients` and `contents` say, each by how it ends, with an answer."""

    def __init__(self):
        self.taken, self.sender, self.recipients, self.contents = [], "", {}, {}

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.sender:
            return self.sender
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.recipients:
            return self.recipients[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        (recipient,) = envelope.rcpt_tos
        if recipient in self.contents:
            return self.contents[recipient]
        self.taken.append(recipient)
        return "250 OK"


@pytest.fixture
def choosy(settings):
    handler = Choosy()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    yield handler
    controller.stop()


def write(now):
    for name in ("ada", "ben", "cal"):
        post(kind="notice", recipient=f"{name}@example.com", subject="News", text="Hello", now=now)


def send(now):
    return send_messages(clock=lambda: now)


@pytest.mark.parametrize("where", ["recipients", "contents"])
def test_what_is_refused_for_good_is_put_aside_at_once_with_the_words_of_the_server(choosy, now, where):
    write(now)
    getattr(choosy, where)["ben@example.com"] = UNKNOWN
    assert send(now) == 2
    assert choosy.taken == ["ada@example.com", "cal@example.com"]
    (refused,) = Message.objects.put_aside()
    assert (refused.recipient, refused.attempts) == ("ben@example.com", 1)
    assert refused.failure == f"The mail server refused it: {UNKNOWN}"
    assert (refused.holder, refused.lease_until, refused.next_try_at) == ("", None, None)
    assert send(now + timedelta(days=1)) == 0

    getattr(choosy, where).clear()
    assert retry(Message.objects.put_aside()) == 1
    assert send(now + timedelta(days=1)) == 1
    assert choosy.taken[-1] == "ben@example.com"


@pytest.mark.parametrize("where", ["recipients", "contents"])
def test_what_is_refused_for_now_is_tried_again(choosy, now, where):
    write(now)
    getattr(choosy, where)["ben@example.com"] = "451 4.7.1 Greylisted, come back later"
    assert send(now) == 2
    (waiting,) = Message.objects.waiting()
    assert waiting.attempts == 1
    assert "Greylisted" in waiting.failure
    getattr(choosy, where).clear()
    assert send(now + timedelta(minutes=1)) == 1


def test_a_sender_that_is_refused_is_for_the_settings_to_mend_and_the_mail_waits(choosy, now):
    write(now)
    choosy.sender = "553 5.7.1 Sender address rejected"
    assert send(now) == 0
    assert Message.objects.waiting().count() == 3
    assert not Message.objects.put_aside().exists()
    choosy.sender = ""
    assert send(now + timedelta(minutes=1)) == 3
