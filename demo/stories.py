"""The history of one person of the demo, as rows that fit together: stages, dispositions and what happened when.

Thousands of histories played through the actions would take minutes. So they are written down, and a test compares
steps, hand-overs and their ends with what the actions write.
"""

import datetime

from leads.actions.lifecycle import reason_payload
from leads.activities import Because, kinds
from leads.enums import Disposition, Stage

MINUTE = datetime.timedelta(minutes=1)
DAY = datetime.timedelta(days=1)


class Story:
    """Collects the rows of one lead. Whatever is told in order of time is put strictly after what came before."""

    def __init__(self, *, lead, plan, chance, definitions, stage, reason):
        self.lead = lead
        self.plan = plan
        self.chance = chance
        self.definitions = definitions
        self.at = plan.created_at
        self.transitions, self.activities, self.handovers, self.tasks = [], [], [], []
        lead |= {
            "stage": stage.value,
            "stage_since": self.at,
            "disposition": Disposition.OPEN.value,
            "disposition_reason": "",
            "disposition_facts": None,
            "recycle_on": None,
            "contract_on": None,
            "first_paid_on": None,
            "created_at": self.at,
            "changed_at": self.at,
        }
        self._transition(stage.value, Disposition.OPEN.value, None, reason, None)

    def goes_on(self, until, *, at_work=True):
        """Moves the story's clock to about `until`, in working hours, and always forward; returns the new time."""
        if at_work:
            until = until.replace(hour=self.chance.randrange(7, 17), minute=self.chance.randrange(60))
            if until.isoweekday() > 5:
                until += (8 - until.isoweekday()) * DAY
        self.at = max(until, self.at + self.chance.randrange(6, 55) * MINUTE)
        return self.at

    def moves(self, *, to=None, disposition=None, reason, by=None, recycle_on=None):
        """Another stage, another disposition, or both, at the story's time."""
        stage = (to or Stage(self.lead["stage"])).value
        after = (disposition or Disposition(self.lead["disposition"])).value
        last = self.transitions[-1]
        self._transition(stage, after, last, reason, by)
        if stage != self.lead["stage"]:
            self.lead |= {"stage": stage, "stage_since": self.at}
        self.lead |= {"disposition": after, "changed_at": self.at}
        if disposition:
            code, facts = ("", None) if disposition == Disposition.OPEN else _kept(reason)
            self.lead |= {"disposition_reason": code, "disposition_facts": facts, "recycle_on": recycle_on}

    def happened(self, kind, payload, *, at=None, by=None, machine=False, campaign=None):
        self.activities.append(
            {
                "lead_id": self.lead["id"],
                "kind": kind.code,
                "occurred_at": at or self.at,
                "recorded_at": at or self.at,
                "actor_id": by and by.pk,
                "campaign_id": campaign,
                "payload": payload,
                "is_machine": machine,
                "dedupe_key": None,
            }
        )

    def between(self, start, end):
        """A moment between the two."""
        return start + (end - start) * self.chance.random()

    def _transition(self, stage, disposition, last, reason, by):
        definition = self.definitions[stage]
        code, facts = _kept(reason)
        self.transitions.append(
            {
                "lead_id": self.lead["id"],
                "seq": len(self.transitions) + 1,
                "previous_seq": last and last["seq"],
                "from_stage": last and last["to_stage"],
                "from_disposition": last and last["to_disposition"],
                "from_at": last and last["at"],
                "to_stage": stage,
                "to_disposition": disposition,
                "at": self.at,
                "actor_id": by and by.pk,
                "reason": code,
                "reason_facts": facts,
                "definition_id": definition,
            }
        )
        payload = {"from": last and last["to_stage"], "to": stage} | reason_payload(reason)
        if last:
            payload |= {"from_disposition": last["to_disposition"], "to_disposition": disposition}
        self.happened(kinds.STAGE_CHANGED, payload, by=by)


def _kept(reason):
    return (reason.code, reason.facts) if isinstance(reason, Because) else (reason, None)
