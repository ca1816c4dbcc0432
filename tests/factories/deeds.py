"""One deed, one change: the actions of leads, each through a door of its own that leaves the marks."""

from leads.actions import lifecycle, record, task, timeline
from leads.changes import changing
from routing import actions as routing


def create_lead(*, by, now, **values):
    with changing(by=by, now=now) as change:
        return record.create_lead(change, **values)


def change_lead(*, lead, changes, by, now):
    with changing([lead], by=by, now=now) as change:
        return record.change_lead(change, lead=lead, values=changes)


def move_stage(*, by, now, **values):
    with changing(by=by, now=now) as change:
        return lifecycle.move_stage(change, **values)


def set_disposition(*, by, now, **values):
    with changing(by=by, now=now) as change:
        return lifecycle.set_disposition(change, **values)


def log_activity(*, lead, by, now, **values):
    with changing(by=by, now=now) as change:
        return timeline.log_activity(change, lead=lead, **values)


def record_activities(*, rows, now):
    with changing(by=None, now=now) as change:
        return timeline.record_activities(change, rows=rows)


def complete_task(*, by, now, **values):
    with changing(by=by, now=now) as change:
        return task.complete_task(change, **values)


def complete_tasks(*, by, now, **values):
    with changing(by=by, now=now) as change:
        return task.complete_tasks(change, **values)


def mark(*, leads, now):
    """Asks for a new score of leads (queryset, objects or ids)."""
    with changing(by=None, now=now) as change:
        change.note(leads)


def settle(leads, *, now, by=None):
    """Has leads scored and handed over at the exit of a change, as a page does; returns `Settled`."""
    with routing.changing(leads, by=by, now=now) as change:
        change.note(change.held)
    return change.settled
