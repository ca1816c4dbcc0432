"""The mails about notices, written when they are sent: how many of what, and where to read them; no names."""

from functools import partial

from django.conf import settings
from django.urls import reverse

from mail.renderers import Content, plain_text, register
from notices.actions import tell_again
from notices.enums import NoticeMail
from notices.queries import told_in_mails
from notices.words import count_words
from team.models import User
from team.roles import can_own_leads


def register_notice_mail():
    for kind in NoticeMail:
        register(kind, partial(_written, kind), label="Notices about leads")


def _written(kind, messages):
    """Contents for those whose recipients may sign in, can own leads, and have not read everything meanwhile.

    Who has another address by now is told by the next mail, which goes there.
    """
    told = told_in_mails([message.pk for message in messages])
    people = User.objects.active().with_role_names().in_bulk({mine.recipient for mine in told.values()})
    contents, moved = {}, []
    for message in messages:
        user = people.get(told[message.pk].recipient) if message.pk in told else None
        if user and can_own_leads(user):
            if user.email == message.recipient:
                contents[message.pk] = _content(kind, user, told[message.pk].counts)
            else:
                moved.append(message.pk)
    tell_again(messages=moved)
    return contents


def _content(kind, user, counts):
    lines = [count_words(each) for each in counts]
    text = plain_text(
        "mail/notices.txt",
        name=user.get_short_name(),
        told=lines,
        link=settings.SITE_URL + reverse("web:notice-list"),
        is_daily=kind == NoticeMail.DAILY,
        profile=settings.SITE_URL + reverse("web:profile") + "#notices",
    )
    return Content(", ".join(lines), text)
