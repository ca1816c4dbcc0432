"""A dry run: the same rows, the same decisions, nothing written but a temporary table."""

from dataclasses import dataclass, field

from django.db import transaction

from capture.importing.actions.merging import Target, merge_chunk
from capture.importing.actions.receiving import source_for_all
from capture.importing.actions.running import cleaned_chunks
from capture.importing.actions.staging import end_overlay, start_overlay
from capture.importing.enums import RowResult


@dataclass
class Rehearsal:
    """`counts` by RowResult; `problems`: (row, column, message, rejects), at most `limit` of them of `problem_total`;
    `examples`: the first few accepted Rows; `rows` that were tried."""

    counts: dict = field(default_factory=lambda: dict.fromkeys(RowResult, 0))
    problems: list = field(default_factory=list)
    problem_total: int = 0
    examples: list = field(default_factory=list)
    rows: int = 0


def rehearse(*, table, plan, sha256, now, source=None, campaign=None, by=None, rows=None, limit=None) -> Rehearsal:
    """Tries the file, or its first `rows`, and returns a Rehearsal; exactly what an import of `by` now would do.

    `sha256` is the file's, as receiving.sha256_of gives it. Raises MappingError where the source or the campaign is
    retired.
    """
    result = Rehearsal()
    source = source_for_all(source, campaign)
    target = Target(
        plan=plan, source_id=source and source.pk, campaign_id=campaign and campaign.pk, by=by, sha256=sha256
    )
    start_overlay()
    try:
        _try(cleaned_chunks(table, plan, rows=rows), target, result, limit, now)
    finally:
        end_overlay()
    return result


def _try(chunks, target, result, limit, now):
    for chunk in chunks:
        with transaction.atomic():
            counts = merge_chunk(chunk, target, now=now)
        for kind, count in counts.items():
            result.counts[kind] += count
        result.rows += len(chunk)
        result.examples += [row for row in chunk if not row.rejected][: 5 - len(result.examples)]
        for row in chunk:
            for column, message in row.problems:
                result.problem_total += 1
                if limit is None or len(result.problems) < limit:
                    result.problems.append((row.number, column, message, bool(row.rejected)))
