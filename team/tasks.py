import logging
import threading

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from team import actions

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def send_account_mail():
    """Mails about accounts that wait; the beat calls it, and `hurry_account_mail` earlier."""
    actions.send_account_mail(now=timezone.now())


@shared_task(ignore_result=True)
def forget_old_sign_ins():
    actions.forget_sign_ins(now=timezone.now())


def hurry_account_mail():
    """Wakes a worker after the commit. Returns at once; without a broker the next beat finds the row."""
    transaction.on_commit(threading.Thread(target=_ring, name="account mail", daemon=True).start)


def _ring():
    try:
        send_account_mail.apply_async(retry=False, expires=60)
    except Exception:
        logger.debug("Nobody was woken; account mail goes out with the next beat.", exc_info=True)
