"""`bin/bench [MEASURE ...]`: the floor and the program side by side, a JSON line per measure and a table of all."""

import argparse
import contextlib
import os
import sys

from leadfunnel.appliance import embedded
from leadfunnel.environment import read_environment

# In the order in which they share one dataset: each finds it as the one before has left it.
MEASURES = ("import", "assignment", "regrade", "dirty", "news", "pages", "migrate")


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadfunnel.settings")
    parser = argparse.ArgumentParser(prog="bin/bench", description=__doc__)
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help=f"{', '.join(MEASURES)}; all without")
    parser.add_argument("--leads", type=int, default=100_000, help="how many leads (default 100,000)")
    parser.add_argument("--activities", type=int, help="how many activities (default: five for each lead)")
    options = parser.parse_args()
    unknown = set(options.measures) - {*MEASURES, "all"}
    if unknown or options.leads < 1000:
        parser.error(f"unknown measure: {', '.join(unknown)}" if unknown else "--leads has to be at least 1000")
    asked = MEASURES if set(options.measures) <= {"all"} else [name for name in MEASURES if name in options.measures]
    activities = options.activities if options.activities is not None else options.leads * 5
    with in_a_database_of_its_own():
        from bench.running import run  # noqa: PLC0415 (needs django.setup)

        run(asked, leads=options.leads, activities=activities)


@contextlib.contextmanager
def in_a_database_of_its_own():
    """Django set up on a fresh, migrated database, which is dropped in the end; no other is ever touched."""
    embedded.ensure(read_environment())
    import django  # noqa: PLC0415 (the servers have to run before the settings are read)

    django.setup()
    from django.db import connection, connections  # noqa: PLC0415 (needs django.setup)

    from bench import database  # noqa: PLC0415 (needs django.setup)

    real = connection.settings_dict["NAME"]
    # The tests' database has a name of its own, so that both may run at a time.
    connection.settings_dict["TEST"]["NAME"] = f"bench_{real}"
    # A whole run of a benchmark is longer than any page may take.
    connection.settings_dict["OPTIONS"]["options"] = "-c statement_timeout=0"
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    database.drop_copies(f"bench_{real}")
    try:
        yield
    finally:
        connections.close_all()
        connection.creation.destroy_test_db(real, verbosity=0)


if __name__ == "__main__":
    sys.exit(main())
