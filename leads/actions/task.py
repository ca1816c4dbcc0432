"""The next step somebody promised."""

from django.core.exceptions import ValidationError
from django.db import transaction

from leads.actions.timeline import log_activity, record_activities
from leads.activities import kinds
from leads.models import Task
from leads.rules import check_year


def add_task(*, lead, kind, title, due_at, assignee, by, now):
    """A task on a lead; raises ValidationError naming what is wrong, or when the assignee may not sign in."""
    if not assignee.is_active:
        raise ValidationError({"assignee": f"{assignee} may not sign in, so nobody would do it."})
    try:
        check_year(due_at)
    except ValueError as error:
        raise ValidationError({"due_at": str(error)}) from None
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
        log_activity(lead=task.lead, kind=kinds.TASK_DONE.code, by=by, now=now, payload=payload)
    task.done_at, task.done_by = now, by
    return True


def complete_tasks(*, tasks, by, now):
    """Marks the open ones of a queryset of tasks done, each with its line on the timeline; returns how many."""
    with transaction.atomic():
        done = list(tasks.open().select_for_update().order_by("pk"))
        Task.objects.filter(pk__in=[task.pk for task in done]).update(done_at=now, done_by=by)
        rows = [
            {
                "lead_id": task.lead_id,
                "kind": kinds.TASK_DONE.code,
                "occurred_at": now,
                "actor_id": by and by.pk,
                "payload": {"task": task.pk, "kind": task.kind, "title": task.title},
            }
            for task in done
        ]
        record_activities(rows=rows, now=now)
    return len(done)


def pass_on_tasks(*, lead_ids, of, to):
    """Gives the open tasks that the users `of` have on these leads to `to`; returns how many."""
    return Task.objects.open().filter(lead__in=lead_ids, assignee__in=of).exclude(assignee=to).update(assignee=to)
