"""What becomes of notices: read, unread again, forgotten."""

import datetime

from notices.models import Notice

# Counted from when they were told.
READ_KEPT = datetime.timedelta(days=90)
UNREAD_KEPT = datetime.timedelta(days=365)


def mark_read(*, notice, now) -> None:
    Notice.objects.unread().filter(pk=notice.pk).update(read_at=now)


def mark_all_read(*, by, up_to, now) -> int:
    """Marks what `by` has not read, up to the notice of the number `up_to`, the newest she was shown; returns how many.

    What arrived meanwhile has a higher number, since one follower writes them all, one after the other.
    """
    return Notice.objects.visible_to(by).unread().filter(pk__lte=up_to).update(read_at=now)


def mark_unread(*, by, read_at) -> int:
    """Undoes what `by` marked at that very moment; returns how many notices. Doing it twice changes nothing more."""
    return Notice.objects.visible_to(by).filter(read_at=read_at).update(read_at=None)


def forget_notices(*, now) -> None:
    """Deletes what was told and read a while ago, and what nobody has read for a long time."""
    Notice.objects.filter(told_at__lt=now - READ_KEPT, read_at__isnull=False).delete()
    Notice.objects.filter(told_at__lt=now - UNREAD_KEPT).delete()
