"""What the ticks wake. Each may run twice, late or beside itself: its work lies in the database."""

import datetime
import time

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from jobs import shutdown
from leads.changes.following import follow, followers
from leads.changes.pruning import prune

BUDGET_SECONDS = 20


# A tick that comes later than this is useless: the next ones have come.
STALE_AFTER = 5


@shared_task
def wake_followers():
    """A tick for each follower, so that a slow one keeps none waiting."""
    for follower in followers():
        follow_changes.apply_async([follower.code], expires=STALE_AFTER)


@shared_task
def follow_changes(follower):
    """Lets a follower catch up for a while; the next tick goes on."""
    deadline = time.monotonic() + BUDGET_SECONDS
    while time.monotonic() < deadline and not shutdown.has_begun():
        if not follow(follower, now=timezone.now()):
            break


@shared_task
def prune_changes():
    """Forgets old news for a while."""
    kept = datetime.timedelta(days=settings.NEWS_KEPT_DAYS)
    deadline = time.monotonic() + BUDGET_SECONDS
    while time.monotonic() < deadline and not shutdown.has_begun():
        if not prune(now=timezone.now(), kept=kept):
            break
