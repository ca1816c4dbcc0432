"""How a contact went: the contact itself, the next step, and what it means for the hand-over, in one go."""

import datetime
from dataclasses import dataclass

from django.core.exceptions import ValidationError

from leads.actions.task import add_task, complete_tasks
from leads.actions.timeline import log_activity
from leads.changes import changing
from leads.enums import Outcome
from leads.models import Task
from routing.actions.handover import note_first_touches, reject
from routing.enums import PLANS, RejectReason
from routing.models import Handover
from team.business_hours import end_of_day

LONGEST_DAYS = 3650
_SECOND = datetime.timedelta(seconds=1)


@dataclass(frozen=True)
class Recorded:
    """The contact logged, the next task (None where there is none), and whether the lead went back to marketing."""

    activity: object
    task: object
    ended: bool


def record_outcome(
    *, lead, outcome, by, now, note="", next_in_days=None, reject_reason=RejectReason.NO_NEED
) -> Recorded:
    """Logs a contact with this `Outcome`, completes the tasks due by the end of the day, and makes the next one.

    The first contact is the hand-over's first touch, and working a lead accepts it. `next_in_days` counts calendar
    days, 0 is today; without it the outcome's own number. "Not now" rejects as bad timing and recycles the person
    for that many days; "not interested" rejects with `reject_reason`. Returns `Recorded`. Raises ValidationError
    for an unknown outcome or a bad number of days; PermissionDenied when `by` may only read the lead, Lead.DoesNotExist
    when she does not see it.
    """
    try:
        outcome = Outcome(outcome)
    except ValueError:
        raise ValidationError({"outcome": f"{outcome} is no outcome."}) from None
    plan = PLANS[outcome]
    days = plan.next_days if next_in_days is None else next_in_days
    if not 0 <= days <= LONGEST_DAYS:
        raise ValidationError({"next_in_days": f"Give a number of days from 0 to {LONGEST_DAYS}."})
    with changing([lead], by=by, now=now) as change:
        current = change.writable(lead.pk)
        handover = Handover.objects.open().filter(lead=lead).first()
        if plan.ends_handover and handover is None:
            raise ValidationError("This lead is with marketing: there is no hand-over to end.", code="gone")
        # Under a hand-over of a moment ago the contact comes after it, so that it counts.
        at = max(now, handover.assigned_at or now) if handover else now
        payload = {"outcome": outcome.value} | ({"note": note.strip()} if note.strip() else {})
        activity = log_activity(change, lead=lead, kind=plan.contact.code, payload=payload, occurred_at=at)
        _complete_due(change, current)
        if plan.ends_handover:
            _give_back(lead, outcome, by, now, note, days, reject_reason)
            return Recorded(activity, None, ended=True)
        if handover:
            note_first_touches([lead.pk])
            Handover.objects.filter(pk=handover.pk, accepted_at__isnull=True, owner__isnull=False).update(
                accepted_at=at
            )
        task = add_task(
            lead=lead,
            kind=plan.next_kind,
            title=plan.next_title,
            due_at=next_step_at(by, now, days),
            assignee=current.owner or by,
            by=by,
            now=now,
        )
    return Recorded(activity, task, ended=False)


def next_step_at(user, now, days) -> datetime.datetime:
    """When a step `days` from now is due: as work starts, in the user's time zone, on that day or the next working one.

    Today's is due in an hour, and before the day is over.
    """
    if days == 0:
        return max(now, min(now + datetime.timedelta(hours=1), end_of_day(now, user.time_zone) - _SECOND))
    day = now.astimezone(user.zone).date() + datetime.timedelta(days=days)
    while day.isoweekday() not in user.work_days:
        day += datetime.timedelta(days=1)
    return datetime.datetime.combine(day, user.work_starts, user.zone).astimezone(datetime.UTC)


def _complete_due(change, lead):
    by = change.by
    midnight = end_of_day(change.now, by.time_zone)
    due = Task.objects.open().filter(lead=lead, assignee=lead.owner or by, due_at__lt=midnight)
    complete_tasks(change, tasks=due)


def _give_back(lead, outcome, by, now, note, days, reject_reason):
    if outcome == Outcome.NOT_NOW:
        recycle_on = now.astimezone(by.zone).date() + datetime.timedelta(days=days)
        reject(lead=lead, by=by, now=now, reason=RejectReason.BAD_TIMING, note=note, recycle_on=recycle_on)
    else:
        reject(lead=lead, by=by, now=now, reason=reject_reason, note=note)
