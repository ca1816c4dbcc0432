from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import NamedTuple

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils.functional import cached_property

from jobs.postgres import Lock, share_lock
from leads.access import can_change_lead, can_see_lead
from leads.changes import marks, rows
from leads.models import FieldDefinition, Lead
from leads.queries import lead_with_names
from team.models import User


class Note(NamedTuple):
    """What became different about some leads: codes of fields, kinds of activity. Neither: a score is asked for."""

    lead_ids: tuple[int, ...]
    fields: frozenset[str]
    kinds: frozenset[str]


class Change:
    """One change of leads: who makes it and when, which leads it holds, and what it noted about which.

    `found_marks`: whether a held lead was marked by somebody before. `settled` is what routing made of the change at
    its exit, None where there was nobody to settle it.
    """

    def __init__(self, *, by: User | None, now: datetime):
        self.by = by
        self.now = now
        self.held: set[int] = set()
        self._welcomed: set[int] = set()
        self.notes: list[Note] = []
        self.settled = None
        self._rows: dict[int, Lead] = {}
        self.found_marks = False
        self._holds_answers = False

    def hold(self, leads, *, answers: bool = False) -> list[int]:
        """Locks leads (queryset, objects or ids) until the end; the ids of those that exist, ascending.

        All that a change will need is best held at once, at its door: only then are locks taken in one order.
        `answers`: as hold_answers, by the same statement.
        """
        ids = ids_of(leads)
        missing = [pk for pk in ids if pk not in self.held]
        if missing:
            there, found_marks = marks.lock_leads(missing, answers=answers and not self._holds_answers)
            self.held.update(there)
            if answers and there:
                self._answers_held()
            self.found_marks |= found_marks
        return [pk for pk in ids if pk in self.held]

    def hold_answers(self) -> None:
        """Keeps the answers of all fields from being deleted until the end, for whoever writes answers of leads.

        From here on `definitions` shows what is held: fields that were read before are read once more.
        """
        if not self._holds_answers:
            share_lock(Lock.ANSWERS)
            self._answers_held()

    def _answers_held(self):
        self._holds_answers = True
        self.__dict__.pop("definitions", None)

    def welcome(self, lead_ids: Iterable[int]) -> None:
        """Leads that this very transaction creates: nobody else sees them, so they are held.

        Whoever enters them tells that they are new (leads.intake.entering).
        """
        self.held.update(lead_ids)
        self._welcomed.update(lead_ids)

    def row(self, lead_id: int) -> Lead:
        """The held lead as it is now, with what its page shows beside it; Lead.DoesNotExist when it is gone."""
        self.hold([lead_id])
        if lead_id not in self._rows:
            lead = lead_with_names(lead_id)
            if lead is None:
                raise Lead.DoesNotExist
            self._rows[lead_id] = lead
        return self._rows[lead_id]

    def writable(self, lead_id: int) -> Lead:
        """As `row`, for whoever makes the change: the one place that asks whether she may.

        Lead.DoesNotExist for a lead she does not see, PermissionDenied for one that she may only read.
        """
        lead = self.row(lead_id)
        if self.by is not None and not can_change_lead(self.by, lead):
            if can_see_lead(self.by, lead):
                raise PermissionDenied("This lead is not yours to change.")
            raise Lead.DoesNotExist
        return lead

    def writable_ids(self, leads) -> list[int]:
        """Those of these leads, held, that whoever makes the change may write to; the others are passed over."""
        ids = self.hold(leads)
        if self.by is None or not ids:
            return ids
        return ids_of(Lead.objects.changeable_by(self.by).filter(pk__among=ids))

    @cached_property
    def definitions(self) -> list[FieldDefinition]:
        """The fields that an admin added, in order and with their answers, in use or not; read once for the change."""
        return list(FieldDefinition.objects.with_answers().order_by("position", "label", "code"))

    def note(self, leads, *, fields: Iterable[str] = (), kinds: Iterable[str] = ()) -> None:
        """Says what became different about leads (queryset, objects or ids); each of them is marked at the exit."""
        ids = ids_of(leads)
        if ids:
            self.notes.append(Note(tuple(ids), frozenset(fields), frozenset(kinds)))
            for pk in ids:
                self._rows.pop(pk, None)

    def noted_ids(self, notes: Iterable[Note] | None = None) -> list[int]:
        """The leads of these notes, by default of all, ascending."""
        return sorted({pk for note in (self.notes if notes is None else notes) for pk in note.lead_ids})

    def mark(self, lead_ids: Iterable[int]) -> None:
        """Asks a worker for a new score of these leads; one that is gone is left out."""
        marks.mark(sorted(lead_ids), now=self.now)

    def tell(self) -> None:
        """Writes down what was touched, for whoever follows (leads.changes.following). All of a new lead is new."""
        rows.touch(self.notes, but=self._welcomed, now=self.now)

    def unmark(self, lead_ids: Iterable[int]) -> None:
        """Takes away the marks that were found on held leads, because they are settled."""
        if self.found_marks:
            marks.unmark(sorted(lead_ids))


_open: ContextVar[Change | None] = ContextVar("change of leads", default=None)


def leave_marks(change: Change) -> None:
    change.mark(change.noted_ids())


@contextmanager
def changing(
    leads=(),
    *,
    by: User | None,
    now: datetime,
    answers: bool = False,
    at_exit: Callable[[Change], None] = leave_marks,
) -> Iterator[Change]:
    """A `Change` by the user `by` (None: the program) at the moment `now`, with leads (queryset, objects, ids) held.

    answers: whether answers of theirs will be written (Change.hold_answers).
    One transaction; an exception undoes it. `at_exit` is told of the change at the outermost exit, by default to
    leave the marks. Inside another change it is that one that is given, with these leads held as well; who makes it,
    when, and what happens at the exit is for the outermost to say.
    """
    outer = _open.get()
    if outer is not None:
        outer.hold(leads, answers=answers)
        yield outer
        return
    with transaction.atomic():
        change = Change(by=by, now=now)
        token = _open.set(change)
        try:
            change.hold(leads, answers=answers)
            yield change
            at_exit(change)
            change.tell()
        finally:
            _open.reset(token)


def ids_of(leads) -> list[int]:
    """The ids of a queryset of leads, of lead objects or of ids, ascending and each once."""
    if isinstance(leads, models.QuerySet):
        leads = leads.order_by() if not leads.query.is_sliced else leads
        return sorted(set(leads.values_list("pk", flat=True)))
    return sorted({getattr(lead, "pk", lead) for lead in leads})
