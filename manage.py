#!/usr/bin/env python
"""Django's command line. Joins the embedded servers, or starts them for as long as the command runs."""

import os
import signal
import sys

# Commands that never touch a server.
SERVERLESS = {"help", "collectstatic", "startapp", "--version", "--help", "version"}


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadfunnel.settings")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    from leadfunnel import embedded  # noqa: PLC0415 (after the environment is set)
    from leadfunnel.environment import read_environment  # noqa: PLC0415 (as above)

    if len(sys.argv) > 1 and sys.argv[1] not in SERVERLESS:
        embedded.ensure(read_environment())

    from django.core.management import execute_from_command_line  # noqa: PLC0415 (settings read the mail port)

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
