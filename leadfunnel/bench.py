"""`bin/bench [import|regrade|dirty|pages]`: the floor and the program side by side, a JSON line per measure."""

import argparse
import os
import sys


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadfunnel.settings")
    parser = argparse.ArgumentParser(prog="bin/bench", description=__doc__)
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help="import, regrade, dirty, pages; all without")
    parser.add_argument("--leads", type=int, default=100_000, help="how many leads (default 100,000)")
    parser.add_argument("--activities", type=int, help="how many activities (default: five for each lead)")
    options = parser.parse_args()
    known = ("import", "regrade", "dirty", "pages")
    unknown = set(options.measures) - set(known)
    if unknown or options.leads < 1000:
        parser.error(f"unknown measure: {', '.join(unknown)}" if unknown else "--leads has to be at least 1000")
    from bench.datasets import in_a_database_of_its_own  # noqa: PLC0415 (it needs the settings module's name)

    activities = options.activities if options.activities is not None else options.leads * 5
    with in_a_database_of_its_own():
        from bench import importing, pages, regrade  # noqa: PLC0415 (they need django.setup)

        runs = {
            "import": lambda: importing.main(leads=options.leads),
            "regrade": lambda: regrade.main(leads=options.leads, activities=activities),
            "dirty": lambda: regrade.dirty(leads=options.leads, activities=activities),
            "pages": lambda: pages.main(leads=options.leads, activities=activities),
        }
        for measure in options.measures or known:
            runs[measure]()


if __name__ == "__main__":
    sys.exit(main())
