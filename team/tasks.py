from celery import shared_task
from django.utils import timezone

from team import actions


@shared_task(ignore_result=True)
def forget_old_sign_ins():
    actions.forget_sign_ins(now=timezone.now())
