"""What activities say, by what their payloads hold. One presenter for each kind that has more to say than its name."""

from leads.activities.kind import FieldWords, Kind, Words, plain
from leads.activities.reasons import reason_words
from leads.activities.registry import kind_of
from leads.enums import Disposition, Outcome, Stage


def contact(kind: Kind, payload: dict, fields: FieldWords) -> Words:
    """{"outcome": an Outcome, "note"}; without an outcome it is `plain`."""
    outcome = payload.get("outcome")
    if outcome not in Outcome.values:
        return plain(kind, payload, fields)
    return Words(f"{kind.label}: {Outcome(outcome).label.lower()}", str(payload.get("note", "")))


def stage_change(kind: Kind, payload: dict, fields: FieldWords) -> Words:
    """{"from", "to": stages, "from_disposition", "to_disposition", "reason", "facts"}; a new person has no "from".

    Beside them the "evidence" and what was "overruled" of a leads.Transition, where there is any.
    """
    after, disposition = payload.get("to"), payload.get("to_disposition")
    lines = [reason_words(str(payload.get("reason", "")), payload.get("facts"))]
    if evidence := payload.get("evidence"):
        lines.append(f"Evidence: {_evidence(evidence, fields)}")
    if overruled := payload.get("overruled"):
        lines.append(f"Missing, and overruled: {'; '.join(fields.lacks(overruled))}")
    reason = "\n".join(lines)
    if payload.get("from") != after and after in Stage.values:
        return Words(
            f"Became a {Stage(after).label.lower()}" if payload.get("from") else "Entered the database", reason
        )
    if disposition in Disposition.values:
        return Words(Disposition(disposition).label, reason)
    return Words(kind.label, reason)


def _evidence(evidence, fields):
    if "answer" not in evidence:
        return kind_of(evidence["kind"]).label
    code = evidence["answer"]
    said = fields.value(code, evidence["value"], evidence.get("labels", {}).get(code))
    return f"{fields.label(code)}: {said}"


def field_change(kind: Kind, payload: dict, fields: FieldWords) -> Words:
    """{"changed": {code: [old, new]}, "labels": {code: {code of an answer: version of its label}}}"""
    lines = []
    for code, values in payload.get("changed", {}).items():
        versions = payload.get("labels", {}).get(code)
        old, new = (fields.value(code, value, versions) or "empty" for value in values)
        lines.append(f"{fields.label(code)}: {old} → {new}")
    return Words("Facts changed", "\n".join(lines))


def entered_again(kind: Kind, payload: dict, fields: FieldWords) -> Words:
    """{"values": {code: value}, "labels" as of field_change, "source_name", "campaign_name", "note"}, as given."""
    lines = [
        f"{fields.label(code)}: {fields.value(code, value, payload.get('labels', {}).get(code))}"
        for code, value in payload.get("values", {}).items()
    ]
    lines += [
        f"{fields.label(code)}: {payload[f'{code}_name']}" for code in ("source", "campaign") if payload.get(code)
    ]
    return Words(kind.label, "\n".join([*lines, *filter(None, [payload.get("note")])]))
