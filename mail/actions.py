import datetime
import logging
from collections.abc import Iterable

from jobs import shutdown
from jobs.actions import FRESH, claim, fail, put_aside, renewed
from mail import transport
from mail.models import Message
from mail.renderers import rendered

logger = logging.getLogger(__name__)

KEPT = datetime.timedelta(days=7)


def post(*, kind, recipient, now, subject="", text="", requester=None) -> Message:
    """Writes a message down for a worker to send, in the caller's transaction: with it, it is or is not to be sent."""
    return Message.objects.create(
        kind=kind, recipient=recipient, subject=subject, text=text, requester=requester, created_at=now
    )


def post_each(wanted: Iterable[tuple[str, str]], *, now) -> list[int]:
    """A message without words of its own for each (kind, recipient): the ids, in their order, in the transaction.

    One of that kind to that recipient that waits, as while the mail server is away, serves again: what its renderer
    is to tell meanwhile comes in one mail. Two statements.
    """
    wanted = list(wanted)
    free = Message.objects.waiting().filter(lease_until=None, kind__in={kind for kind, _ in wanted})
    # Locked, so that no worker writes it before the caller has committed.
    waiting = free.filter(recipient__in={to for _, to in wanted}).select_for_update(skip_locked=True)
    found = {(message.kind, message.recipient): message for message in waiting}
    new = {one: Message(kind=one[0], recipient=one[1], created_at=now) for one in wanted if one not in found}
    found |= dict(zip(new, Message.objects.bulk_create(new.values()), strict=True))
    return [found[one].pk for one in wanted]


def send_messages(*, clock, limit=20) -> int:
    """Sends what waits, at most `limit`, and returns how many went out; messages nobody is behind are just ticked.

    clock: a callable that tells the time. The claim is committed before it talks to the mail server, and each message
    is ticked as soon as the server has it, so that a worker that is killed sends at most one of them twice. What the
    server does not take is tried again later, and put aside at once where it says that it never will.
    """
    lease = claim(Message.objects.all(), now=clock(), limit=limit)
    if lease is None:
        return 0
    try:
        with renewed(lease, clock=clock):
            contents = _contents(lease, clock)
            with transport.connected() as send:
                return _send_each(lease, contents, send, clock)
    except OSError as error:
        logger.warning("Mail waits: the mail server is not to be reached (%s).", type(error).__name__)
        lease.fail(failure=error, now=clock())
        return 0
    finally:
        lease.give_back()


def forget_messages(*, now) -> None:
    """Deletes what was done a while ago."""
    Message.objects.filter(done_at__lt=now - KEPT).delete()


def _contents(lease, clock):
    """The contents of all that can be written; a message that cannot fails alone."""
    messages = list(lease.jobs)
    try:
        return rendered(messages)
    except Exception:
        logger.exception("Writing %s messages at once failed; trying one by one.", len(messages))
    contents = {}
    for message in messages:
        try:
            contents |= rendered([message])
        except Exception as error:
            logger.exception("Message %s cannot be written.", message.pk)
            fail(lease.jobs.filter(pk=message.pk), failure=error, now=clock())
    return contents


def _send_each(lease, contents, send, clock):
    sent = 0
    for message in lease.jobs:
        if shutdown.has_begun():
            break
        this = lease.jobs.filter(pk=message.pk)
        try:
            if message.pk in contents:
                send(contents[message.pk], message.recipient)
                sent += 1
        except transport.Refused as error:
            logger.warning("Message %s is refused for good.", message.pk)
            put_aside(this, failure=f"The mail server refused it: {error}", now=clock())
        except Exception as error:
            # Of every error of smtplib the name says enough; anything else is a fault of ours.
            ours = not isinstance(error, OSError)
            logger.warning("Message %s waits (%s).", message.pk, type(error).__name__, exc_info=ours)
            fail(this, failure=error, now=clock())
        else:
            this.update(done_at=clock(), **Message.LET_GO, **FRESH)
    return sent
