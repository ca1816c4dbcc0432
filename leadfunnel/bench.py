"""`bin/bench [MEASURE ...]`: the floor and the program side by side, a JSON line per measure."""

import argparse
import os
import sys

MEASURES = ("import", "assignment", "regrade", "dirty", "pages", "migrate")


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadfunnel.settings")
    parser = argparse.ArgumentParser(prog="bin/bench", description=__doc__)
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help=f"{', '.join(MEASURES)}; all without")
    parser.add_argument("--leads", type=int, default=100_000, help="how many leads (default 100,000)")
    parser.add_argument("--activities", type=int, help="how many activities (default: five for each lead)")
    options = parser.parse_args()
    unknown = set(options.measures) - set(MEASURES)
    if unknown or options.leads < 1000:
        parser.error(f"unknown measure: {', '.join(unknown)}" if unknown else "--leads has to be at least 1000")
    from bench.datasets import in_a_database_of_its_own  # noqa: PLC0415 (it needs the settings module's name)

    activities = options.activities if options.activities is not None else options.leads * 5
    with in_a_database_of_its_own():
        from bench import assignment, importing, migrating, pages, regrade  # noqa: PLC0415 (they need django.setup)

        runs = {
            "import": lambda: importing.main(leads=options.leads),
            "assignment": lambda: assignment.main(leads=options.leads, activities=activities),
            "regrade": lambda: regrade.main(leads=options.leads, activities=activities),
            "dirty": lambda: regrade.dirty(leads=options.leads, activities=activities),
            "pages": lambda: pages.main(leads=options.leads, activities=activities),
            "migrate": lambda: migrating.main(leads=options.leads, activities=activities),
        }
        for measure in options.measures or MEASURES:
            runs[measure]()


if __name__ == "__main__":
    sys.exit(main())
