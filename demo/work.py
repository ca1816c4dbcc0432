"""What reps have done so far with the leads they hold now."""

import itertools
from enum import Enum

from django.db import connection

from demo import texts
from demo.stories import DAY, MINUTE
from demo.tables import copy_rows
from leads.actions.lifecycle import move_stage
from leads.activities import kinds
from leads.changes import changing
from leads.enums import Grade, Outcome, Stage
from leads.models import Lead
from routing.actions import record_outcome, return_lead
from routing.actions.outcome import next_step_at
from routing.activities import HANDED_OVER
from routing.enums import PLANS
from routing.models import Handover

HOUR = 60 * MINUTE
GIVEN_BACK = 3  # returned unworked, and as many rejected

_WORKED = """
UPDATE routing_handover AS handover SET accepted_at = work.accepted_at, first_touch_at = work.first_touch_at
FROM unnest(%(ids)s::bigint[], %(accepted)s::timestamptz[], %(touched)s::timestamptz[])
    AS work (id, accepted_at, first_touch_at)
WHERE handover.id = work.id
"""


class State(Enum):
    TO_ACCEPT = "nobody has looked at it"
    TODAY = "next step is due"
    WAITING = "next step comes later"


def work_open_leads(*, chance, shown, now):
    """Accepts and works a part of the open hand-overs of every rep, so that each tab of each queue has A and B leads.

    `shown` is the rep whose queue is looked at first: none of hers is given back.
    """
    handovers = list(
        Handover.objects.open()
        .filter(owner__isnull=False)
        .select_related("lead", "owner")
        .order_by("owner", "lead__grade", "-handed_at", "pk")
    )
    worked = [(handover, state) for handover, state in _states(handovers) if state != State.TO_ACCEPT]
    activities, tasks = [], []
    for handover, state in worked:
        _work(handover, state, chance, now, activities, tasks)
    with connection.cursor() as cursor:
        cursor.execute(
            _WORKED,
            {
                "ids": [handover.pk for handover, _ in worked],
                "accepted": [handover.accepted_at for handover, _ in worked],
                "touched": [handover.first_touch_at for handover, _ in worked],
            },
        )
    copy_rows("leads_activity", sorted(activities, key=lambda row: row["occurred_at"]))
    copy_rows("leads_task", tasks)
    _open_deals([handover for handover, _ in worked], chance, now)
    others = [handover for handover in handovers if handover.owner != shown]
    _give_some_back(others, now)


def _states(handovers):
    """(hand-over, state) of each. Of a rep's As, and of her others, the newest and an overdue one are not accepted."""
    for _, group in itertools.groupby(handovers, lambda one: (one.owner_id, one.lead.grade == Grade.A)):
        group = list(group)
        new = max(1, round(len(group) * 0.25))
        for place, handover in enumerate(group):
            forgotten = place == new + 2
            if place < new or forgotten:
                yield handover, State.TO_ACCEPT
            else:
                yield handover, State.TODAY if (place - new) % 2 == 0 else State.WAITING


def _work(handover, state, chance, now, activities, tasks):
    lead, rep = handover.lead, handover.owner
    room = now - handover.handed_at
    handover.accepted_at = handover.handed_at + min(chance.uniform(8, 200) * MINUTE, room * 0.3)
    room = now - handover.accepted_at
    handover.first_touch_at = handover.accepted_at + min(chance.uniform(5, 600) * MINUTE, room * 0.4)
    activities.append(_activity(lead, rep, HANDED_OVER, handover.accepted_at, {"event": "accepted"}))
    activities.append(_contact(lead, rep, handover.first_touch_at, chance.choice(texts.FIRST_CALLS)))
    room = now - handover.first_touch_at
    if room > DAY:
        moment = handover.first_touch_at + room * chance.uniform(0.3, 0.8)
        activities.append(_contact(lead, rep, moment, chance.choice(texts.GOOD_CALLS)))
        if chance.random() < 0.3:
            note = {"text": chance.choice(texts.NOTES)}
            activities.append(_activity(lead, rep, kinds.NOTE, moment + MINUTE, note))
    kind, title = chance.choice(texts.NEXT_STEPS)
    if state == State.WAITING:
        due_at = next_step_at(rep, now, chance.randrange(1, 7))
    else:
        due_at = now - min(chance.choice((0.5, 2, 5, 20, 26)) * HOUR, room * 0.5)
    tasks.append(
        {
            "lead_id": lead.pk,
            "kind": kind,
            "title": title,
            "due_at": due_at.replace(minute=due_at.minute // 15 * 15, second=0, microsecond=0),
            "assignee_id": rep.pk,
            "created_at": handover.first_touch_at,
            "created_by_id": rep.pk,
            "done_at": None,
            "done_by_id": None,
        }
    )


def _contact(lead, rep, at, call):
    outcome, note = call
    payload = {"outcome": outcome} | ({"note": note} if note else {})
    return _activity(lead, rep, PLANS[Outcome(outcome)].contact, at, payload)


def _activity(lead, rep, kind, at, payload):
    return {
        "lead_id": lead.pk,
        "kind": kind.code,
        "occurred_at": at,
        "recorded_at": at,
        "actor_id": rep.pk,
        "campaign_id": None,
        "payload": payload,
        "is_machine": False,
        "dedupe_key": None,
    }


def _open_deals(handovers, chance, now):
    """Much of what has been worked for some days is a deal by now."""
    old = [handover for handover in handovers if now - handover.first_touch_at > 3 * DAY and chance.random() < 0.4]
    for rep, group in itertools.groupby(old, lambda handover: handover.owner):
        leads = [handover.lead_id for handover in group]
        with changing(leads, by=rep, now=now - 20 * HOUR) as change:
            move_stage(change, leads=leads, to=Stage.PROSPECT, reason="Deal opened", check_entry=False)


def _give_some_back(handovers, now):
    untouched = [handover for handover in handovers if handover.accepted_at is None]
    touched = [handover for handover in handovers if handover.accepted_at is not None]
    for handover, reason in zip(untouched[:: len(untouched) // GIVEN_BACK or 1], texts.RETURN_REASONS, strict=False):
        return_lead(lead=handover.lead, by=handover.owner, now=now, reason=reason)
    for handover in touched[:: len(touched) // GIVEN_BACK or 1][:GIVEN_BACK]:
        lead = Lead.objects.get(pk=handover.lead_id)
        record_outcome(
            lead=lead, outcome=Outcome.NOT_NOW, by=handover.owner, now=now, note="Asks for a call in spring."
        )
