"""A regrade of everybody while somebody waits for it, on several connections."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from django.core.exceptions import ValidationError
from django.db import connection, connections

from routing.actions.door import Settled
from routing.actions.settling import regrade_chunk
from scoring.actions import request_regrade
from scoring.actions.runs import CHUNK
from scoring.models import RegradeRun

CONNECTIONS = 2
# How long to wait when the chunks that are left are in other hands, or somebody else was first.
PAUSE_SECONDS = 0.1


class RunCancelled(Exception):
    """The run was cancelled before every lead was done; `settled` (a `Settled`) says what was, and that stays."""

    def __init__(self, settled, total):
        super().__init__(
            f"The regrade was cancelled after {settled.leads:,} of {total:,} leads; what is done stays, the rest is "
            "not regraded."
        )
        self.settled = settled


def regrade_everybody(*, now, size=CHUNK) -> Settled:
    """Settles every lead there is and waits for it; returns `Settled` with leads and changed, zeros without a model.

    It is a RegradeRun: workers help, it can be cancelled, and whatever breaks this off leaves the rest to them. On
    CONNECTIONS connections, but on the caller's alone when there is one chunk or a transaction is open. Raises what
    the first chunk to fail raises, and RunCancelled when somebody cancelled the run meanwhile.
    """
    try:
        run = request_regrade(by=None, now=now, size=size)
    except ValidationError:
        return Settled()
    if connection.in_atomic_block or run.chunks.count() < 2:
        _work_off(run, now, threading.Event())
    else:
        _work_off_beside(run, now)
    run = RegradeRun.objects.with_progress().get(pk=run.pk)
    settled = Settled(run.done, run.changed)
    if run.cancelled_at:
        raise RunCancelled(settled, run.total)
    return settled


def _work_off_beside(run, now):
    stop = threading.Event()

    def work():
        try:
            _work_off(run, now, stop)
        finally:
            stop.set()
            connections.close_all()

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        try:
            for result in [threads.submit(work) for _ in range(CONNECTIONS)]:
                result.result()
        finally:
            stop.set()


def _work_off(run, now, stop):
    while not stop.is_set() and RegradeRun.objects.unfinished().filter(pk=run.pk).exists():
        if not regrade_chunk(now=now, run=run):
            time.sleep(PAUSE_SECONDS)
