"""The Celery application: the bell that wakes workers (docs/architecture.md, laws 4 and 5)."""

import os

from celery import Celery
from kombu.transport import redis

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadfunnel.settings")

# Ticks that a worker holds when its broker goes are not given back. They carry nothing, and Kombu, which takes the
# connection down first, ends the worker over it (its issue 582).
redis.QoS.restore_at_shutdown = False

app = Celery("leadfunnel")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def _every(seconds, task, *, stale_after):
    """A tick. It carries no arguments, and is thrown away once the next ones have made it useless."""
    return {"task": task, "schedule": float(seconds), "options": {"expires": stale_after}}


# What each tick has to do is computed from the database: a tick that is lost, late or doubled changes nothing.
app.conf.beat_schedule = {
    "settle dirty leads": _every(1, "routing.tasks.settle_dirty_leads", stale_after=5),
    "share out waiting leads": _every(2, "routing.tasks.share_out_waiting_leads", stale_after=10),
    "regrade everybody": _every(1, "routing.tasks.run_regrade_chunk", stale_after=2),
    "start the nightly regrade": _every(300, "routing.tasks.start_nightly_regrade", stale_after=300),
    "go on with imports": _every(2, "capture.tasks.continue_imports", stale_after=10),
    "mail": _every(10, "mail.tasks.send_mail", stale_after=10),
    "forget old mail": _every(3600, "mail.tasks.forget_old_mail", stale_after=3600),
    # Once a day would do, but beat counts from its own start, and may be started more often than that.
    "forget old sign-ins": _every(3600, "team.tasks.forget_old_sign_ins", stale_after=3600),
    "heartbeat": _every(10, "insights.tasks.write_heartbeat", stale_after=30),
}
