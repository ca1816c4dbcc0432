"""The kind of activity that scoring writes."""

from leads.activities import Chip, FieldWords, Kind, Trait, Words, register


def _grade_change(kind: Kind, payload: dict, fields: FieldWords) -> Words:
    """{"from", "to": letters, "score", "version"}"""
    before, after = payload.get("from"), payload.get("to") or "none"
    score = f"{payload['score']} points" if "score" in payload else ""
    return Words(f"Grade from {before} to {after}" if before else f"Grade {after}", score)


GRADE_CHANGED = register(
    Kind(
        "grade_changed",
        "Grade change",
        one="grade change",
        many="grade changes",
        icon="chart-bar",
        chip=Chip.CHANGES,
        traits=(Trait.AUTOMATIC, Trait.UNSCORED),
        says=_grade_change,
    )
)
