"""The timeline as both teams read it: what each activity says in words."""

from typing import NamedTuple

from leads.enums import ActivityKind, Disposition, Stage
from leads.queries import CHIPS, timeline
from routing.enums import Outcome
from web.leads.facts import LABELS, said

SHOWS = {"": "Everything", "contact": "Contact", "marketing": "Marketing", "changes": "Changes", "system": "System"}

_ICONS = {
    ActivityKind.VISIT: "world",
    ActivityKind.FORM: "file-text",
    ActivityKind.EMAIL_SENT: "mail",
    ActivityKind.EMAIL_OPENED: "mail-opened",
    ActivityKind.EMAIL_CLICKED: "pointer",
    ActivityKind.EMAIL_BOUNCED: "mail-x",
    ActivityKind.EMAIL_REPLIED: "arrow-back-up",
    ActivityKind.UNSUBSCRIBED: "mail-off",
    ActivityKind.SUBSCRIBED: "mail-plus",
    ActivityKind.CALL: "phone",
    ActivityKind.EMAIL: "mail-forward",
    ActivityKind.MEETING: "calendar",
    ActivityKind.DEMO: "presentation",
    ActivityKind.NOTE: "note",
    ActivityKind.EVENT_ATTENDED: "ticket",
    ActivityKind.CARD_POSTED: "mailbox",
    ActivityKind.STAGE_CHANGED: "stairs-up",
    ActivityKind.GRADE_CHANGED: "chart-bar",
    ActivityKind.HANDED_OVER: "transfer",
    ActivityKind.FIELD_CHANGED: "pencil",
    ActivityKind.IMPORTED: "file-import",
    ActivityKind.TASK_DONE: "list-check",
}
_PLAIN = ("title", "subject", "form", "name", "url", "link", "file", "reason", "note", "text")


class Event(NamedTuple):
    pk: int
    icon: str
    title: str
    text: str
    at: object
    by: str
    is_machine: bool
    is_human: bool


def events(lead, *, show="", after="", labels=None):
    """(events, place of the next page or "") of a lead that came from visible_to; `labels` names the custom fields.

    Raises ValueError for an `after` that is no place. One query.
    """
    page = timeline(lead, chips=(show,) if show else (), after=after)
    return [_event(activity, labels or {}) for activity in page.activities], page.next


def _event(activity, labels):
    kind = ActivityKind(activity.kind)
    title, text = _words(kind, activity.payload, labels)
    return Event(
        activity.pk,
        _ICONS[kind],
        title,
        text,
        activity.occurred_at,
        str(activity.actor) if activity.actor else "",
        activity.is_machine,
        kind in CHIPS["contact"],
    )


def _words(kind, payload, labels):
    if kind == ActivityKind.STAGE_CHANGED:
        return _stage_words(payload)
    if kind == ActivityKind.GRADE_CHANGED:
        before, after = payload.get("from") or "none", payload.get("to") or "none"
        score = f"{payload['score']} points" if "score" in payload else ""
        return f"Grade {after}" if before == "none" else f"Grade from {before} to {after}", score
    if kind == ActivityKind.FIELD_CHANGED:
        lines = [
            f"{labels.get(code) or LABELS.get(code, code)}: {said(old) or 'empty'} → {said(new) or 'empty'}"
            for code, (old, new) in payload.get("changed", {}).items()
        ]
        return "Facts changed", "\n".join(lines)
    if kind == ActivityKind.HANDED_OVER:
        return str(payload.get("text") or "Handed over to sales"), str(payload.get("note", ""))
    outcome = payload.get("outcome")
    if outcome in Outcome.values:
        return f"{kind.label}: {Outcome(outcome).label.lower()}", str(payload.get("note", ""))
    return kind.label, _plain_text(payload)


def _stage_words(payload):
    after, disposition = payload.get("to"), payload.get("to_disposition")
    reason = str(payload.get("reason", ""))
    if payload.get("from") != after and after in Stage.values:
        return f"Became a {Stage(after).label.lower()}" if payload.get("from") else "Entered the database", reason
    if disposition in Disposition.values:
        return Disposition(disposition).label, reason
    return ActivityKind.STAGE_CHANGED.label, reason


def _plain_text(payload):
    return "\n".join(payload[key] for key in _PLAIN if isinstance(payload.get(key), str) and payload[key])
