from dataclasses import dataclass

from django.db import models

from leads.activities import Kind
from leads.activities.kinds import CALL, EMAIL
from leads.enums import Outcome, TaskKind


class HandoverEnd(models.TextChoices):
    """How a hand-over ended; an open one has none. Acceptance is a fact beside it (docs/adr)."""

    REJECTED = "rejected", "Rejected"
    RETURNED = "returned", "Returned unworked"
    RECALLED = "recalled", "Recalled"
    CONVERTED = "converted", "Converted"


class Why(models.TextChoices):
    """Why this rep. What belongs to it stands beside it in `why_facts` (routing/words.py)."""

    TURN = "turn", "Her turn"
    BY_HAND = "by_hand", "Given by hand"


class EndReason(models.TextChoices):
    """Why the program, or a manager, ended a hand-over. What belongs to it stands beside it in `end_facts`.

    A rejected one has a RejectReason, one returned unworked the rep's own words.
    """

    FADED = "faded", "Lost its grade before a rep accepted it"
    CLOSED = "closed", "No longer open"
    GIVEN_ON = "given_on", "Given to somebody else"
    UNTOUCHED = "untouched", "Not touched in time"
    CUSTOMER = "customer", "Became a customer"


class RejectReason(models.TextChoices):
    """Why sales found a worked lead bad. Each contradicts something that marketing said about the lead."""

    NO_BUDGET = "no_budget", "No budget"
    NO_TIMEFRAME = "no_timeframe", "No timeframe"
    NOT_DECISION_MAKER = "not_decision_maker", "Not the decision-maker"
    NO_NEED = "no_need", "No need"
    WRONG_COMPANY = "wrong_company", "Wrong kind of company"
    UNREACHABLE = "unreachable", "Unreachable"
    DUPLICATE = "duplicate", "Duplicate"
    COMPETITOR_OR_STUDENT = "competitor_or_student", "Competitor or student"
    ALREADY_CUSTOMER = "already_customer", "Already a customer"
    BAD_TIMING = "bad_timing", "Bad timing"

    @property
    def is_final(self):
        """Whether nobody should ever talk to this person again: the lead is disqualified."""
        return self in {RejectReason.WRONG_COMPANY, RejectReason.DUPLICATE, RejectReason.COMPETITOR_OR_STUDENT}

    @property
    def recycle_days(self):
        """After how many days time alone may have changed the answer; None where it cannot."""
        return {
            RejectReason.NO_BUDGET: 90,
            RejectReason.NO_TIMEFRAME: 90,
            RejectReason.BAD_TIMING: 90,
            RejectReason.UNREACHABLE: 30,
        }.get(self)


@dataclass(frozen=True)
class OutcomePlan:
    """What an outcome means: the key in work mode, the contact it logs, and the next step it proposes.

    With one that ends the hand-over the lead goes back to marketing; the days say when she may come back.
    """

    key: int
    outcome: Outcome
    contact: Kind
    next_days: int
    next_kind: TaskKind | None = None
    next_title: str = ""
    ends_handover: bool = False


PLANS = {
    plan.outcome: plan
    for plan in (
        OutcomePlan(1, Outcome.NO_ANSWER, CALL, 1, TaskKind.CALL, "Try again"),
        OutcomePlan(2, Outcome.LEFT_MESSAGE, CALL, 2, TaskKind.CALL, "Call again after the message"),
        OutcomePlan(3, Outcome.TALKED, CALL, 3, TaskKind.CALL, "Follow up on the talk"),
        OutcomePlan(4, Outcome.MEETING_BOOKED, CALL, 7, TaskKind.MEETING, "Meeting"),
        OutcomePlan(5, Outcome.DEMO_BOOKED, CALL, 7, TaskKind.DEMO, "Demo"),
        OutcomePlan(6, Outcome.INFORMATION_SENT, EMAIL, 3, TaskKind.CALL, "Ask about the information sent"),
        OutcomePlan(7, Outcome.NOT_NOW, CALL, 90, ends_handover=True),
        OutcomePlan(8, Outcome.NOT_INTERESTED, CALL, 0, ends_handover=True),
        OutcomePlan(9, Outcome.WRONG_NUMBER, CALL, 1, TaskKind.TODO, "Find the right number"),
    )
}
