import logging
import threading
import time

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from jobs import shutdown
from mail import actions

logger = logging.getLogger(__name__)

BUDGET_SECONDS = 20


@shared_task(ignore_result=True)
def send_mail():
    """Messages that wait; the beat calls it, and `hurry_mail` earlier."""
    deadline = time.monotonic() + BUDGET_SECONDS
    while actions.send_messages(clock=timezone.now) and time.monotonic() < deadline and not shutdown.has_begun():
        pass


@shared_task(ignore_result=True)
def forget_old_mail():
    actions.forget_messages(now=timezone.now())


def hurry_mail():
    """Wakes a worker after the commit. Returns at once; without a broker the next beat finds the message."""
    transaction.on_commit(threading.Thread(target=_ring, name="mail", daemon=True).start)


def _ring():
    try:
        send_mail.apply_async(retry=False, expires=60)
    except Exception:
        logger.debug("Nobody was woken; the mail goes out with the next beat.", exc_info=True)
