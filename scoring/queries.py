"""What other rooms ask about scores."""

from typing import NamedTuple

from django.db import connection

from leads import conditions
from leads.enums import Grade
from leads.models import FieldDefinition, Lead
from leads.queries import naming_answers
from scoring.models import GradeRequirement, RegradeRun, ScoringModel, ScoringRule
from scoring.rules import MAX_WORDS

# By hand: every lead page asks, and Django takes longer to put it together than PostgreSQL to answer.
_QUESTIONS_IN_FORCE = """
SELECT model.id, model.published_at, question.field_id
FROM scoring_scoringmodel AS model
LEFT JOIN scoring_ratingquestion AS question ON question.question_set_id = model.question_set_id
WHERE model.status = 'published'
ORDER BY question.position
"""

_met = {}


class Reads(NamedTuple):
    """Codes of fields and kinds of activity."""

    fields: frozenset = frozenset()
    kinds: frozenset = frozenset()


class LedgerLine(NamedTuple):
    label: str
    points: int
    condition_text: str


class MustHave(NamedTuple):
    """Of a grade, with what a lead lacks of it, a phrase for each part."""

    grade: str
    label: str
    lacks: list[str]


def published_model() -> ScoringModel | None:
    """The scoring model in force with its rules and requirements loaded, or None.

    One query, and three more when the process meets the version for the first time: it never changes once published.
    """
    version = ScoringModel.objects.published().values_list("pk", "published_at").first()
    return _loaded(*version) if version else None


def published_with_questions(definitions) -> tuple[ScoringModel | None, list[FieldDefinition]]:
    """`published_model`, and those of the FieldDefinitions that its question set asks, in order. As many queries."""
    with connection.cursor() as cursor:
        cursor.execute(_QUESTIONS_IN_FORCE)
        rows = cursor.fetchall()
    by_pk = {field.pk: field for field in definitions}
    return _loaded(*rows[0][:2]) if rows else None, [by_pk[row[2]] for row in rows if row[2] in by_pk]


def _loaded(pk, published_at):
    key = (pk, published_at)
    model = _met.get(key)
    if model is None:
        model = ScoringModel.objects.prefetch_related("rules", "requirements").get(pk=pk)
        # Another thread may empty it at any moment, so what was found is looked up no second time.
        _met.clear()
        _met[key] = model
    return model


def what_it_reads(model, vocabulary) -> Reads:
    """The fields and kinds of activity that the rules and requirements of a loaded model look at. No query."""
    found = [conditions.reads(tree, vocabulary) for tree in _trees(model)]
    return Reads(*(frozenset().union(*parts) for parts in zip(*found, strict=True))) if found else Reads()


def names_days(model, vocabulary) -> bool:
    """Whether a rule or requirement of a loaded model depends on the zone that has the days."""
    return any(conditions.names_days(tree, vocabulary) for tree in _trees(model))


def _trees(model):
    return [each.condition for each in (*model.rules.all(), *model.requirements.all())]


def explain(lead, vocabulary, published=None) -> list[LedgerLine]:
    """The ledger of a lead's score, a LedgerLine for every rule of the version that gave it; they add up to the score.

    [] for a lead that was never scored. No query where that version is `published`, a loaded model; else one.
    """
    if lead.score_version is None:
        return []
    return [
        LedgerLine(rule.label, points, conditions.describe(rule.condition, vocabulary))
        for rule, points in zip(rules_of(lead.score_version, published), lead.score_ledger, strict=False)
    ]


def missed_must_haves(lead, vocabulary, published=None, *, now) -> list[MustHave]:
    """What keeps a lead from the letters that her points reach, the best letter first; [] where the points decide.

    By the version that gave the score. One query where must-haves speak of such a letter, and one more where that
    version is not `published`, a loaded model.
    """
    if lead.score_version is None:
        return []
    if published is not None and published.version == lead.score_version:
        must_haves = published.requirements.all()
    else:
        must_haves = GradeRequirement.objects.filter(model__version=lead.score_version).select_related("model")
    # Better letters sort first.
    asked = {each.pk: each for each in must_haves if each.grade < lead.grade and lead.score >= _bar(each)}
    if not asked:
        return []
    trees = {pk: each.condition for pk, each in asked.items()}
    found = conditions.lacking(Lead.objects.filter(pk=lead.pk), trees, now=now, vocabulary=vocabulary)
    return [
        MustHave(asked[pk].grade, asked[pk].label, conditions.lacking_words(parts, vocabulary))
        for pk, parts in found.get(lead.pk, {}).items()
    ]


def _bar(requirement):
    model = requirement.model
    return {Grade.A: model.a_from, Grade.B: model.b_from, Grade.C: model.c_from}[Grade(requirement.grade)]


def rules_of(version: int, published=None) -> list[ScoringRule]:
    """The rules of a version in its order. No query where that is the version of `published`, a loaded model."""
    if published is not None and published.version == version:
        return list(published.rules.all())
    return list(ScoringRule.objects.filter(model__version=version).order_by("position"))


def why(leads) -> dict[int, str]:
    """{lead id: why this score, in at most eight words} for a page of leads, in one query; "" for an unscored lead.

    The labels of the rules that gave most, as many as fit.
    """
    leads = list(leads)
    labels = {}
    for version, label in (
        ScoringRule.objects.filter(model__version__in={lead.score_version for lead in leads} - {None})
        .order_by("model", "position")
        .values_list("model__version", "label")
    ):
        labels.setdefault(version, []).append(label)
    return {lead.pk: _in_few_words(labels.get(lead.score_version, ()), lead.score_ledger) for lead in leads}


def models_naming_answers(field_code: str, vocabulary: conditions.Vocabulary) -> dict[str, list[str]]:
    """{code of an answer: the rules and must-haves of all versions that name it}, newest version first. Two queries."""
    holders = [
        *ScoringRule.objects.select_related("model").order_by("-model__version", "position"),
        *GradeRequirement.objects.select_related("model").order_by("-model__version", "pk"),
    ]
    named = [
        (holder.condition, f"{holder.model} ({holder.model.get_status_display().lower()}): {holder.label}")
        for holder in holders
    ]
    return naming_answers(field_code, named, vocabulary)


def unfinished_run() -> RegradeRun | None:
    """The RegradeRun that is waiting or under way, with its progress, or None."""
    return RegradeRun.objects.unfinished().with_progress().select_related("model").first()


def _in_few_words(labels, ledger):
    lines = sorted(zip(labels, ledger, strict=False), key=lambda line: -line[1])
    chosen, words = [], 0
    for label, points in lines:
        length = len(label.split())
        if points > 0 and words + length <= MAX_WORDS:
            chosen.append(label)
            words += length
    if chosen or not ledger:
        return ", ".join(chosen)
    return "Nothing speaks for it yet"
