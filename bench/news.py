"""What the rows of changes cost: the same import and the same regrade with them and without."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest import mock

from bench import importing, regrade
from bench.database import unchanged
from bench.report import Measured
from leads.actions import lifecycle
from leads.changes import rows
from leads.intake import entering
from leads.models import ChangeRow
from routing.actions import handover, receipt
from scoring.engine import write

ROUNDS = 2
# The statements that write such rows beside what they are for, and what the part that does is called.
_STATEMENTS = (
    (write, "_WRITE", ("graded", "scored")),
    (lifecycle, "_STEP", ("told",)),
    (receipt, "_OPEN", ("told",)),
    (receipt, "_SERVE", ("told",)),
    (handover, "_END", ("told",)),
)

# Who calls the writer of new people.
_ENTERING = ("leads.actions.record", "capture.importing.actions.staging")


def main(*, leads: int, activities: int) -> Iterator[Measured]:
    """Yields the measures of a first regrade of everybody, which tells of everybody, and of an import of as many rows.

    `ratio` is how long it takes with the rows by how long without, the best of ROUNDS each.
    """
    regrade.build(leads=leads, activities=activities)
    yield _measured("news of a regrade", regrade.run_for_the_first_time, leads)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        importing.write_file(path, leads)
        importing.plan_of(path)
        yield _measured("news of an import", lambda: next(importing.import_twice(path, leads)), leads)


def _measured(name: str, seconds: Callable[[], float], leads: int) -> Measured:
    with_rows, without, written = [], [], 0
    for _ in range(ROUNDS):
        with unchanged(), _silence():
            before = ChangeRow.objects.count()
            without.append(seconds())
            if ChangeRow.objects.count() != before:
                raise SystemExit("Rows were written where none were to be written.")
        with unchanged():
            with_rows.append(seconds())
            written = ChangeRow.objects.count() - before
    if not written:
        raise SystemExit("No rows were written.")
    floor, ours = min(without), min(with_rows)
    figures = {"unit": "s", "floor": round(floor, 2), "ours": round(ours, 2), "ratio": round(ours / floor, 2)}
    return Measured(name, figures | {"rows": written, "leads": leads}, most={"ratio": 1.1})


@contextmanager
def _silence() -> Iterator[None]:
    """As if nobody wanted to know what changes."""
    enter = entering.enter_people

    def enter_silently(*args, copy=entering.copy_now, **options):
        return enter(*args, copy=lambda sql, text: None if "leads_changerow" in sql else copy(sql, text), **options)

    with ExitStack() as stack:
        for module, name, parts in _STATEMENTS:
            stack.enter_context(mock.patch.object(module, name, _without(getattr(module, name), parts)))
        for module in _ENTERING:
            stack.enter_context(mock.patch(f"{module}.enter_people", enter_silently))
        stack.enter_context(mock.patch.object(rows, "touch"))
        yield


def _without(sql, parts):
    """The statement without these of its WITH parts, with the comma before each."""
    for part in parts:
        start = sql.index(f", {part} AS (")
        depth, end = 0, sql.index("(", start)
        while True:
            depth += {"(": 1, ")": -1}.get(sql[end], 0)
            end += 1
            if depth == 0:
                break
        sql = sql[:start] + sql[end:]
    return sql
