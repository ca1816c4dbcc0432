from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.models import Session
from django.db import transaction

from jobs.postgres import Lock, take_lock
from mail.actions import post
from mail.models import Message
from team import rules
from team.enums import AccountMail, Role
from team.models import Workspace
from team.roles import MAY


def sync_roles() -> None:
    """Makes the four groups and gives each exactly its permissions; an admin gets all there are. Safe to repeat."""
    known = {
        f"{label}.{codename}": pk
        for pk, label, codename in Permission.objects.values_list("pk", "content_type__app_label", "codename")
    }
    for role in Role:
        group, _ = Group.objects.get_or_create(name=role.value)
        wanted = MAY.get(role, known.keys())
        group.permissions.set(known[name] for name in wanted if name in known)


def request_password_reset(*, email, requester, now) -> bool:
    """Writes the wish down, the same way for an address that has an account and one that has not.

    False when `requester`, a network address or None, has asked too often. A wish too many for one `email` is
    dropped without a word, so that nobody can be buried in mail and nobody learns anything.
    """
    email = email.strip().lower()
    with transaction.atomic():
        take_lock(Lock.PASSWORD_RESETS)
        wishes = Message.objects.filter(kind=AccountMail.RESET)
        if requester and _reached(wishes.filter(requester=requester), rules.RESETS_PER_REQUESTER, now):
            return False
        if not _reached(wishes.filter(recipient=email), rules.RESETS_PER_EMAIL, now):
            post(kind=AccountMail.RESET, recipient=email, requester=requester, now=now)
    return True


def announce_password_change(*, user, now) -> None:
    """Tells the owner of the account by mail; call it in the transaction that changes the password."""
    post(kind=AccountMail.CHANGED, recipient=user.email, now=now)


def forget_sign_ins(*, now) -> None:
    """Deletes the sessions that have run out and the bad tries that no longer count."""
    Session.objects.filter(expire_date__lt=now).delete()
    AccessAttempt.objects.filter(attempt_time__lt=now - settings.AXES_COOLOFF_TIME).delete()


def _reached(wishes, limits, now):
    return any(wishes.filter(created_at__gt=now - within).count() >= most for within, most in limits)


class Conflict(Exception):
    """Somebody else has changed the same settings meanwhile; `saved`, {field: value}, is what stands there now."""

    def __init__(self, saved: dict[str, str]):
        super().__init__(", ".join(saved))
        self.saved = saved


def save_workspace(*, values: dict[str, str], was: dict[str, str]) -> set[str]:
    """Saves what differs of these settings, {field: value}, from what they `was` when editing began; returns which.

    What whoever edits left alone stays as somebody else has put it meanwhile. Raises Conflict, and saves nothing,
    where both changed the same.
    """
    with transaction.atomic():
        # The first to save makes the row, which is then locked like any other.
        Workspace.objects.bulk_create([Workspace.objects.current()], ignore_conflicts=True)
        workspace = Workspace.objects.select_for_update().get()
        saved = {name: getattr(workspace, name) for name in values}
        changed = {name for name, value in values.items() if value not in (was.get(name), saved[name])}
        if conflicts := {name: saved[name] for name in values if name in changed and saved[name] != was.get(name)}:
            raise Conflict(conflicts)
        for name in changed:
            setattr(workspace, name, values[name])
        workspace.save(update_fields=changed)
    return changed
