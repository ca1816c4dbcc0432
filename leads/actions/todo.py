"""The next step somebody promised."""

from django.core.exceptions import ValidationError
from django.db import transaction

from leads.actions.timeline import log_activity
from leads.enums import ActivityKind
from leads.models import Task


def add_task(*, lead, kind, title, due_at, assignee, by, now):
    """A task on a lead; raises ValidationError naming what is wrong, or when the assignee may not sign in."""
    if not assignee.is_active:
        raise ValidationError({"assignee": f"{assignee} may not sign in, so nobody would do it."})
    task = Task(
        lead=lead, kind=kind, title=title.strip(), due_at=due_at, assignee=assignee, created_at=now, created_by=by
    )
    task.clean_fields()
    task.save(force_insert=True)
    return task


def complete_task(*, task, by, now):
    """Marks a task done and says so on the timeline; returns False, changing nothing, when it was done already."""
    with transaction.atomic():
        if not Task.objects.filter(pk=task.pk).open().update(done_at=now, done_by=by):
            return False
        payload = {"task": task.pk, "kind": task.kind, "title": task.title}
        log_activity(lead=task.lead, kind=ActivityKind.TASK_DONE, by=by, now=now, payload=payload)
    task.done_at, task.done_by = now, by
    return True
