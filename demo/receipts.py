"""The receipts of hand-overs long past: what the scoring model said then."""

from leads.activities import Trait, codes_with
from scoring.enums import RuleKind

# The part of an activity that says most about it.
TELLING = ("text", "subject", "title", "name", "form", "url")


class Receipts:
    """Writes receipts by a scoring model whose rules are loaded."""

    def __init__(self, *, model, chance):
        self.model = model
        self.chance = chance
        rules = list(model.rules.all())
        self.by_answer = {
            (rule.condition["answer"], rule.condition["value"]): rule
            for rule in rules
            if rule.condition.get("op") == "is" and "answer" in rule.condition
        }
        self.behaviour = [rule for rule in rules if rule.kind == RuleKind.BEHAVIOUR and rule.points > 0]

    def write(self, story, answers):
        """The receipt at the story's time: the answers' points, and as much behaviour as made it a B at least."""
        lines = [
            {"label": rule.label, "points": rule.points}
            for answer in answers.items()
            if (rule := self.by_answer.get(answer))
        ]
        score = sum(line["points"] for line in lines)
        wanted = self.model.a_from if story.plan.quality == "A" else self.model.b_from
        for rule in self.behaviour:
            if score >= wanted and self.chance.random() < 0.6:
                continue
            points = rule.cap if score < wanted else min(rule.points, rule.cap)
            lines.append({"label": rule.label, "points": points})
            score += points
        lead, origin = story.lead, story.plan.origin
        return {
            "score": score,
            "grade": "A" if story.plan.quality == "A" and score >= self.model.a_from else "B",
            "model": self.model.name,
            "model_version": self.model.version,
            "ledger": lines,
            "answers": {code: value for code, value in answers.items() if value},
            "source": origin.source,
            "campaign": origin.campaign,
            "stage": lead["stage"],
            "last_touches": _touches(story),
        }


def _touches(story):
    """The last five things that happened, newest first."""
    touches = codes_with(Trait.TOUCH)
    seen = [activity for activity in story.activities if activity["kind"] in touches and not activity["is_machine"]]
    seen.sort(key=lambda activity: activity["occurred_at"], reverse=True)
    return [
        {
            "kind": activity["kind"],
            "at": f"{activity['occurred_at']:%Y-%m-%dT%H:%M:%SZ}",
            "text": next((activity["payload"][key] for key in TELLING if key in activity["payload"]), ""),
        }
        for activity in seen[:5]
    ]
