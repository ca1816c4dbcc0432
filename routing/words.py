"""What a hand-over says about itself: why this rep, and why it ended. Reads rows of today and of before."""

from leads.activities.reasons import reason_words
from leads.enums import Disposition
from routing.enums import EndReason, HandoverEnd, RejectReason, Why


def why_words(why: str, facts: dict | None) -> str:
    """Why this rep, of a `Why` with its facts; without facts `why` is a sentence already.

    turn: {"pool", "pool_name", "taken", "capacity", and where a rule chose the pool "rule", "rule_name"};
    by_hand: {"by", "by_name", "reason", "facts" where the program gave the reason}. Names are those of that time.
    """
    if facts is None:
        return why
    if why == Why.TURN:
        rule = f", by the rule {facts['rule_name']}" if facts.get("rule") else ""
        return f"Next in {facts['pool_name']}{rule}: {facts['taken']:,} of {facts['capacity']:,} places taken"
    return f"By {facts['by_name']}: {reason_words(facts['reason'], facts.get('facts'))}"


def end_words(end: str, reason: str, facts: dict | None) -> str:
    """Why a hand-over ended, of an end with its reason; "" while it is open.

    With facts `reason` is an `EndReason`. faded: {"grade", "had_rep": whether one had it}; closed: {"disposition",
    "reason", "facts" where the program gave the reason}; given_on: as by_hand, and {"to", "to_name"}; untouched and
    customer: {}. Without, it is a RejectReason, or words as they were written.
    """
    if facts is None:
        return RejectReason(reason).label if end == HandoverEnd.REJECTED and reason in RejectReason.values else reason
    if reason == EndReason.FADED:
        accepted = "it was accepted" if facts.get("had_rep") else "a rep was free"
        return f"Graded {facts['grade'] or 'not at all'} before {accepted}"
    if reason == EndReason.CLOSED:
        reason_given = reason_words(facts["reason"], facts.get("facts"))
        return ": ".join(filter(None, (Disposition(facts["disposition"]).label, reason_given)))
    if reason == EndReason.GIVEN_ON:
        reason_given = reason_words(facts["reason"], facts.get("facts"))
        return f"Given to {facts['to_name']} by {facts['by_name']}: {reason_given}"
    return EndReason(reason).label
