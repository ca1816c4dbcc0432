"""What other rooms ask about scores."""

from typing import NamedTuple

from django.db.models import F, prefetch_related_objects

from leads import conditions
from leads.models import FieldDefinition
from leads.queries import naming_answers
from scoring.models import GradeRequirement, RegradeRun, ScoringModel, ScoringRule
from scoring.rules import MAX_WORDS

_met = {}


class Reads(NamedTuple):
    """Codes of fields and kinds of activity."""

    fields: frozenset = frozenset()
    kinds: frozenset = frozenset()


class LedgerLine(NamedTuple):
    label: str
    points: int
    condition_text: str


class RatingAnswer(NamedTuple):
    """A question of the set in force: `answer` is the stored value or None, `field` was loaded with_answers."""

    code: str
    label: str
    prompt: str
    answer: object
    field: FieldDefinition


def published_model() -> ScoringModel | None:
    """The scoring model in force with its rules and requirements loaded, or None.

    One query, and two more when the process meets the version for the first time: it never changes once published.
    """
    model = ScoringModel.objects.published().first()
    if model is None:
        return None
    version = model.pk, model.published_at
    if version not in _met:
        prefetch_related_objects([model], "rules", "requirements")
        _met.clear()
        _met[version] = model
    return _met[version]


def what_it_reads(model, vocabulary) -> Reads:
    """The fields and kinds of activity that the rules and requirements of a loaded model look at. No query."""
    trees = [each.condition for each in (*model.rules.all(), *model.requirements.all())]
    found = [conditions.reads(tree, vocabulary) for tree in trees]
    return Reads(*(frozenset().union(*parts) for parts in zip(*found, strict=True))) if found else Reads()


def explain(lead, vocabulary=None) -> list[LedgerLine]:
    """The ledger of a lead's score, a LedgerLine for every rule of the version that gave it; they add up to the score.

    [] for a lead that was never scored. One query, and one for the vocabulary where none is given.
    """
    if lead.score_version is None:
        return []
    rules = ScoringRule.objects.filter(model__version=lead.score_version).order_by("position")
    vocabulary = vocabulary or conditions.Vocabulary.load()
    return [
        LedgerLine(rule.label, points, conditions.describe(rule.condition, vocabulary))
        for rule, points in zip(rules, lead.score_ledger, strict=False)
    ]


def rule_labels(version: int) -> list[str]:
    """The labels of the rules of a version, in its order, as they were when it was published."""
    rules = ScoringRule.objects.filter(model__version=version).order_by("position")
    return list(rules.values_list("label", flat=True))


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


def rating_answers(lead) -> list[RatingAnswer]:
    """The RatingAnswers of a lead to the published model's question set, in its order; [] without a set. One query."""
    fields = (
        FieldDefinition.objects.with_answers()
        .filter(questions__question_set__models__in=ScoringModel.objects.published())
        .annotate(prompt=F("questions__prompt"))
        .order_by("questions__position", "questions__pk")
    )
    return [RatingAnswer(field.code, field.label, field.prompt, lead.fields.get(field.code), field) for field in fields]


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
