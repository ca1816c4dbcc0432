"""What the ticks wake. Every task may run twice, late or beside itself: its work lies in the database."""

import time

from celery import shared_task
from django.db import OperationalError
from django.utils import timezone

from jobs import shutdown
from routing.actions import regrade_chunk, request_nightly_regrade, settle_dirty, share_out_pools
from routing.actions.settling import SMALL, gave_way

BUDGET_SECONDS = 20
REGRADE_SECONDS = 2


@shared_task
def settle_dirty_leads():
    """Settles what waits, batch by batch, for a while; the next tick goes on."""
    deadline = time.monotonic() + BUDGET_SECONDS
    while time.monotonic() < deadline and not shutdown.has_begun():
        if settle_dirty(now=timezone.now(), limit=SMALL) < SMALL:
            break


@shared_task
def run_regrade_chunk():
    """Chunks of a run of everybody for a moment, with fresh changes in between; as many workers at once as are free.

    The next ticks go on. They come faster than this ends, so that a run has every worker until it is done.
    """
    deadline = time.monotonic() + REGRADE_SECONDS
    while regrade_chunk(now=timezone.now()) and time.monotonic() < deadline and not shutdown.has_begun():
        settle_dirty(now=timezone.now(), limit=SMALL)


@shared_task
def share_out_waiting_leads():
    try:
        share_out_pools(now=timezone.now())
    except OperationalError as error:
        if not gave_way(error):
            raise


@shared_task
def start_nightly_regrade():
    request_nightly_regrade(now=timezone.now())
