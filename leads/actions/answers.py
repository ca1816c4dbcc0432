"""The answers of a choice field: added, renamed, ordered, retired. Their codes never change.

Each of these locks the field, so that two who edit its answers do so one after the other.
"""

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence

from django.core.exceptions import ValidationError
from django.db import OperationalError, transaction
from django.db.models import Count

from jobs.postgres import ErrorCode, Lock, error_code, pass_through
from leads.fields.answers import LABEL_LIMIT, Answers, Choice
from leads.models import Answer, AnswerLabel, FieldDefinition
from leads.rules import composed
from team.actions import Conflict


class AnswersConflict(Conflict):
    """Somebody else has changed the same answers meanwhile: `saved`, {code: label}, are the labels in dispute as they
    stand now, `order` are all codes as they stand now, or () where nobody disputes about that."""

    def __init__(self, saved: dict[str, str], order: tuple[str, ...]):
        super().__init__(saved)
        self.order = order


def define_field(
    *, code: str, label: str, type: str, answers: Answers, now: datetime.datetime, **more: object
) -> FieldDefinition:
    """The field of this code, made with these answers unless it is there already."""
    with transaction.atomic():
        field, is_new = FieldDefinition.objects.get_or_create(code=code, defaults={"label": label, "type": type} | more)
        if is_new:
            _create(field, answers.choices, first=1, now=now)
    return field


def add_answers(*, field: FieldDefinition, labels: Iterable[str], now: datetime.datetime) -> None:
    """Puts new answers behind those of the field. Raises ValidationError for labels that cannot be."""
    with transaction.atomic():
        present = _locked(field)
        known = Answers(tuple(_choice(answer) for answer in present.values()))
        labels = [_clean(label) for label in labels]
        for number, label in enumerate(labels):
            _refuse_taken(label, known.choices)
            if label in labels[:number]:
                raise ValidationError(f"{label} stands twice in the list.")
        last = max((answer.position for answer in present.values()), default=0)
        _create(field, known.with_labels(labels).choices[len(present) :], first=last + 1, now=now)


def save_answers(
    *,
    field: FieldDefinition,
    labels: Mapping[str, str],
    order: Sequence[str],
    was: Mapping[str, str],
    now: datetime.datetime,
) -> int:
    """Renames and moves what differs from what was shown, `was`: {code: label} in order; returns how many it renamed.

    What whoever edits left alone stays as somebody else has put it meanwhile; the order is one thing. Raises
    AnswersConflict where both changed the same, ValidationError for labels that cannot be, and then saves nothing.
    """
    with transaction.atomic():
        present = _locked(field)
        mine = {code: _clean(label) for code, label in labels.items() if code in was}
        mine = {code: label for code, label in mine.items() if label != was[code]}
        gone = [f"“{was[code]}”, which you called “{label}”" for code, label in mine.items() if code not in present]
        if gone:
            raise ValidationError(f"Somebody else has deleted {', '.join(gone)}. Save once more to have the rest.")
        saved = {code: present[code].label for code in mine}
        disputed = {code: label for code, label in saved.items() if label not in (was[code], mine[code])}
        shown, stands = [code for code in was if code in present], [code for code in present if code in was]
        wanted = [code for code in order if code in shown]
        is_moved = wanted not in (shown, stands)
        if disputed or (is_moved and stands != shown):
            raise AnswersConflict(disputed, tuple(present) if is_moved and stands != shown else ())
        renamed = rename_answers(field=field, labels=mine, now=now)
        if is_moved:
            order_answers(field=field, codes=wanted)
    return renamed


def rename_answers(*, field: FieldDefinition, labels: Mapping[str, str], now: datetime.datetime) -> int:
    """Gives answers, by code, other labels, each a new version; returns how many have another one now.

    What leads, rules and mappings hold stays as it is. Raises ValidationError for labels that cannot be.
    """
    with transaction.atomic():
        present = _locked(field)
        cleaned = {code: _clean(text) for code, text in labels.items()}
        renamed = [answer for code, answer in present.items() if cleaned.get(code, answer.label) != answer.label]
        for answer in renamed:
            answer.label = cleaned[answer.code]
        for answer in renamed:
            _refuse_taken(answer.label, [_choice(other) for other in present.values() if other is not answer])
        Answer.objects.bulk_update(renamed, ["label"])
        AnswerLabel.objects.bulk_create(
            AnswerLabel(answer=answer, version=answer.versions + 1, label=answer.label, since=now) for answer in renamed
        )
    return len(renamed)


def order_answers(*, field: FieldDefinition, codes: Sequence[str]) -> None:
    """Puts the answers in the order of `codes`; those not named come behind, in the order they had."""
    with transaction.atomic():
        present = _locked(field)
        named = [present[code] for code in dict.fromkeys(codes) if code in present]
        ordered = named + [answer for answer in present.values() if answer not in named]
        for position, answer in enumerate(ordered, 1):
            answer.position = position
        Answer.objects.bulk_update(ordered, ["position"])


def retire_answer(*, field: FieldDefinition, code: str, now: datetime.datetime) -> None:
    """Offers an answer no longer; whoever has it keeps it, and rules about it go on."""
    with transaction.atomic():
        _locked(field)
        Answer.objects.filter(field=field, code=code, retired_at=None).update(retired_at=now)


def restore_answer(*, field: FieldDefinition, code: str) -> None:
    """Offers a retired answer again."""
    with transaction.atomic():
        _locked(field)
        Answer.objects.filter(field=field, code=code).update(retired_at=None)


def delete_answer(*, field: FieldDefinition, code: str, is_used: Callable[[], bool]) -> None:
    """Takes away a retired answer that nothing uses.

    is_used: asks all rooms, once nobody can bring the answer back: whoever is writing answers is waited for. Raises
    ValidationError for one that is used or still offered: whoever chose it would be left with a bare code; also when
    somebody, an import say, goes on writing answers.
    """
    try:
        _delete(field, code, is_used)
    except OperationalError as error:
        if error_code(error) != ErrorCode.LOCK_NOT_AVAILABLE:
            raise
        raise ValidationError("Answers are being written just now, by an import perhaps. Try again soon.") from error


def _delete(field, code, is_used):
    with transaction.atomic():
        present = _locked(field)
        answer = present.get(code)
        if answer is None:
            return
        if answer.retired_at is None:
            raise ValidationError("Only an answer that is retired can be deleted.")
        # Who read it while it was offered still may write it.
        pass_through(Lock.ANSWERS)
        if is_used():
            raise ValidationError(f"{answer.label} is in use: it stays, retired.")
        Answer.objects.filter(pk=answer.pk).delete()


def _locked(field):
    """{code: Answer} in order, each with the number of its `versions`."""
    FieldDefinition.objects.select_for_update(no_key=True).get(pk=field.pk)
    answers = Answer.objects.filter(field=field).annotate(versions=Count("labels")).order_by("position", "pk")
    return {answer.code: answer for answer in answers}


def _create(field, choices, *, first, now):
    answers = Answer.objects.bulk_create(
        Answer(field=field, code=choice.code, label=choice.label, position=position)
        for position, choice in enumerate(choices, first)
    )
    AnswerLabel.objects.bulk_create(
        AnswerLabel(answer=answer, version=1, label=answer.label, since=now) for answer in answers
    )


def _choice(answer):
    return Choice(answer.code, answer.label)


def _clean(text):
    label = " ".join(composed(text).split())
    if not label or "\0" in label:
        raise ValidationError("An answer needs a label.")
    if len(label) > LABEL_LIMIT:
        raise ValidationError(f"A label has at most {LABEL_LIMIT} characters.")
    return label


def _refuse_taken(label, others):
    if any(label == other.label for other in others):
        raise ValidationError(f"{label} is the label of another answer.")
    if any(label == other.code for other in others):
        raise ValidationError(f"{label} is the code of another answer.")
