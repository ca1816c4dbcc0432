"""What happens to each real file: `python -m tests.real_data.table_of_files`, on a database made for it.

Each file is imported, in a transaction that is rolled back, and imported again.
"""

import os
import sys
from pathlib import Path
from typing import NamedTuple

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
FOLDERS = ("formats", "messy", "leads")


class Outcome(NamedTuple):
    file: str
    format: str = ""
    encoding: str = ""
    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    problems: int = 0
    again: tuple = ()
    refused: str = ""


def files():
    """Every file of the folders of lists."""
    return sorted(path for folder in FOLDERS for path in (SHARED / folder).rglob("*") if path.is_file())


def try_file(path):
    """Imports one file as somebody would who knows nothing about it, twice, and returns the Outcome."""
    from django.utils import timezone  # noqa: PLC0415 (after django.setup, where this runs as a program)

    from capture.importing.actions.receiving import opened, plan_for, receive_file, start_import  # noqa: PLC0415 (as above)
    from capture.importing.actions.running import continue_import  # noqa: PLC0415 (as above)
    from capture.importing.mapping import MappingError  # noqa: PLC0415 (as above)
    from capture.importing.reading import Unreadable  # noqa: PLC0415 (as above)

    runs = []
    for _ in range(2):
        try:
            with opened(path) as file:
                plan = plan_for(file.table.header, file.sample, create_fields=True)
        except (Unreadable, MappingError) as error:
            return Outcome(str(path.relative_to(SHARED)), refused=str(error))
        run = receive_file(path=path, file_name=path.name, by=None, now=timezone.now())
        start_import(run=run, plan=plan, now=timezone.now())
        continue_import(run_id=run.pk, clock=timezone.now)
        run.refresh_from_db()
        runs.append(run)
    first, again = runs
    return Outcome(
        str(path.relative_to(SHARED)),
        plan.format_name,
        first.encoding,
        first.rows_done,
        first.created,
        first.updated,
        first.unchanged,
        first.rejected,
        first.problems.count(),
        (again.created, again.updated),
    )


def table(outcomes):
    """The outcomes as lines of text."""
    counts = f"{'rows':>6} {'new':>6} {'upd':>4} {'same':>5} {'rej':>4} {'prob':>5}"
    lines = [f"{'file':58} {'format':42} {'encoding':10} {counts}  again"]
    for one in outcomes:
        if one.refused:
            lines.append(f"{one.file:58} refused: {one.refused}")
        else:
            lines.append(
                f"{one.file:58} {one.format or 'by the names of the columns':42} {one.encoding:10} {one.rows:6} "
                f"{one.created:6} {one.updated:4} {one.unchanged:5} {one.rejected:4} {one.problems:5}  {one.again}"
            )
    return "\n".join(lines)


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadfunnel.settings")
    from leadfunnel.bench import in_a_database_of_its_own  # noqa: PLC0415 (after the settings are named)

    with in_a_database_of_its_own():
        from django.db import transaction  # noqa: PLC0415 (needs django.setup)

        sys.stdout.write(table([]).split("\n", 1)[0] + "\n")
        for path in files():
            with transaction.atomic():
                outcome = try_file(path)
                transaction.set_rollback(True)
            sys.stdout.write(table([outcome]).split("\n", 1)[-1] + "\n")


if __name__ == "__main__":
    main()
