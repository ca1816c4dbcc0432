"""`bin/bench [MEASURE ...]`: the floor and the program side by side, a JSON line per measure."""

import argparse
import contextlib
import os
import sys

from leadfunnel.appliance import embedded
from leadfunnel.environment import read_environment

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


@contextlib.contextmanager
def in_a_database_of_its_own():
    """Django set up on a fresh, migrated database, which is dropped in the end; the real one is never touched."""
    embedded.ensure(read_environment())
    import django  # noqa: PLC0415 (the servers have to run before the settings are read)

    django.setup()
    from django.db import connection  # noqa: PLC0415 (needs django.setup)

    real = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        # A whole run of a benchmark is longer than any page may take.
        connection.cursor().execute("SET statement_timeout = 0")
        yield
    finally:
        connection.creation.destroy_test_db(real, verbosity=0)


if __name__ == "__main__":
    sys.exit(main())
