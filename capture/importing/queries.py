"""What imports know: fields, words and mappings to plan with, progress, problems, the rows of the error file."""

from collections.abc import Iterator

from django.db.models import Value

from capture.importing.cleaning import RETIRED
from capture.importing.enums import KeptWhy, RowResult
from capture.importing.mapping import UNKNOWN_SYSTEM, header_key
from capture.importing.models import Import, ImportProblem, ImportRow, RememberedMapping, UnansweredWord
from leads.fields import BY_CODE
from leads.fields.spelling import Spellings
from leads.intake.people import CODES
from leads.models import Campaign, FieldDefinition, Lead, Source


def custom_fields() -> dict[str, tuple]:
    """{code: (label, type, Answers)} of the active custom fields, in their order."""
    active = FieldDefinition.objects.with_answers().filter(is_active=True)
    return {field.code: (field.label, field.type, field.answer_list) for field in active}


def unanswered_words() -> list[str]:
    return list(UnansweredWord.objects.values_list("word", flat=True))


def remembered_mapping(header) -> dict | None:
    """The mapping last used for files of these columns, or None."""
    return RememberedMapping.objects.filter(header_key=header_key(header)).values_list("mapping", flat=True).first()


def system_of_lists(header) -> str:
    """What ids of an unknown system were kept under when the last file of exactly these columns came, or ""."""
    kept = Import.objects.filter(header=header, mapping__external_system__startswith=UNKNOWN_SYSTEM)
    return kept.order_by("-pk").values_list("mapping__external_system", flat=True).first() or ""


def by_spelling(model) -> Spellings:
    """Spellings of the ids of all sources or campaigns, by code and by name; RETIRED where one is not offered."""
    known = [
        (RETIRED if retired_at else pk, code, name)
        for pk, code, name, retired_at in model.objects.values_list("pk", "code", "name", "retired_at")
    ]
    return Spellings(((code, pk) for pk, code, _ in known), ((name, pk) for pk, _, name in known))


def sources_by_spelling() -> Spellings:
    return by_spelling(Source)


def campaigns_by_spelling() -> Spellings:
    return by_spelling(Campaign)


def retired_origins() -> frozenset[tuple[str, int]]:
    """("source" or "campaign", id) of those that nobody new is given. One query."""
    sources, campaigns = (
        model.objects.filter(retired_at__isnull=False).order_by().annotate(of=Value(what)).values_list("of", "pk")
        for what, model in (("source", Source), ("campaign", Campaign))
    )
    return frozenset(sources.union(campaigns))


def problems_of(run, *, limit) -> list[tuple]:
    """The first problems of an import, rejected rows before single cells: (row, column, message, rejects)."""
    problems = ImportProblem.objects.filter(run=run).order_by("-rejects", "number", "pk")
    return list(problems.values_list("number", "column", "message", "rejects")[:limit])


def leads_of(run, *, limit) -> list[tuple]:
    """The first few leads that an import created or changed, as (row number, result, lead)."""
    rows = ImportRow.objects.filter(run=run, lead__isnull=False, result__in=[RowResult.CREATED, RowResult.UPDATED])
    rows = rows.select_related("lead__company").order_by("number")[:limit]
    return [(row.number, row.get_result_display(), row.lead) for row in rows]


def kept_of(run) -> list[tuple]:
    """The first few rows that undoing left as they are, as (row number, lead or None once she is gone, why in words).

    Two queries, and none where nothing was left.
    """
    examples = (run.undone or {}).get("examples", [])
    if not examples:
        return []
    leads = Lead.objects.in_bulk([example["lead"] for example in examples])
    labels = {field.code: field.label for field in FieldDefinition.objects.all()}
    labels |= {code: field.label for code, field in BY_CODE.items()}
    # Undoing names a built-in field by its column, which is not always its code.
    labels |= {column: BY_CODE[code].label for column, code in CODES.items()}
    return [(example["row"], leads.get(example["lead"]), _kept_why(example, labels)) for example in examples]


def _kept_why(example, labels):
    why = example["why"]
    if why not in KeptWhy.values:
        # Written down as a sentence, before there were codes.
        return why
    fields = ", ".join(labels.get(code, code) for code in example.get("fields", ()))
    return f"{KeptWhy(why).label}: {fields}" if fields else KeptWhy(why).label


def error_rows(run) -> Iterator[tuple]:
    """Yields a row per row of the file that has problems: (reasons, row number, cells), in the order of the file."""
    number, reasons, cells = None, [], []
    rows = ImportProblem.objects.filter(run=run).order_by("number", "pk")
    for row_number, column, message, raw in rows.values_list("number", "column", "message", "raw").iterator(2000):
        if row_number != number:
            if number is not None:
                yield " ".join(reasons), number, cells
            number, reasons, cells = row_number, [], []
        reasons.append(f"{column}: {message}" if column else message)
        cells = raw or cells
    if number is not None:
        yield " ".join(reasons), number, cells
