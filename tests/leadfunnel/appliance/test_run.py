"""`bin/run` as a person uses it: real processes, their own data folder."""

import contextlib
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import pytest

from leadfunnel.appliance import embedded
from leadfunnel.environment import ROOT, Environment

pytestmark = [pytest.mark.servers, pytest.mark.timeout(240)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(var):
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("LEADFUNNEL", "DJANGO"))}
    return inherited | {"LEADFUNNEL_VAR": str(var)}


class Run:
    """One `bin/run --no-demo`; `said()` is what it has printed so far."""

    def __init__(self, var, port, root=ROOT):
        self.log = Path(tempfile.mkdtemp()) / "run.log"
        with open(self.log, "w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "leadfunnel.appliance.run", "--no-demo", "--port", str(port)],
                cwd=root,
                env=environment(var),
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def said(self):
        return self.log.read_text()

    def wait(self):
        return self.process.wait(timeout=60)

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.wait()


def wait_until_ready(run, port, seconds=120):
    deadline, url = time.monotonic() + seconds, f"http://127.0.0.1:{port}/readyz"
    while time.monotonic() < deadline:
        assert run.process.poll() is None, run.said()
        if "Ctrl-C stops it" not in run.said():
            time.sleep(0.1)
            continue
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(url, timeout=5) as answer,
        ):
            assert answer.status == 200
            return
    pytest.fail("not ready in time")


def processes_of(var):
    """Every process whose command line or environment names the data folder."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (entry / "cmdline").read_text(errors="replace").replace("\0", " ").strip()
            surroundings = (entry / "environ").read_text(errors="replace")
            if command and (str(var) in command or f"LEADFUNNEL_VAR={var}\0" in surroundings):
                found[int(entry.name)] = command
    return found


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks at processes in /proc")
def test_run_starts_serves_and_leaves_no_process_and_a_second_start_keeps_the_data(open_path):
    port = free_port()
    first = Run(open_path / "var", port)
    wait_until_ready(first, port)
    started = processes_of(open_path / "var")
    code = first.stop()

    assert len(started) > 5
    assert processes_of(open_path / "var") == {}
    assert "Sign in as admin@leadfunnel.example with the password" in first.said()
    assert code == 0

    second = Run(open_path / "var", port)
    wait_until_ready(second, port)
    second.stop(signal.SIGINT)

    assert "password" not in second.said()
    assert processes_of(open_path / "var") == {}


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks at processes in /proc")
def test_a_run_after_a_killed_one_and_dead_servers_just_works_and_a_second_run_is_told(open_path):
    var, port = open_path / "var", free_port()
    first = Run(var, port)
    wait_until_ready(first, port)

    told = subprocess.run(
        [sys.executable, "-m", "leadfunnel.appliance.run", "--port", str(free_port())],
        cwd=ROOT,
        env=environment(var),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert told.returncode == 1
    assert f"already runs on this data ({var}): http://127.0.0.1:{port}" in told.stderr

    # Everything dies at once, as in a power cut; the pid files stay, one of them naming a process that lives.
    for pid in processes_of(var):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    first.wait()
    pid_file = var / "postgres" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")

    again = Run(var, port)
    wait_until_ready(again, port)
    again.stop()
    assert processes_of(var) == {}


def test_a_command_on_an_empty_folder_makes_the_tables_first(open_path):
    done = subprocess.run(
        [sys.executable, "manage.py", "export_leads", "--fields", "email"],
        cwd=ROOT,
        env=environment(open_path / "var"),
        capture_output=True,
        text=True,
        timeout=180,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["email"]


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks at processes in /proc")
@pytest.mark.parametrize("name", ['Lead Funnel (100%) "new" #1', "böse,leads'"])
def test_the_program_runs_in_a_folder_of_any_name(open_path, name):
    """The program and its data, both below that folder."""
    home = open_path / name / "program"
    left_out = shutil.ignore_patterns(".venv", "node_modules", ".git", "var", "__pycache__", ".*_cache")
    shutil.copytree(ROOT, home, ignore=left_out)
    for packages in (".venv", "node_modules"):
        (home / packages).symlink_to(ROOT / packages)
    port = free_port()

    said = subprocess.run([home / "bin" / "run", "--help"], capture_output=True, text=True, timeout=60)
    run = Run(open_path / name / "var", port, root=home)
    wait_until_ready(run, port)

    assert run.stop() == 0
    assert said.stdout.startswith("usage: bin/run"), said.stderr
    assert processes_of(open_path / name / "var") == {}


def test_the_catcher_of_this_folder_is_known_by_its_address(tmp_path):
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "port").write_text("4321")

    def catches(url):
        return embedded.catches_mail(Environment(leadfunnel_var=tmp_path, email_url=url))

    assert catches(None)
    assert catches("smtp://127.0.0.1:4321")
    assert not catches("smtp://127.0.0.1:25")
    assert not catches("smtp://mail.example.com:4321")


def test_a_taken_port_is_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        run = Run(tmp_path / "var", port)
        code = run.wait()

    assert code == 1
    assert f"Port {port} on 127.0.0.1 cannot be opened (Address already in use)." in run.said()


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    run = Run(tmp_path / "file" / "var", free_port())

    assert run.wait() == 1
    assert f"LeadFunnel cannot keep its data in {tmp_path}/file/var: Not a directory." in run.said()


def test_a_command_of_its_own_starts_the_servers_and_stops_them_at_its_end(open_path):
    var = open_path / "var"
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", "from django.db import connection; "
         "connection.ensure_connection(); print('connected')"],
        cwd=ROOT,
        env=environment(var),
        capture_output=True,
        text=True,
        timeout=120,
    )  # fmt: skip

    assert done.stdout.strip().endswith("connected"), done.stderr
    assert not (var / "postgres" / "postmaster.pid").exists()
    if Path("/proc").exists():
        assert processes_of(var) == {}


def test_a_server_that_has_lost_its_socket_is_started_again(open_path):
    var = open_path / "var"
    script = (
        "from leadfunnel.appliance import embedded; from leadfunnel.environment import Environment; import os, sys\n"
        "embedded.ensure(Environment()); sys.stdout.write('up'); sys.stdout.flush(); os._exit(0)\n"
    )
    leave_running = [sys.executable, "-c", script]
    subprocess.run(leave_running, cwd=ROOT, env=environment(var), check=True, timeout=120)
    first = (var / "postgres" / "postmaster.pid").read_text().split()[0]
    for socket_file in [
        *var.glob("run/postgres/.s.PGSQL.5432"),
        *Path(tempfile.gettempdir()).glob(
            f"leadfunnel-{hashlib.sha256(str(var).encode()).hexdigest()[:12]}/postgres/.s.PGSQL.5432"
        ),
    ]:
        socket_file.unlink()

    again = script.replace("os._exit(0)", "embedded.release(Environment().leadfunnel_var)")
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            again.replace("'up'", "open(os.environ['LEADFUNNEL_VAR'] + '/postgres/postmaster.pid').read()"),
        ],
        cwd=ROOT,
        env=environment(var),
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] != first
    assert not (var / "postgres" / "postmaster.pid").exists()
