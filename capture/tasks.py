from celery import shared_task
from django.utils import timezone

from capture.importing.actions.running import continue_import
from capture.importing.models import Import

# A while, so that a regrade gets its turn, too; the next tick goes on.
SECONDS = 30


@shared_task
def continue_imports():
    """Works on whatever imports wait, the oldest first."""
    due = Import.objects.due(timezone.now()).order_by("pk")
    for run_id in due.values_list("pk", flat=True)[:20]:
        if continue_import(run_id=run_id, clock=timezone.now, seconds=SECONDS):
            return
