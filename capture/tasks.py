from celery import shared_task
from django.utils import timezone

from capture.importing.actions.running import continue_import
from capture.importing.models import Import

# Well below the soft time limit of a task; the next tick goes on.
SECONDS = 100


@shared_task
def continue_imports():
    """Works on whatever imports wait, the oldest first."""
    for run_id in Import.objects.waiting().order_by("pk").values_list("pk", flat=True)[:20]:
        if continue_import(run_id=run_id, clock=timezone.now, seconds=SECONDS):
            return
