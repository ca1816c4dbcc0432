from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections

from jobs.postgres import ErrorCode, error_code, limits

SECONDS_FOR_A_LOCK = 3
LIMITS = {
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "lock_timeout": f"{SECONDS_FOR_A_LOCK}s",
}


class Command(migrate.Command):
    """Django's, under limits of its own: a statement takes as long as it takes, but a lock is not waited for long.

    Everybody else would wait behind whoever waits for a whole table.
    """

    def handle(self, *args, **options):
        with limits(connections[options["database"]], **LIMITS):
            try:
                super().handle(*args, **options)
            except OperationalError as error:
                if error_code(error) != ErrorCode.LOCK_NOT_AVAILABLE:
                    raise
                raise CommandError(
                    f"Somebody held a table that a migration needs for longer than {SECONDS_FOR_A_LOCK} seconds, "
                    "so it has let everybody pass. Run migrate again: it goes on where it stopped."
                ) from error
