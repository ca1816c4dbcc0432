"""The measures one after the other, on one dataset."""

import time
from collections.abc import Iterable

from bench import assignment, importing, migrating, news, pages, regrade, report

# Each finds the dataset as the one before has left it.
_MEASURES = {
    "import": importing.main,
    "assignment": assignment.main,
    "regrade": regrade.main,
    "dirty": regrade.dirty,
    "news": news.main,
    "pages": pages.main,
    "migrate": migrating.main,
}


def run(measures: Iterable[str], *, leads: int, activities: int) -> None:
    """Prints each line of the measures as it comes, and at the end a table of them and how long each measure took."""
    measured, took = [], []
    for measure in measures:
        start = time.monotonic()
        for one in _MEASURES[measure](leads=leads, activities=activities):
            print(one.line, flush=True)
            measured.append(one)
        took.append(f"{measure} {time.monotonic() - start:.0f} s")
    print(f"\n{report.table(measured)}\n")
    print(f"{leads:,} leads, {activities:,} activities. It took: {', '.join(took)}.")
