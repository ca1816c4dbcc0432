"""The Celery application: the bell that wakes workers (docs/architecture.md, laws 4 and 5)."""

import os

from celery import Celery
from celery.signals import worker_shutting_down
from kombu import Queue
from kombu.transport import redis

from jobs import shutdown
from jobs.enums import Lane

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadfunnel.settings")

# Ticks that a worker holds when its broker goes are not given back. They carry nothing, and Kombu, which takes the
# connection down first, ends the worker over it (its issue 582).
redis.QoS.restore_at_shutdown = False

app = Celery("leadfunnel")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_shutting_down.connect
def _end_long_work(**_):
    shutdown.begin()


def _every(seconds, task, *, lane, stale_after, values=None):
    """A tick of a lane. It is thrown away once the next ones have made it useless."""
    options = {"queue": lane.value, "expires": stale_after}
    return {"task": task, "schedule": float(seconds), "kwargs": values or {}, "options": options}


# What each tick has to do is computed from the database: a tick that is lost, late or doubled changes nothing.
TICKS = {
    "settle dirty leads": _every(1, "routing.tasks.settle_dirty_leads", lane=Lane.SETTLE, stale_after=5),
    "share out waiting leads": _every(2, "routing.tasks.share_out_waiting_leads", lane=Lane.SETTLE, stale_after=10),
    "regrade everybody": _every(1, "routing.tasks.run_regrade_chunk", lane=Lane.BULK, stale_after=2),
    "start the nightly regrade": _every(300, "routing.tasks.start_nightly_regrade", lane=Lane.SETTLE, stale_after=300),
    "go on with imports": _every(2, "capture.tasks.continue_imports", lane=Lane.BULK, stale_after=10),
    "follow changes": _every(1, "leads.tasks.wake_followers", lane=Lane.SETTLE, stale_after=2),
    "prune changes": _every(3600, "leads.tasks.prune_changes", lane=Lane.SETTLE, stale_after=3600),
    "mail": _every(10, "mail.tasks.send_mail", lane=Lane.MAIL, stale_after=10),
    "notices by mail": _every(5, "notices.tasks.mail_notices", lane=Lane.MAIL, stale_after=5),
    # Once a day would do, but beat counts from its own start, and may be started more often than that.
    "forget old mail": _every(3600, "mail.tasks.forget_old_mail", lane=Lane.MAIL, stale_after=3600),
    "forget old notices": _every(3600, "notices.tasks.forget_old_notices", lane=Lane.MAIL, stale_after=3600),
    "forget old sign-ins": _every(3600, "team.tasks.forget_old_sign_ins", lane=Lane.SETTLE, stale_after=3600),
}
HEARTBEATS = {
    f"heartbeat of {lane}": _every(
        10, "insights.tasks.write_heartbeat", lane=lane, stale_after=30, values={"lane": lane.value}
    )
    for lane in Lane
}

# Nothing of the configuration may be read here, only written: reading it reads the settings, too.
app.conf.beat_schedule = TICKS | HEARTBEATS
# Each lane is a queue, and what a page hurries goes where its ticks go. A worker that is told no queues takes all.
app.conf.task_queues = [Queue(lane.value) for lane in Lane]
app.conf.task_default_queue = Lane.SETTLE.value
app.conf.task_routes = {tick["task"]: {"queue": tick["options"]["queue"]} for tick in TICKS.values()}
