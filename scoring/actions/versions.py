"""Versions of the scoring model: drafts come and go, a published one never changes."""

import contextlib

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Max

from leads.conditions import ConditionError, Vocabulary, answers_of, as_stored, as_written
from scoring.actions.runs import cancel_regrade, request_regrade
from scoring.enums import ModelStatus, RuleKind
from scoring.models import GradeRequirement, QuestionSet, RegradeRun, ScoringModel, ScoringRule
from scoring.rules import FileProblem, ModelRefused, in_our_codes, model_problems


def load_model(*, data, by, now) -> ScoringModel:
    """A draft made from a parsed model file (docs/scoring.md).

    Raises ModelRefused with every problem and its path, having written nothing.
    """
    vocabulary = Vocabulary.load()
    data = in_our_codes(data, vocabulary)
    _refuse_bad(data, vocabulary)
    ranges, chosen = data["ranges"], data.get("question_set")
    with transaction.atomic():
        model = start_draft(
            model=ScoringModel(
                name=data["name"].strip(),
                question_set=QuestionSet.objects.get(code=chosen) if chosen else None,
                a_from=ranges["A"][0],
                b_from=ranges["B"][0],
                c_from=ranges["C"][0],
                notes=data.get("notes", ""),
            ),
            by=by,
            now=now,
        )
        ScoringRule.objects.bulk_create(
            ScoringRule(
                model=model,
                position=position,
                label=rule["label"].strip(),
                kind=RuleKind.FIT if rule.get("cap") is None else RuleKind.BEHAVIOUR,
                condition=as_stored(rule["when"], vocabulary),
                points=rule["points"],
                cap=rule.get("cap"),
                half_life_days=rule.get("half_life_days"),
            )
            for position, rule in enumerate(data["rules"], 1)
        )
        GradeRequirement.objects.bulk_create(
            GradeRequirement(
                model=model,
                grade=wanted["grade"],
                label=wanted["label"].strip(),
                condition=as_stored(wanted["when"], vocabulary),
            )
            for wanted in data.get("requirements", [])
        )
    return model


def dump_model(model, vocabulary=None) -> dict:
    """The model as a file that load_model takes: load, dump and load again give the same model.

    `answers` tells the labels of the answers that the conditions name by their codes. Sources and campaigns go by the
    codes they have now.
    """
    vocabulary = vocabulary or Vocabulary.load()
    ranges = {
        "A": [model.a_from, None],
        "B": [model.b_from, model.a_from - 1],
        "C": [model.c_from, model.b_from - 1],
        "D": [None, model.c_from - 1],
    }
    head = {"name": model.name, "question_set": model.question_set and model.question_set.code, "ranges": ranges}
    if model.notes:
        head["notes"] = model.notes
    answers = _labels([*model.rules.all(), *model.requirements.all()], vocabulary)
    if answers:
        head["answers"] = answers
    return head | {
        "rules": [
            {"label": rule.label, "points": rule.points, "when": _portable(rule.condition, vocabulary)}
            | {key: value for key in ("cap", "half_life_days") if (value := getattr(rule, key)) is not None}
            for rule in sorted(model.rules.all(), key=lambda rule: rule.position)
        ],
        "requirements": [
            {"grade": wanted.grade, "label": wanted.label, "when": _portable(wanted.condition, vocabulary)}
            for wanted in sorted(model.requirements.all(), key=lambda wanted: (wanted.grade, wanted.pk))
        ],
    }


def start_draft(*, model, by, now) -> ScoringModel:
    """Saves an unsaved ScoringModel as a draft under the next version number and returns it."""
    with transaction.atomic():
        _one_at_a_time()
        model.version = (ScoringModel.objects.aggregate(last=Max("version"))["last"] or 0) + 1
        model.status, model.created_at, model.created_by = ModelStatus.DRAFT, now, by
        model.save(force_insert=True)
    return model


def copy_model(*, model, by, now) -> ScoringModel:
    """A draft with everything `model` has. Raises ModelRefused when that no longer fits the fields that exist."""
    return load_model(data=dump_model(model), by=by, now=now)


def publish_model(*, model, by, now) -> ScoringModel:
    """Puts a draft in force: retires the version before it, publishes this one, asks for a regrade of everybody.

    All in one transaction, one publisher at a time. A regrade by an older version is cancelled, and its chunks under
    way waited for. Returns the published model. Raises ValidationError when it is no draft any more, ModelRefused
    when its rules are wrong or there are none.
    """
    with transaction.atomic():
        _one_at_a_time()
        draft = ScoringModel.objects.select_for_update(of=("self",)).select_related("question_set").get(pk=model.pk)
        if draft.status != ModelStatus.DRAFT:
            raise ValidationError(f"{draft} is {draft.get_status_display().lower()} already.")
        vocabulary = Vocabulary.load()
        data = dump_model(draft, vocabulary)
        _refuse_bad(data, vocabulary)
        if not data["rules"]:
            raise ModelRefused([FileProblem("rules", "there are none yet, so everybody would score 0")])
        ScoringModel.objects.published().update(status=ModelStatus.RETIRED, retired_at=now)
        draft.status, draft.published_at, draft.published_by = ModelStatus.PUBLISHED, now, by
        draft.save(update_fields=["status", "published_at", "published_by"])
        for run in RegradeRun.objects.unfinished().order_by("pk"):
            cancel_regrade(run=run, now=now)
        request_regrade(by=by, now=now)
    return draft


def roll_back(*, to, by, now) -> ScoringModel:
    """Publishes a copy of the version `to` as the newest version and returns it; raises as publish_model does."""
    with transaction.atomic():
        return publish_model(model=copy_model(model=to, by=by, now=now), by=by, now=now)


def _portable(tree, vocabulary):
    """The condition for a file; a broken one as it is."""
    try:
        return as_written(tree, vocabulary)
    except ConditionError:
        return tree


def _labels(holders, vocabulary):
    """{code of a field: {code: label}} of the answers that these conditions name; a broken one names none."""
    labels = {}
    for holder in holders:
        with contextlib.suppress(ConditionError):
            for field_code, code in answers_of(holder.condition, vocabulary):
                labels.setdefault(field_code, {})[code] = vocabulary.get(field_code).answers.label(code)
    return labels


def _refuse_bad(data, vocabulary):
    problems = model_problems(
        data, vocabulary=vocabulary, question_sets=set(QuestionSet.objects.values_list("code", flat=True))
    )
    if problems:
        raise ModelRefused(problems)


def _one_at_a_time():
    """Makes version numbers and publishing wait for each other until the transaction ends; readers do not wait."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE scoring_scoringmodel IN SHARE ROW EXCLUSIVE MODE")
