"""`bin/test`: every check there is, each with its name and time; ends with 1 if any failed.

`--at` runs the tests as if it were another moment: the run and all Python processes it starts get a shifted clock
(tests/clock/sitecustomize.py). `--clock` runs those whose end might depend on the hour at many moments, within one run.
Debian's faketime would shift PostgreSQL and Chromium too, but under it Python cannot sleep. Nothing is missed: the
program takes no time from the database, and its scripts take none from the browser, which tests/architecture holds.
"""

import argparse
import datetime
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from leadfunnel.environment import ROOT

BIN = Path(sys.executable).parent

# What a production machine would set; `check --deploy` must find nothing to say about it.
PRODUCTION = {
    "LEADFUNNEL_MODE": "production",
    "SECRET_KEY": "checked-only-never-used-" + "9c2f7e1b5a8d4063" * 3,
    "ALLOWED_HOSTS": "leads.example.com",
    "SITE_URL": "https://leads.example.com",
    "DATABASE_URL": "postgresql://leadfunnel:secret@db.example.com/leadfunnel",
    "REDIS_URL": "redis://redis.example.com:6379/0",
    "EMAIL_URL": "smtp+tls://leadfunnel:secret@mail.example.com:587",
}

# Importing this package names the program's own settings in the environment, and there they would beat pytest.ini.
TESTS = {"DJANGO_SETTINGS_MODULE": "leadfunnel.settings_test"}
PYTEST = [sys.executable, "-m", "pytest"]
IN_TWO_HALVES = ["-q", "-n", "2", "--dist", "loadfile"]
ROUND_THE_CLOCK = ["-q", "-n", "2", "-m", "clock", "--every-moment"]


def main():
    parser = argparse.ArgumentParser(
        "bin/test", allow_abbrev=False, description="Every check, then pytest; what is not known here goes to pytest."
    )
    moment = parser.add_mutually_exclusive_group()
    moment.add_argument(
        "--at", type=utc, metavar="'YYYY-MM-DD HH:MM'", help="only the tests, as if they began at that moment (UTC)"
    )
    moment.add_argument(
        "--clock",
        action="store_true",
        help="only the tests marked clock, each at 24 hours of a day and round the midnights that matter",
    )
    asked, arguments = parser.parse_known_args()
    have_chromium()
    if asked.clock:
        checks = [("tests round the clock", [*PYTEST, *ROUND_THE_CLOCK, *arguments], TESTS)]
    elif asked.at:
        checks = [tests_at(asked.at, arguments or IN_TWO_HALVES)]
    else:
        checks = every_check(arguments)
    failed = [name for name, command, extra in checks if not passes(name, command, extra)]
    if failed:
        say(f"\nFAILED: {', '.join(failed)}")
        sys.exit(1)
    say("\nEverything passed.")


def utc(text):
    try:
        return datetime.datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=datetime.UTC)
    except ValueError:
        raise argparse.ArgumentTypeError(f"give it as '2027-03-28 00:30', not '{text}'") from None


def every_check(arguments):
    return [
        ("code", [BIN / "ruff", "check", "."], {}),
        ("code format", [BIN / "ruff", "format", "--check", "."], {}),
        ("templates", [BIN / "djlint", "templates", "--lint", "--quiet"], {}),
        ("imports point down", [BIN / "lint-imports", "--no-cache"], {}),
        ("migrations", [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"], {}),
        (
            "production settings",
            [sys.executable, "-m", "django", "check", "--deploy", "--fail-level", "WARNING"],
            PRODUCTION | {"DJANGO_SETTINGS_MODULE": "leadfunnel.settings"},
        ),
        ("tests", [*PYTEST, *(arguments or IN_TWO_HALVES)], TESTS),
    ]


def tests_at(moment, arguments):
    shift = (moment - datetime.datetime.now(datetime.UTC)).total_seconds()
    # The clock is shifted before pytest starts, so pytest cannot rewrite the assertions of the library, and need not.
    quiet = ["-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"]
    clock = {"CLOCK_SHIFT": str(shift), "PYTHONPATH": str(ROOT / "tests" / "clock")}
    return f"tests at {moment:%Y-%m-%d %H:%M}", [*PYTEST, *quiet, *arguments], TESTS | clock


def passes(name, command, extra):
    say(f"\n== {name}")
    started = time.monotonic()
    done = subprocess.run([str(part) for part in command], cwd=ROOT, env=os.environ | extra, stdin=subprocess.DEVNULL)
    say(f"== {name}: {'ok' if done.returncode == 0 else 'FAILED'} ({time.monotonic() - started:.0f} s)")
    return done.returncode == 0


def have_chromium():
    """Browser tests use Debian's Chromium: install it where that is possible; in CI its absence is an error."""
    if shutil.which("chromium"):
        return
    if sys.platform == "linux" and os.geteuid() == 0 and shutil.which("apt-get"):
        say("Installing Chromium for the browser tests")
        quiet = {"stdout": subprocess.DEVNULL, "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}}
        subprocess.run(["apt-get", "update", "-q"], **quiet)
        subprocess.run(["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"], **quiet)
    if shutil.which("chromium"):
        return
    if os.environ.get("CI") == "true":
        say("Chromium is missing and could not be installed; with CI=true that is an error.")
        sys.exit(1)
    say("Chromium is missing: the browser tests are skipped. Debian and Ubuntu have it: apt-get install chromium")


def say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
