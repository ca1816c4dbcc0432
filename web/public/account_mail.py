"""The mails about an account, written when they are sent: no secret link lies in a row."""

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from mail.renderers import Content, plain_text, register
from team.enums import AccountMail
from team.models import User


def register_account_mail():
    register(AccountMail.RESET, _written(_reset), label="Link for a new password")
    register(AccountMail.CHANGED, _written(_changed), label="News of a changed password")


def _written(content):
    """Messages to people who may sign in, by `content` of such a person; nobody else gets one."""

    def write(messages):
        people = User.objects.active().in_bulk([message.recipient for message in messages], field_name="email")
        return {message.pk: content(people[message.recipient]) for message in messages if message.recipient in people}

    return write


def _reset(user):
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    link = _link("web:password-reset-confirm", uid, default_token_generator.make_token(user))
    text = plain_text("mail/password_reset.txt", name=user.get_short_name(), link=link)
    return Content("Choose a new password for LeadFunnel", text)


def _changed(user):
    text = plain_text("mail/password_changed.txt", name=user.get_short_name(), link=_link("web:password-reset"))
    return Content("Your LeadFunnel password was changed", text)


def _link(page, *values):
    # The address of the site is a setting: a Host header must not decide where a secret link leads.
    return settings.SITE_URL + reverse(page, args=values)
