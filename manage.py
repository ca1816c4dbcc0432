#!/usr/bin/env python
"""Django's command line. Joins the embedded servers, or starts them for as long as the command runs."""

import os
import signal
import sys

# Commands that never touch a server, and those that do not mind an empty database.
SERVERLESS = {"help", "collectstatic", "startapp", "--version", "--help", "version"}
TABLELESS = {"migrate", "makemigrations", "showmigrations", "sqlmigrate", "check", "dbshell", "shell"}


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadfunnel.settings")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    from leadfunnel.appliance import embedded  # noqa: PLC0415 (after the environment is set)
    from leadfunnel.environment import read_environment  # noqa: PLC0415 (as above)

    environment = read_environment()
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command not in SERVERLESS:
        embedded.ensure(environment)

    from django.core.management import execute_from_command_line  # noqa: PLC0415 (settings read the mail port)

    needs_tables = environment.database_url is None and command not in SERVERLESS | TABLELESS
    if needs_tables and not embedded.has_tables(environment):
        sys.stderr.write("Making the tables of an empty database.\n")
        execute_from_command_line([sys.argv[0], "migrate", "--verbosity=0"])
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
