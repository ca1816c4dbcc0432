"""What a notice says, made when it is shown."""

from typing import NamedTuple

from notices.enums import NoticeKind
from routing.words import end_words, why_words

_ONE = {
    NoticeKind.ARRIVED: "arrived",
    NoticeKind.TAKEN_BACK: "was taken back",
    NoticeKind.FADED: "is no longer graded for sales",
    NoticeKind.REMOVED: "was removed",
}
_MANY = {
    NoticeKind.ARRIVED: "arrived",
    NoticeKind.TAKEN_BACK: "were taken back",
    NoticeKind.FADED: "are no longer graded for sales",
    NoticeKind.REMOVED: "were removed",
}


class Told(NamedTuple):
    """Notices of one kind by their number."""

    kind: str
    count: int


def notice_words(notice) -> str:
    """Why a lead arrived, was taken back or removed, or how its grade fell; of a Notice with its hand-over loaded."""
    handover = notice.handover
    if notice.kind == NoticeKind.ARRIVED:
        return why_words(handover.why, handover.why_facts)
    if notice.kind == NoticeKind.TAKEN_BACK:
        return end_words(handover.end, handover.end_reason, handover.end_facts)
    if notice.kind == NoticeKind.REMOVED:
        by = f" by {notice.facts['by_name']}" if notice.facts["by"] else ""
        return f"The import {notice.facts['undone_import']} was undone{by}"
    return f"Graded {notice.facts['to'] or 'not at all'}, was {notice.facts['from']}"


def count_words(told: Told) -> str:
    """ "2 leads arrived", "1 lead was taken back"."""
    if told.count == 1:
        return f"1 lead {_ONE[told.kind]}"
    return f"{told.count:,} leads {_MANY[told.kind]}"
