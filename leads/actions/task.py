"""The next step somebody promised."""

from django.core.exceptions import ValidationError

from leads.actions.timeline import log_activity, record_activities
from leads.activities import kinds
from leads.changes import Change
from leads.models import Task
from leads.rules import check_year


def add_task(*, lead, kind, title, due_at, assignee, by, now) -> Task:
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
    # What it refers to has been loaded: looked up again, each would cost a statement.
    task.clean_fields(exclude=["lead", "assignee", "created_by"])
    task.save(force_insert=True)
    return task


def complete_task(change: Change, *, task) -> bool:
    """Marks a task done and says so on the timeline; returns False, changing nothing, when it was done already."""
    if not Task.objects.filter(pk=task.pk).open().update(done_at=change.now, done_by=change.by):
        return False
    payload = {"task": task.pk, "kind": task.kind, "title": task.title}
    log_activity(change, lead=task.lead, kind=kinds.TASK_DONE.code, payload=payload)
    task.done_at, task.done_by = change.now, change.by
    return True


def complete_tasks(change: Change, *, tasks) -> int:
    """Marks the open ones of a queryset of tasks done, each with its line on the timeline; returns how many."""
    done = list(tasks.open().select_for_update().order_by("pk"))
    if not done:
        return 0
    Task.objects.filter(pk__in=[task.pk for task in done]).update(done_at=change.now, done_by=change.by)
    rows = [
        {
            "lead_id": task.lead_id,
            "kind": kinds.TASK_DONE.code,
            "occurred_at": change.now,
            "actor_id": change.by and change.by.pk,
            "payload": {"task": task.pk, "kind": task.kind, "title": task.title},
        }
        for task in done
    ]
    return record_activities(change, rows=rows)


def pass_on_tasks(*, lead_ids, of, to) -> int:
    """Gives the open tasks that the users `of` have on these leads to `to`; returns how many."""
    return Task.objects.open().filter(lead__in=lead_ids, assignee__in=of).exclude(assignee=to).update(assignee=to)
