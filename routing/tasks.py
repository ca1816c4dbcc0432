"""The bell and what it wakes. Every task may run twice, late or beside itself: its work lies in the database."""

import logging
import os
import threading
import time

from celery import shared_task
from django.db import OperationalError, transaction
from django.utils import timezone

from routing.actions import regrade_chunk, request_nightly_regrade, settle_dirty, share_out_pools
from routing.actions.settle import SMALL, gave_way

logger = logging.getLogger(__name__)

BUDGET_SECONDS = 20
REGRADE_SECONDS = 2


@shared_task
def settle_dirty_leads():
    """Settles what waits, batch by batch, for a while; the next tick goes on."""
    deadline = time.monotonic() + BUDGET_SECONDS
    while time.monotonic() < deadline:
        if settle_dirty(now=timezone.now(), limit=SMALL) < SMALL:
            break


@shared_task
def run_regrade_chunk():
    """Chunks of a run of everybody for a moment, with fresh changes in between; as many workers at once as are free.

    The next ticks go on. They come faster than this ends, so that a run has every worker until it is done.
    """
    deadline = time.monotonic() + REGRADE_SECONDS
    while regrade_chunk(now=timezone.now()) and time.monotonic() < deadline:
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


def ring():
    """Wakes a worker once the current transaction has committed; dirty leads then wait for no tick.

    Returns at once and never raises: the message goes out from a thread, and without Redis it is simply lost.
    """
    transaction.on_commit(_bell.ring, robust=True)


class _Bell:
    """One thread per process that sends the message; any number of rings while it is busy make one more."""

    def __init__(self):
        self._lock = threading.Lock()
        self._rung = threading.Event()
        self._pid = None

    def ring(self):
        try:
            self._rung.set()
            if self._pid != os.getpid():
                self._start()
        except RuntimeError:
            logger.debug("No thread to ring the bell with; the next tick finds the work.", exc_info=True)

    def _start(self):
        with self._lock:
            if self._pid != os.getpid():
                # A fork takes the object along, but not the thread.
                threading.Thread(target=self._run, args=(self._rung,), name="bell", daemon=True).start()
                self._pid = os.getpid()

    @staticmethod
    def _run(rung):
        while rung.wait():
            rung.clear()
            _wake(settle_dirty_leads, expires=10)


def _wake(task, *, expires):
    """Sends a message that may get lost: the next tick finds the work just as well."""
    try:
        task.apply_async(expires=expires, retry=False)
    except Exception:
        logger.debug("Nobody heard the bell for %s.", task.name, exc_info=True)


_bell = _Bell()
