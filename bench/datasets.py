"""Where the benchmarks run: the embedded servers, and a database that is made for the run and dropped after it."""

import contextlib

from leadfunnel import embedded
from leadfunnel.environment import read_environment


@contextlib.contextmanager
def in_a_database_of_its_own():
    """Django set up on a fresh, migrated database; the real one is never touched."""
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
