from celery import shared_task
from django.utils import timezone

from insights.actions import note_heartbeat


@shared_task(bind=True)
def write_heartbeat(self):
    """Beat sent it, the broker carried it, a worker runs it: the row proves that all three are alive."""
    note_heartbeat(process=self.request.hostname or "worker", now=timezone.now())
