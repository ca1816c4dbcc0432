"""Importing against two floors: a bare load of the file, and set SQL written by hand that leaves the same rows."""

import csv
import random
import tempfile
import time
from pathlib import Path

from django.utils import timezone

from bench import import_floors
from bench.contents import contents, same
from bench.database import unchanged
from bench.regrade import publish_starter
from bench.report import Measured
from capture.importing.actions.receiving import keep_file, opened, plan_for, start_import
from capture.importing.actions.running import continue_import

SYSTEM = "bench"
COLUMNS = {
    "Contact ID": "external_id",
    "First name": "first_name",
    "Last name": "last_name",
    "Email": "email",
    "Phone": "phone",
    "Job title": "job_title",
    "Company": "company",
    "Street": "street",
    "City": "city",
    "State": "region",
    "ZIP": "postal_code",
    "Country": "country",
    "Website": "website",
    "Tags": "tags",
    "Opted out": "do_not_email",
    "Budget": {"field": "budget"},
    "Timeframe": {"field": "timeframe"},
    "Decision": {"field": "decision_maker"},
    "Seats": {"field": "bench_seats", "type": "integer"},
    "Spend": {"field": "bench_spend", "type": "number"},
    "Renewal": {"field": "bench_renewal", "type": "date"},
    "Trial": {"field": "bench_trial", "type": "boolean"},
    "Interest": {"field": "bench_interest", "type": "text"},
    "Visits": {"field": "bench_visits", "type": "integer"},
    "Notes": {"field": "bench_notes", "type": "text"},
}
_FIRST = ["Ann", "Ben", "Carla", "David", "Elena", "Frank", "Grace", "Hugo", "Irene", "Jonas", "Karin", "Luis"]
_PLACES = [
    ("Lyon", "Rhône", "69001", "France"),
    ("Leeds", "", "LS1 4DY", "United Kingdom"),
    ("Köln", "", "50667", "DE"),
]
_WORDS = ["pricing", "security", "reporting", "support", "migration"]


def main(*, leads, **_):
    """Yields a first import and one of the same file again; leaves no lead behind.

    floor: by set SQL that leaves the same rows; bare: into one table with six indexes. Rows a second, of which ratio
    and of_bare are ours. By the starter model about one lead in seven is sales'; as nobody sells here, they wait in
    their pool.
    """
    with unchanged(), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        write_file(path, leads)
        publish_starter()
        plan_of(path)
        with unchanged():
            bare = import_floors.bare(path)
        with unchanged():
            by_hand = [_counted(import_floors.same_rows(path, system=SYSTEM, now=timezone.now())) for _ in range(2)]
        ours = [_counted(seconds) for seconds in import_twice(path, leads)]
    for name, load, (floor, left), (seconds, ours_left) in zip(
        ("import", "import again"), bare, by_hand, ours, strict=True
    ):
        same(left, ours_left)
        figures = {"unit": "rows/s", "floor": round(leads / floor), "ours": round(leads / seconds)}
        figures |= {"ratio": round(floor / seconds, 2), "bare": round(leads / load)}
        figures |= {"of_bare": round(load / seconds, 2), "rows": leads}
        yield Measured(name, figures, least={"ratio": 0.5})


def _counted(seconds):
    return seconds, contents()


def write_file(path, leads):
    """A list of `leads` different people in 25 columns, nine in ten with a phone number."""
    draw = random.Random(7)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(leads):
            city, state, code, country = _PLACES[number % 3]
            writer.writerow(
                [
                    f"B{number:08}",
                    _FIRST[number % 12],
                    f"Person{number:x}",
                    f"person{number}@list{number % 997}.example",
                    f"+49 30 {10_000_000 + number}" if number % 10 else "",
                    draw.choice(["Buyer", "Head of IT", "Owner", ""]),
                    f"Company {draw.randrange(max(leads // 5, 1))} Ltd",
                    f"{number % 200} High Street",
                    city,
                    state,
                    code,
                    country,
                    f"https://list{number % 997}.example",
                    draw.choice(["", "webinar", "fair, webinar"]),
                    "yes" if number % 50 == 0 else "no",
                    draw.choice(["Approved", "Planned", "No budget", ""]),
                    draw.choice(["Within 3 months", "Later or never", ""]),
                    draw.choice(["Decides", "Decides with others", "Recommends", "No part in it", ""]),
                    draw.randrange(1, 500),
                    f"{draw.randrange(100_000) / 100:.2f}",
                    f"20{draw.randrange(25, 28)}-0{draw.randrange(1, 10)}-1{draw.randrange(10)}",
                    draw.choice(["yes", "no", ""]),
                    draw.choice(_WORDS),
                    draw.randrange(100),
                    f"Asked about {draw.choice(_WORDS)} and {draw.choice(_WORDS)}",
                ]
            )


def plan_of(path):
    """What the program makes of the file; the fields that its columns ask for are there afterwards."""
    with opened(path) as file:
        return _plan_of(file)


def import_twice(path, leads):
    """Yields the seconds of a whole import, file to graded and routed leads, and those of the same file again."""
    for expected in ("created", "unchanged"):
        started = time.perf_counter()
        with opened(path) as file:
            plan = _plan_of(file)
            run = keep_file(file=file, path=path, file_name=path.name, by=None, now=timezone.now())
        start_import(run=run, plan=plan, now=timezone.now())
        continue_import(run_id=run.pk, clock=timezone.now)
        seconds = time.perf_counter() - started
        run.refresh_from_db()
        if getattr(run, expected) != leads:
            raise SystemExit(f"{run.status}: {run.created} created, {run.unchanged} unchanged, {run.failure}")
        yield seconds


def _plan_of(file):
    mapping = {"external_system": SYSTEM, "columns": COLUMNS}
    return plan_for(file.table.header, file.sample, mapping=mapping, create_fields=True)
