from celery import shared_task
from django.utils import timezone

from insights.actions import note_heartbeat


@shared_task(bind=True)
def write_heartbeat(self, lane):
    """Beat sent it, the broker carried it, a worker of the lane runs it: the row proves that all three are alive."""
    note_heartbeat(process=self.request.hostname or "worker", lane=lane, now=timezone.now())
