"""`bin/run`: LeadFunnel on this machine, from servers to browser, until Ctrl-C.

Web server, worker and beat are children of this process and end with it, also when it is killed; the embedded
servers end when the last program that uses them does (leadfunnel.appliance.embedded).
"""

import argparse
import contextlib
import ctypes
import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from jobs.enums import Lane
from leadfunnel.appliance import embedded
from leadfunnel.environment import ROOT, read_environment

SECONDS_TO_STOP = 20
SECONDS_TO_START = 90
# A lane's worker has so many: two imports, or two chunks of a regrade, go on beside each other.
PROCESSES = {Lane.SETTLE: 2, Lane.BULK: 2, Lane.MAIL: 1}
CRASHES_ALLOWED = 3  # of one process within a minute
PR_SET_PDEATHSIG = 1


def main():
    options = read_options()
    environment = read_environment()
    var = environment.leadfunnel_var
    stop_on_signals()
    make_folder(var)
    with only_run(var, options.port):
        refuse_taken_port(options.host, options.port)
        announce("Starting PostgreSQL, Valkey and the mail catcher" if uses_embedded(environment) else "Starting")
        embedded.ensure(environment)
        try:
            serve(options, environment)
        finally:
            embedded.release(var)


def read_options():
    parser = argparse.ArgumentParser(prog="bin/run", description="Runs LeadFunnel on this machine until Ctrl-C.")
    parser.add_argument("--port", type=port_number, default=8000, help="where to listen (default 8000)")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: this machine only)")
    parser.add_argument("--no-demo", action="store_true", help="start an empty database with one admin, not the demo")
    return parser.parse_args()


def port_number(text):
    number = int(text)
    if not 1 <= number <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return number


def serve(options, environment):
    """Prepares the database, starts the processes and watches them until a signal comes."""
    address = f"http://{options.host}:{options.port}"
    os.environ.update(
        zip(("DATABASE_URL", "REDIS_URL", "EMAIL_URL"), embedded.addresses(environment), strict=True),
        DJANGO_SETTINGS_MODULE="leadfunnel.settings",
        LEADFUNNEL_VAR=str(environment.leadfunnel_var),
    )
    if "SITE_URL" not in os.environ and not environment.is_production:
        os.environ["SITE_URL"] = address
    announce("Bringing the database up to date")
    manage("migrate", "--noinput", "--verbosity=0")
    sign_ins = fill_empty_database(demo=not options.no_demo)
    family = Family(environment.leadfunnel_var / "log")
    try:
        family.start("web", web_command(options))
        for lane, processes in PROCESSES.items():
            family.start(f"worker-{lane}", worker_command(lane, processes))
        family.start("beat", celery_command("beat", "--loglevel=WARNING"))
        wait_until_ready(family, f"{address}/readyz")
        announce(f"\nLeadFunnel runs at {address}\n")
        for line in sign_ins:
            announce(f"  {line}")
        announce("\nCtrl-C stops it; the data stays.")
        family.watch()
    finally:
        family.stop()


def web_command(options):
    return [
        *(sys.executable, "-m", "gunicorn", "--bind", bound(options.host, options.port)),
        *("--workers", "2", "--graceful-timeout", "10", "--log-level", "warning", "leadfunnel.wsgi:application"),
    ]


def bound(host, port):
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def worker_command(lane, processes):
    """A worker that takes the work of one lane."""
    return celery_command(
        *("worker", f"--queues={lane}", f"--hostname={lane}@%h", f"--concurrency={processes}"),
        *("--loglevel=INFO", "--without-mingle"),
    )


def celery_command(kind, *arguments):
    return [sys.executable, "-m", "celery", "--app=leadfunnel", kind, *arguments]


def manage(*arguments):
    """Runs manage.py in a process of its own; its output is shown when it fails."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        raise SystemExit(f"`manage.py {arguments[0]}` failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


def fill_empty_database(*, demo):
    """Gives an empty database the demo, or one admin; returns the lines that tell how to sign in."""
    import django  # noqa: PLC0415 (needs the servers)

    django.setup()
    from django.contrib.auth import get_user_model  # noqa: PLC0415 (needs django.setup)

    users = get_user_model().objects
    if users.exists():
        return demo_sign_ins(users)
    if demo:
        announce("Filling the empty database with the demo")
        manage("seed_demo")
        return demo_sign_ins(users)
    password = secrets.token_urlsafe(12)
    admin = users.create_superuser("admin@leadfunnel.example", password, name="Admin")
    return [f"Sign in as {admin.email} with the password {password} (shown this once)"]


def demo_sign_ins(users):
    from demo import PASSWORD, SHOWN_PEOPLE  # noqa: PLC0415 (needs django.setup)

    here = set(users.filter(email__in=SHOWN_PEOPLE).values_list("email", flat=True))
    lines = [f"{role:<14} {email}" for email, role in SHOWN_PEOPLE.items() if email in here]
    return [*lines, f"{'password':<14} {PASSWORD}"] if lines else []


class Family:
    """The child processes: each writes LOG/name.log, is started again after a crash, and dies with this process."""

    def __init__(self, folder):
        self.folder = make_folder(folder)
        self.commands, self.processes, self.crashes = {}, {}, {}

    def start(self, name, command):
        self.commands[name] = command
        with open(self.folder / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )

    def watch(self):
        while True:
            time.sleep(0.5)
            self.restart_crashed()

    def restart_crashed(self):
        for name, process in list(self.processes.items()):
            if process.poll() is None:
                continue
            recent = [moment for moment in self.crashes.get(name, []) if time.monotonic() - moment < 60]
            self.crashes[name] = [*recent, time.monotonic()]
            if len(recent) >= CRASHES_ALLOWED:
                raise SystemExit(f"The {name} process keeps ending. {self.tail(name)}")
            announce(f"The {name} process ended unexpectedly; starting it again.")
            self.start(name, self.commands[name])

    def tail(self, name):
        path = self.folder / f"{name}.log"
        lines = path.read_text(errors="replace").splitlines()[-15:] if path.exists() else []
        return "\n".join([f"Its log, {path}, ends:", *lines])

    def stop(self):
        """SIGTERM to all at once, SIGKILL to their whole sessions for what is left after SECONDS_TO_STOP."""
        # An impatient second Ctrl-C must not leave half of them running.
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        deadline = time.monotonic() + SECONDS_TO_STOP
        for process in self.processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def die_with_parent():
    """Linux: the child gets SIGTERM when this process dies in whatever way."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def wait_until_ready(family, url):
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        family.restart_crashed()
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
            if answer.status == 200:
                return
        time.sleep(0.2)
    raise SystemExit(f"LeadFunnel did not become ready. {family.tail('web')}")


@contextlib.contextmanager
def only_run(var, port):
    """Holds VAR/run.lock as long as this process lives; a second run on the same data is told where the first is."""
    path = var / "run.lock"
    with open(path, "a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(f"LeadFunnel already runs on this data ({var}): {running_at(path)}.") from None
        handle.truncate(0)
        handle.write(json.dumps({"pid": os.getpid(), "port": port}))
        handle.flush()
        yield


def running_at(path):
    try:
        said = json.loads(path.read_text())
        return f"http://127.0.0.1:{said['port']}, process {said['pid']}"
    except (ValueError, KeyError):
        return "it is just starting"


def refuse_taken_port(host, port):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            raise SystemExit(
                f"Port {port} may not be opened by this user. Choose another: bin/run --port 8000"
            ) from None
        except OSError as error:
            raise SystemExit(
                f"Port {port} on {host} cannot be opened ({error.strerror}). Choose another: bin/run --port {port + 1}"
            ) from None


def make_folder(path):
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SystemExit(f"LeadFunnel cannot keep its data in {path}: {error.strerror}.") from error
    return path


def stop_on_signals():
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))


def uses_embedded(environment):
    return not (environment.database_url and environment.redis_url and environment.email_url)


def announce(line):
    print(line, flush=True)


if __name__ == "__main__":
    main()
