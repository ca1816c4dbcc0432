import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import BigIntegerField, Count, Exists, F, Func, Max, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from leads.models import Lead
from notices.enums import MailChoice, NoticeKind
from notices.models import MailWish, Notice
from notices.words import Told, count_words

MOST_COUNTED = 99
# What happened within one of these is shown together. Every zone's midnight lies between two of them.
SLOT_SECONDS = 15 * 60
GROUPS = 30
SHOWN_OF_A_GROUP = 5
PAGE = 50
# When the oldest of somebody's newest slots before a moment begins, found by one look into the index for each.
_BEGINS = """
WITH RECURSIVE last_of_slot AS (
    SELECT max(at) AS at, 1 AS number FROM notices_notice WHERE recipient_id = %(user)s AND at < %(before)s
    UNION ALL
    SELECT (
        SELECT max(at) FROM notices_notice
        WHERE recipient_id = %(user)s AND at < date_bin(%(slot)s, newer.at, to_timestamp(0))
    ), number + 1
    FROM last_of_slot AS newer WHERE newer.at IS NOT NULL AND number < %(slots)s
)
SELECT date_bin(%(slot)s, min(at), to_timestamp(0)) FROM last_of_slot
"""
_EPOCH = datetime.fromtimestamp(0, UTC)
_PLACE = re.compile(r"([0-9]{1,16})_([0-9]{1,18})")


class Unread(NamedTuple):
    """How many notices somebody has not read, at most MOST_COUNTED + 1, the number of the newest (0: none), and how
    many of them the page that asks does not show yet."""

    count: int
    newest: int
    newer: int = 0

    @property
    def label(self) -> str:
        return _label(self.count)

    @property
    def newer_label(self) -> str:
        return _label(self.newer)

    @property
    def version(self) -> str:
        """A short name for what the bell shows."""
        return f"{self.count}-{self.newest}"


class Group(NamedTuple):
    """Notices of one kind from one slot of time: how many, how many unread, the latest time, and the first few."""

    kind: str
    slot: int
    count: int
    unread: int
    at: datetime
    notices: list

    @property
    def code(self) -> str:
        return f"{self.kind}-{self.slot}"

    @property
    def words(self) -> str:
        return count_words(Told(self.kind, self.count))


class InMail(NamedTuple):
    """Who a mail tells, by id, and of how much of what she has not read yet."""

    recipient: int
    counts: list[Told]


def told_in_mails(messages) -> dict[int, InMail]:
    """{number of a message: what it has to tell}, without those that have nothing to tell any more. One query.

    Whoever has chosen to get no mail meanwhile gets none.
    """
    unread = Notice.objects.unread().filter(mailed_in__in=messages)
    unread = unread.exclude(recipient__mail_wish__mail=MailChoice.NONE)
    counted = unread.order_by("mailed_in", "kind").values_list("mailed_in", "recipient", "kind")
    told = {}
    for message, recipient, kind, count in counted.annotate(count=Count("pk")):
        told.setdefault(message, InMail(recipient, [])).counts.append(Told(kind, count))
    return told


def unread(user, *, shown=None) -> Unread:
    """What the bell says, on a page that lists notices up to the number `shown`. One query."""
    newest = list(
        Notice.objects.visible_to(user).unread().order_by("-pk").values_list("pk", flat=True)[: MOST_COUNTED + 1]
    )
    newer = sum(number > shown for number in newest) if shown is not None else 0
    return Unread(len(newest), newest[0] if newest else 0, newer)


def wish_of(user) -> MailWish | None:
    return MailWish.objects.filter(user=user).first()


def groups(user, *, after="") -> tuple[list[Group], str]:
    """A page of groups, newest first, from beyond the one of the code `after`, and the last one's code where there are
    more. Three queries, which read no notice of another page. ValueError for a code that is none.
    """
    before = datetime.max.replace(tzinfo=UTC)
    found = _with_slot(Notice.objects.visible_to(user))
    if after:
        kind, slot = read_group(after)
        before = _starts(slot + 1)
        found = found.filter(Q(at__lt=_starts(slot)) | Q(at__lt=before, kind__gt=kind))
    begins = _begins(user, before)
    if begins is None:
        return [], ""
    found = found.filter(at__gte=begins)
    counted = list(
        found.order_by()
        .values("slot", "kind")
        .annotate(count=Count("pk"), unread=Count("pk", filter=Q(read_at=None)), latest=Max("at"))
        .values_list("kind", "slot", "count", "unread", "latest")
        .order_by("-slot", "kind")[: GROUPS + 1]
    )
    is_more, counted = len(counted) > GROUPS, counted[:GROUPS]
    firsts = _firsts(user, counted)
    rows = [
        Group(kind, slot, count, unread, latest, firsts.get((kind, slot), []))
        for kind, slot, count, unread, latest in counted
    ]
    after = rows[-1].code if is_more else ""
    # Within a slot the order of the codes says nothing.
    return sorted(rows, key=lambda each: (each.slot, each.at), reverse=True), after


def group(user, *, kind, slot, after="") -> tuple[Group, str]:
    """One group with the notices of a page, from beyond the place `after`, and the place of the next; two queries."""
    found = Notice.objects.visible_to(user).filter(kind=kind, at__gte=_starts(slot), at__lt=_starts(slot + 1))
    whole = found.aggregate(count=Count("pk"), unread=Count("pk", filter=Q(read_at=None)), at=Max("at"))
    if after:
        at, pk = read_place(after)
        found = found.filter(Q(at__lt=at) | Q(at=at, pk__lt=pk))
    rows = list(_to_show(found, user).order_by("-at", "-pk")[: PAGE + 1])
    return Group(kind, slot, **whole, notices=rows[:PAGE]), _place(rows[PAGE - 1]) if len(rows) > PAGE else ""


def read_group(code) -> tuple[str, int]:
    """(kind, slot) of a group's code; ValueError for anything else."""
    kind, _, slot = code.partition("-")
    if kind not in NoticeKind.values or not (slot.isascii() and slot.isdecimal() and len(slot) <= 7):
        raise ValueError("There is no such group of notices.")
    return kind, int(slot)


def _firsts(user, counted):
    """{(kind, slot): the first few notices} of the groups of a page."""
    if not counted:
        return {}
    newest, oldest = counted[0][1], counted[-1][1]
    found = _with_slot(Notice.objects.visible_to(user).filter(at__gte=_starts(oldest), at__lt=_starts(newest + 1)))
    place = Window(RowNumber(), partition_by=[F("slot"), F("kind")], order_by=[F("at").desc(), F("pk").desc()])
    shown = found.order_by().annotate(place=place).filter(place__lte=SHOWN_OF_A_GROUP).values("pk")
    firsts = {}
    for notice in _to_show(_with_slot(Notice.objects.filter(pk__in=shown)), user).order_by("-at", "-pk"):
        firsts.setdefault((notice.kind, notice.slot), []).append(notice)
    return firsts


def _begins(user, before):
    """When the oldest slot begins that a page of groups from `before` on may show; None where there is nothing.

    A slot holds a group at least, but for the one at which the page before ended, and one group tells of a page after.
    """
    values = {"user": user.pk, "before": before, "slot": timedelta(seconds=SLOT_SECONDS), "slots": GROUPS + 2}
    with connection.cursor() as cursor:
        cursor.execute(_BEGINS, values)
        return cursor.fetchone()[0]


def _to_show(notices, user) -> QuerySet[Notice]:
    """With lead, company and hand-over, and whether the reader may open the lead."""
    may_open = Exists(Lead.objects.visible_to(user).filter(pk=OuterRef("lead")))
    return notices.select_related("lead__company", "handover").defer("handover__receipt").annotate(may_open=may_open)


def _label(count):
    return f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count)


def _with_slot(notices):
    slot = Func(
        F("at"),
        template="floor(extract(epoch FROM %(expressions)s) / %(seconds)s)::bigint",
        seconds=SLOT_SECONDS,
        output_field=BigIntegerField(),
    )
    return notices.annotate(slot=slot)


def _starts(slot):
    return datetime.fromtimestamp(slot * SLOT_SECONDS, UTC)


def read_place(text) -> tuple[datetime, int]:
    """(time, number) of a place within a group; ValueError for anything else."""
    found = _PLACE.fullmatch(text)
    if not found:
        raise ValueError("That place in the notices is not known.")
    return _EPOCH + timedelta(microseconds=int(found[1])), int(found[2])


def _place(notice):
    return f"{(notice.at - _EPOCH) // timedelta(microseconds=1)}_{notice.pk}"
