from dataclasses import dataclass

from django.db import models

from leads.enums import ActivityKind, Dimension, TaskKind


class HandoverEnd(models.TextChoices):
    """How a hand-over ended; an open one has none. Acceptance is a fact beside it (docs/adr)."""

    REJECTED = "rejected", "Rejected"
    RETURNED = "returned", "Returned unworked"
    RECALLED = "recalled", "Recalled"
    CONVERTED = "converted", "Converted"


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
    def accuses(self):
        """The rating dimensions this reason says were wrong; empty where no question asks about it."""
        return {
            RejectReason.NO_BUDGET: (Dimension.BUDGET, Dimension.MONEY),
            RejectReason.NO_TIMEFRAME: (Dimension.TIMEFRAME,),
            RejectReason.NOT_DECISION_MAKER: (Dimension.DECISION_MAKER, Dimension.AUTHORITY),
            RejectReason.NO_NEED: (Dimension.NEED,),
            RejectReason.BAD_TIMING: (Dimension.TIMEFRAME,),
        }.get(self, ())

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
class Plan:
    """What an outcome means: the key in work mode, the contact it logs, and the next step it proposes."""

    key: int
    contact: ActivityKind
    next_days: int
    next_kind: TaskKind | None = None
    next_title: str = ""


class Outcome(models.TextChoices):
    """How a contact went, in the order of the number keys of work mode."""

    NO_ANSWER = "no_answer", "No answer"
    LEFT_MESSAGE = "left_message", "Left a message"
    TALKED = "talked", "Talked"
    MEETING_BOOKED = "meeting_booked", "Meeting booked"
    DEMO_BOOKED = "demo_booked", "Demo booked"
    INFORMATION_SENT = "information_sent", "Information sent"
    NOT_NOW = "not_now", "Not now"
    NOT_INTERESTED = "not_interested", "Not interested"
    WRONG_NUMBER = "wrong_number", "Wrong number"

    @property
    def plan(self):
        return _PLANS[self.value]

    @property
    def ends_handover(self):
        """Whether the lead goes back to marketing with it."""
        return self in {Outcome.NOT_NOW, Outcome.NOT_INTERESTED}


_CALL, _EMAIL = ActivityKind.CALL, ActivityKind.EMAIL
_PLANS = {
    "no_answer": Plan(1, _CALL, 1, TaskKind.CALL, "Try again"),
    "left_message": Plan(2, _CALL, 2, TaskKind.CALL, "Call again after the message"),
    "talked": Plan(3, _CALL, 3, TaskKind.CALL, "Follow up on the talk"),
    "meeting_booked": Plan(4, _CALL, 7, TaskKind.MEETING, "Meeting"),
    "demo_booked": Plan(5, _CALL, 7, TaskKind.DEMO, "Demo"),
    "information_sent": Plan(6, _EMAIL, 3, TaskKind.CALL, "Ask about the information sent"),
    # No next step of the rep's: the days say when the lead comes back.
    "not_now": Plan(7, _CALL, 90),
    "not_interested": Plan(8, _CALL, 0),
    "wrong_number": Plan(9, _CALL, 1, TaskKind.TODO, "Find the right number"),
}
