from celery import shared_task
from django.utils import timezone

from mail.tasks import hurry_mail
from notices import actions


@shared_task(ignore_result=True)
def mail_notices():
    if actions.post_notice_mail(now=timezone.now()):
        hurry_mail()


@shared_task(ignore_result=True)
def forget_old_notices():
    actions.forget_notices(now=timezone.now())
