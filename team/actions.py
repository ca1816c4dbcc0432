import logging
from string import Template

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.contrib.auth.tokens import default_token_generator
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from jobs.postgres import Lock, take_lock
from team import rules
from team.enums import AccountMailKind, Role
from team.models import AccountMail, User

logger = logging.getLogger(__name__)

SUBJECTS = {
    AccountMailKind.RESET: "Choose a new password for LeadFunnel",
    AccountMailKind.CHANGED: "Your LeadFunnel password was changed",
}
TEXTS = {
    AccountMailKind.RESET: Template("""Hello $name,

somebody, most likely you, asked for a new password for LeadFunnel. Choose one here within 24 hours:

$link

If it was not you, nothing needs doing: your password stays as it is.
"""),
    AccountMailKind.CHANGED: Template("""Hello $name,

the password of your LeadFunnel account was changed just now, and every other session of yours was ended.

If it was not you, choose a new password at once and tell your admin:

$link
"""),
}

# What each role may do, as Django permissions. What it may see is a queryset (visible_to), not a permission.
PERMISSIONS = {
    Role.REP: {"leads.change_lead", "leads.add_lead"},
    Role.MANAGER: {"leads.change_lead", "leads.add_lead", "leads.assign_lead", "leads.export_lead"},
    Role.MARKETER: {
        "leads.change_lead",
        "leads.add_lead",
        "leads.export_lead",
        "capture.view_import",
        "capture.add_import",
        "capture.change_import",
    },
}


def sync_roles():
    """Makes the four groups and gives each exactly its permissions; an admin gets all there are. Safe to repeat."""
    known = {
        f"{label}.{codename}": pk
        for pk, label, codename in Permission.objects.values_list("pk", "content_type__app_label", "codename")
    }
    for role in Role:
        group, _ = Group.objects.get_or_create(name=role.value)
        wanted = PERMISSIONS.get(role, known.keys())
        group.permissions.set(known[name] for name in wanted if name in known)


def request_password_reset(*, email, requester, now):
    """Writes the wish down, the same way for an address that has an account and one that has not.

    False when `requester`, a network address or None, has asked too often. A wish too many for one `email` is
    dropped without a word, so that nobody can be buried in mail and nobody learns anything.
    """
    email = email.strip().lower()
    with transaction.atomic():
        take_lock(Lock.PASSWORD_RESETS)
        wishes = AccountMail.objects.filter(kind=AccountMailKind.RESET)
        if requester and _reached(wishes.filter(requester=requester), rules.RESETS_PER_REQUESTER, now):
            return False
        if not _reached(wishes.filter(email=email), rules.RESETS_PER_EMAIL, now):
            AccountMail.objects.create(kind=AccountMailKind.RESET, email=email, requester=requester, requested_at=now)
    return True


def announce_password_change(*, user, now):
    """Tells the owner of the account by mail; call it in the transaction that changes the password."""
    AccountMail.objects.create(kind=AccountMailKind.CHANGED, email=user.email, requested_at=now)


def send_account_mail(*, now, limit=20):
    """Sends what waits, at most `limit`, and returns how many mails went out; rows nobody is behind are just ticked.

    Commits the claim before it talks to the mail server. A mail the server did not take, or a worker killed on the
    way, is tried again later, so that a mail may in the worst case come twice.
    """
    due = AccountMail.objects.filter(done_at=None, attempts__lt=rules.MAIL_ATTEMPTS).filter(
        Q(claimed_at=None) | Q(claimed_at__lt=now - rules.MAIL_RETRY_AFTER)
    )
    with transaction.atomic():
        rows = list(due.order_by("requested_at").select_for_update(skip_locked=True)[:limit])
        ids = [row.pk for row in rows]
        AccountMail.objects.filter(pk__in=ids).update(claimed_at=now, attempts=F("attempts") + 1)
        AccountMail.objects.filter(requested_at__lt=now - rules.MAIL_KEPT).delete()
    people = {user.email: user for user in User.objects.active().filter(email__in=[row.email for row in rows])}
    done, sent = [], 0
    for row in rows:
        user = people.get(row.email)
        try:
            sent += _message(row.kind, user).send() if user is not None else 0
        except OSError as error:  # of which every smtplib error is one
            logger.warning("Account mail %s waits: the mail server did not take it (%s).", row.pk, type(error).__name__)
        else:
            done.append(row.pk)
    AccountMail.objects.filter(pk__in=done).update(done_at=now)
    return sent


def forget_sign_ins(*, now):
    """Deletes the sessions that have run out and the bad tries that no longer count."""
    Session.objects.filter(expire_date__lt=now).delete()
    AccessAttempt.objects.filter(attempt_time__lt=now - settings.AXES_COOLOFF_TIME).delete()


def _reached(wishes, limits, now):
    return any(wishes.filter(requested_at__gt=now - within).count() >= most for within, most in limits)


def _message(kind, user):
    # The address of the site is a setting: a Host header must not decide where a secret link leads.
    path = reverse("web:password-reset")
    if kind == AccountMailKind.RESET:
        uid = urlsafe_base64_encode(force_bytes(user.pk))
        path = reverse("web:password-reset-confirm", args=[uid, default_token_generator.make_token(user)])
    text = TEXTS[kind].substitute(name=user.get_short_name(), link=settings.SITE_URL + path)
    return mail.EmailMessage(SUBJECTS[kind], text, to=[user.email])
