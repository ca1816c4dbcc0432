"""The receipts of hand-overs long past: what the scoring model said then.

Opening a hand-over writes them from the lead as it stands (routing.actions.receipt); a test compares the two.
"""

from leads.activities import Trait, codes_with
from scoring.enums import RuleKind

# The part of an activity that says most about it.
TELLING = ("note", "text", "subject", "title", "name", "url")


class Receipts:
    """Writes receipts by a scoring model whose rules are loaded."""

    def __init__(self, *, model, chance):
        self.model = model
        self.chance = chance
        rules = list(model.rules.order_by("position"))
        self.number = {rule.pk: number for number, rule in enumerate(rules, start=1)}
        self.by_answer = {
            (rule.condition["answer"], rule.condition["value"]): rule
            for rule in rules
            if rule.condition.get("op") == "is" and "answer" in rule.condition
        }
        self.behaviour = [rule for rule in rules if rule.kind == RuleKind.BEHAVIOUR and rule.points > 0]

    def write(self, story, answers):
        """The receipt at the story's time: the answers' points, and as much behaviour as made it a B at least."""
        points = {
            self.number[rule.pk]: rule.points
            for answer in answers.items()
            if (rule := self.by_answer.get(answer)) and rule.points
        }
        score = sum(points.values())
        wanted = self.model.a_from if story.plan.quality == "A" else self.model.b_from
        for rule in self.behaviour:
            if score >= wanted and self.chance.random() < 0.6:
                continue
            given = rule.cap if score < wanted else min(rule.points, rule.cap)
            points[self.number[rule.pk]] = given
            score += given
        lead, origin = story.lead, story.plan.origin
        return {
            "score": score,
            "grade": "A" if story.plan.quality == "A" and score >= self.model.a_from else "B",
            "model_version": self.model.version,
            "ledger": [{"rule": number, "points": points[number]} for number in sorted(points)],
            "answers": {code: value for code, value in answers.items() if value},
            "labels": {code: {value: 1} for code, value in answers.items() if value},
            "source": origin.source_code,
            "source_name": origin.source,
            "campaign": origin.campaign_code,
            "campaign_name": origin.campaign,
            "stage": lead["stage"],
            "last_touches": _touches(story),
        }


def _touches(story):
    """The last five things that had happened by then, newest first."""
    touches = codes_with(Trait.TOUCH)
    seen = [
        activity
        for activity in story.activities
        if activity["kind"] in touches and not activity["is_machine"] and activity["occurred_at"] <= story.at
    ]
    seen.sort(key=lambda activity: activity["occurred_at"], reverse=True)
    return [_touch(activity["kind"], activity["occurred_at"], activity["payload"]) for activity in seen[:5]]


def _touch(kind, at, payload):
    said = {
        "outcome": payload.get("outcome"),
        "text": next((payload[key] for key in TELLING if key in payload), None),
    }
    touch = {"kind": kind, "at": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
    return touch | {key: value for key, value in said.items() if value is not None}
