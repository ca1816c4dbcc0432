"""Real servers, and people who send slowly, by halves, or nothing at all: pages open as if they were not there."""

import contextlib
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from types import SimpleNamespace

import pytest

from leadfunnel.appliance.run import web_command
from leadfunnel.environment import ROOT
from leadfunnel.web_worker import MOST_OF_HEAD, SECONDS_TO_SEND
from tests.leadfunnel.appliance.test_run import free_port

pytestmark = [pytest.mark.servers, pytest.mark.timeout(240)]

HOST = "127.0.0.1"
HEAD = b"POST /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
# What a socket says before it falls silent.
SILENT = {
    "nothing": b"",
    "half a line": b"GET /sign-in/ HT",
    "half a head": HEAD,
    "no body": HEAD + b"Content-Length: 5000\r\n\r\n",
    "half a body": HEAD + b"Content-Length: 5000\r\n\r\nusername=a",
    "a long body announced": HEAD + b"Content-Length: 1000000000\r\n\r\n" + b"x" * 1000,
    "a body without an end": HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    "the rest after an answer": b"GET /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + HEAD,
}
OFFERED = {
    "gunicorn as docs/operations.md says": lambda port: _documented(port),
    "bin/run": lambda port: web_command(SimpleNamespace(host=HOST, port=port)),
}


def _documented(port):
    text = (ROOT / "docs" / "operations.md").read_text()
    (line,) = re.findall(r"^gunicorn .*$", text, re.MULTILINE)
    return [sys.executable, "-m", *shlex.split(line.replace("127.0.0.1:8000", f"{HOST}:{port}"))]


@pytest.fixture(params=OFFERED, scope="module")
def server(request, tmp_path_factory):
    with serving(request.param, tmp_path_factory.mktemp("server")) as server:
        yield server


@contextlib.contextmanager
def serving(name, folder):
    """A server that runs. What it is asked for needs neither database nor broker."""
    server = SimpleNamespace(port=free_port())
    with running(OFFERED[name](server.port), folder, lambda: opens(server)) as server.process:
        yield server


@contextlib.contextmanager
def running(command, folder, answers):
    away = {"DATABASE_URL": "postgresql://me@127.0.0.1:1/nothing", "REDIS_URL": "redis://127.0.0.1:1/0"}
    environment = os.environ | away | {"EMAIL_URL": "smtp://127.0.0.1:1", "LEADFUNNEL_VAR": str(folder)}
    environment |= {"DJANGO_SETTINGS_MODULE": "leadfunnel.settings"}
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while not answers():
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.1)
        yield process
    finally:
        process.kill()
        process.wait()


def opens(server):
    with contextlib.suppress(OSError):
        return seconds_of_page(server) < 60
    return False


def seconds_of_page(server):
    begin = time.monotonic()
    with urllib.request.urlopen(f"http://{HOST}:{server.port}/sign-in/", timeout=20) as answer:
        assert b"Sign in" in answer.read()
    return time.monotonic() - begin


def says(server, *parts, pause=0.0):
    """A socket that has said the parts."""
    connection = socket.create_connection((HOST, server.port), timeout=SECONDS_TO_SEND + 15)
    for part in parts:
        connection.sendall(part)
        time.sleep(pause)
    return connection


def heard(connection):
    """What comes until the other side closes, or has said a whole answer."""
    said = b""
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65536):
            said += part
            length = re.search(rb"content-length: (\d+)\r\n", said, re.IGNORECASE)
            if length and len(said.partition(b"\r\n\r\n")[2]) >= int(length[1]):
                break
    return said


def ends(connection):
    """Reads until the other side closes."""
    with contextlib.suppress(ConnectionResetError):
        while connection.recv(65536):
            pass


def test_silent_sockets_hold_nobody_up_and_end(server):
    begin = time.monotonic()
    silent = {(kind, number): says(server, said) for kind, said in SILENT.items() for number in range(20)}

    pages = []
    while time.monotonic() < begin + 8:
        pages.append(seconds_of_page(server))
        time.sleep(0.1)
    for connection in silent.values():
        ends(connection)
        connection.close()
    after = time.monotonic() - begin

    assert max(pages) < 1
    assert after < SECONDS_TO_SEND + 10
    assert seconds_of_page(server) < 1


@pytest.mark.parametrize("pause", [0, 0.02])
def test_a_request_is_whole_however_it_comes(server, pause):
    body = b"username=a%40b.example&password=x&next="
    whole = HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body
    for parts in ([whole], [whole[: -len(body)], body], [whole[i : i + 1] for i in range(len(whole))]):
        begin = time.monotonic()
        with says(server, *parts, pause=pause) as connection:
            assert heard(connection).startswith(b"HTTP/1.1 403 ")
        assert time.monotonic() - begin < 2 + 2 * pause * len(parts)


def test_a_connection_is_kept_for_the_next_request(server):
    request = b"GET /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with says(server) as connection:
        for _ in range(5):
            connection.sendall(request)
            assert heard(connection).startswith(b"HTTP/1.1 200 ")


def test_a_body_that_is_too_large_is_answered_before_it_comes(server):
    with says(server, SILENT["a long body announced"]) as connection:
        begin = time.monotonic()
        assert heard(connection).startswith(b"HTTP/1.1 413 ")
        assert time.monotonic() - begin < 1


@pytest.mark.parametrize("junk", [b"x" * 2 * MOST_OF_HEAD, b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * MOST_OF_HEAD])
def test_a_head_without_an_end_is_cut_off(server, junk):
    begin = time.monotonic()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError), says(server, junk) as connection:
        ends(connection)
    assert time.monotonic() - begin < 5


def test_who_has_gone_is_forgotten_at_once(server):
    for said in SILENT.values():
        with says(server, said) as connection:
            connection.shutdown(socket.SHUT_WR)
            begin = time.monotonic()
            ends(connection)
            assert time.monotonic() - begin < 3


@pytest.mark.parametrize("name", OFFERED)
def test_silent_sockets_do_not_keep_the_server_from_stopping(tmp_path, name):
    with serving(name, tmp_path) as server:
        silent = [says(server, said) for said in SILENT.values()]
        server.process.send_signal(signal.SIGTERM)

        assert server.process.wait(timeout=10) == 0
    for connection in silent:
        connection.close()


def test_a_proxy_of_this_machine_may_use_a_socket_of_files(tmp_path):
    path = str(tmp_path / "s")
    command = [sys.executable, "-m", "gunicorn", "--bind", f"unix:{path}", "leadfunnel.wsgi:application"]

    def ask(*parts):
        with socket.socket(socket.AF_UNIX) as connection, contextlib.suppress(OSError):
            connection.settimeout(10)
            connection.connect(path)
            for part in parts:
                connection.sendall(part)
                time.sleep(0.2)
            return heard(connection)

    body = b"username=a&password=x"
    with running(command, tmp_path, lambda: ask(b"GET /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")):
        said = ask(HEAD, b"Content-Length: %d\r\n\r\n" % len(body), body)

    assert said.startswith(b"HTTP/1.1 403 ")
