import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from jobs import shutdown
from jobs.actions import retry
from mail import renderers
from mail.actions import KEPT, forget_messages, post, post_each, send_messages
from mail.models import Message
from mail.renderers import Content, register

MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.django_db


class AwayMailServer(EmailBackend):
    def open(self):
        raise ConnectionRefusedError("Connection refused")


class PickyMailServer(EmailBackend):
    """Takes no mail for ben, and hangs up."""

    closed = 0

    def send_messages(self, messages):
        if messages[0].to == ["ben@example.com"]:
            raise smtplib.SMTPServerDisconnected("gone")
        return super().send_messages(messages)

    def close(self):
        type(self).closed += 1


@pytest.fixture
def server(settings, monkeypatch):
    """server(AwayMailServer): from now on mail goes there."""
    monkeypatch.setattr(renderers, "_renderers", dict(renderers._renderers))

    def server(kind):
        settings.EMAIL_BACKEND = f"{kind.__module__}.{kind.__name__}"

    return server


def write(now, *names, kind="notice"):
    return [
        post(kind=kind, recipient=f"{name}@example.com", subject="News", text=f"Hello {name}", now=now)
        for name in names
    ]


def send(now, limit=20):
    return send_messages(clock=lambda: now, limit=limit)


def recipients():
    return [address for message in mail.outbox for address in message.to]


def test_what_is_written_is_sent_once_oldest_first(now):
    write(now, "ada")
    write(now - MINUTE, "ben")
    assert [send(now), send(now)] == [2, 0]
    assert recipients() == ["ben@example.com", "ada@example.com"]
    sent = mail.outbox[1]
    assert (sent.subject, sent.body) == ("News", "Hello ada")
    assert sent.extra_headers == {"Auto-Submitted": "auto-generated"}
    assert Message.objects.filter(done_at=now, holder="", lease_until=None).count() == 2


def test_a_renderer_writes_the_messages_of_its_kind_together_when_they_are_sent(now, server):
    asked = []

    def write_digests(messages):
        asked.append([message.recipient for message in messages])
        return {messages[0].pk: Content("Digest", "Three leads")}

    register("digest", write_digests, label="Digest")
    write(now, "ada", "ben", kind="digest")
    assert send(now) == 1
    assert asked == [["ada@example.com", "ben@example.com"]]
    assert [(message.to, message.subject) for message in mail.outbox] == [(["ada@example.com"], "Digest")]
    # Whom nobody writes to is done with, too.
    assert Message.objects.filter(done_at=now).count() == 2


def test_a_message_that_cannot_be_written_holds_up_no_other(now, server):
    def fails_for_ben(messages):
        return {message.pk: Content("x", {"ada@example.com": "Hi"}[message.recipient]) for message in messages}

    register("digest", fails_for_ben, label="Digest")
    write(now, "ada", "ben", kind="digest")
    assert send(now) == 1
    (failed,) = Message.objects.waiting()
    assert (failed.recipient, failed.attempts, failed.failure) == ("ben@example.com", 1, "KeyError: 'ben@example.com'")


def test_mail_waits_for_a_mail_server_that_is_away(now, server):
    write(now, "ada", "ben")
    server(AwayMailServer)
    assert send(now) == 0
    server(EmailBackend)
    assert send(now + MINUTE / 2) == 0
    assert set(Message.objects.values_list("attempts", "failure")) == {
        (1, "ConnectionRefusedError: Connection refused")
    }
    assert send(now + MINUTE) == 2


def test_a_mail_server_may_be_away_for_an_evening_and_then_mail_is_put_aside(now, server):
    write(now, "ada")
    server(AwayMailServer)
    hours = 0
    while Message.objects.waiting().exists():
        send(now + timedelta(hours=hours))
        hours += 1
    assert hours == 12
    server(EmailBackend)
    assert send(now + timedelta(days=3)) == 0
    assert retry(Message.objects.put_aside()) == 1
    assert send(now + timedelta(days=3)) == 1


def test_one_message_that_is_not_taken_holds_up_no_other(now, server):
    write(now, "ada", "ben", "cal")
    server(PickyMailServer)
    assert send(now) == 2
    assert recipients() == ["ada@example.com", "cal@example.com"]
    (failed,) = Message.objects.waiting()
    assert (failed.recipient, failed.failure) == ("ben@example.com", "SMTPServerDisconnected: gone")
    assert PickyMailServer.closed == 2


def test_a_worker_that_is_to_end_leaves_the_rest_to_another(now, monkeypatch):
    write(now, "ada", "ben")
    with monkeypatch.context() as ending:
        ending.setattr(shutdown, "has_begun", lambda: True)
        assert send(now) == 0
    assert not Message.objects.filter(attempts__gt=0).exists()
    assert send(now) == 2


def test_only_what_is_done_is_forgotten(now):
    write(now, "ada", "ben")
    send(now, limit=1)
    forget_messages(now=now + KEPT)
    assert Message.objects.count() == 2
    forget_messages(now=now + KEPT + MINUTE)
    assert Message.objects.get().recipient == "ben@example.com"


def test_a_message_that_waits_serves_again_unless_somebody_is_at_it(now, django_assert_num_queries):
    wanted = [("digest", "ada@example.com"), ("digest", "ben@example.com"), ("other", "ada@example.com")]
    with django_assert_num_queries(2):
        first = post_each(wanted, now=now)
    assert post_each(wanted, now=now + MINUTE) == first
    Message.objects.filter(pk=first[0]).update(lease_until=now, holder="a worker")
    Message.objects.filter(pk=first[1]).update(done_at=now)
    again = post_each(wanted, now=now + MINUTE)
    assert set(first) & set(again) == {first[2]}
    assert list(Message.objects.values_list("kind", "recipient").filter(pk__in=again).order_by("pk")) == [
        wanted[2],
        *wanted[:2],
    ]
