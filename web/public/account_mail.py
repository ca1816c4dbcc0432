"""The mails about an account, written when they are sent: no secret link lies in a row."""

from string import Template

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from mail.renderers import Content, register
from team.enums import AccountMail
from team.models import User

RESET = Template("""Hello $name,

somebody, most likely you, asked for a new password for LeadFunnel. Choose one here within 24 hours:

$link

If it was not you, nothing needs doing: your password stays as it is.
""")
CHANGED = Template("""Hello $name,

the password of your LeadFunnel account was changed just now, and every other session of yours was ended.

If it was not you, choose a new password at once and tell your admin:

$link
""")


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
    return Content("Choose a new password for LeadFunnel", RESET.substitute(name=user.get_short_name(), link=link))


def _changed(user):
    text = CHANGED.substitute(name=user.get_short_name(), link=_link("web:password-reset"))
    return Content("Your LeadFunnel password was changed", text)


def _link(page, *values):
    # The address of the site is a setting: a Host header must not decide where a secret link leads.
    return settings.SITE_URL + reverse(page, args=values)
