import os
import socket
import subprocess
import sys

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from leadfunnel.environment import ROOT


def test_alive_and_ready(client, db):
    alive, ready = client.get("/healthz"), client.get("/readyz")

    assert (alive.status_code, alive.content) == (200, b"alive\n")
    assert ready.status_code == 200
    assert ready.json() == {"ready": True, "database": "ok", "broker": "ok", "migrations": "ok"}


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_need_no_host_name_no_session_and_no_https(db, settings, path):
    settings.SECURE_SSL_REDIRECT = True
    client = Client(headers={"host": "10.1.2.3:8000"})
    client.cookies["sessionid"] = "made up"

    response = client.get(path)

    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert client.head(path).status_code == 200
    assert client.post(path).status_code == 405


@pytest.fixture
def silent_port():
    """A port where connections are taken and never answered."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_refusing_broker_makes_not_ready_at_once(client, db, settings):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"

    assert not_ready(client) == {"ready": False, "database": "ok", "broker": "unreachable", "migrations": "ok"}


def test_a_silent_broker_is_not_waited_for(client, db, settings, silent_port):
    settings.REDIS_URL = f"redis://127.0.0.1:{silent_port}/0"

    assert not_ready(client)["broker"] == "unreachable"


def not_ready(client):
    response = client.get("/readyz")
    assert response.status_code == 503
    assert client.get("/healthz").status_code == 200
    return response.json()


def test_a_gone_database_makes_not_ready_but_alive(client, db):
    connection.ensure_connection()

    def refuse(execute, sql, params, many, context):
        raise connection.Database.OperationalError("server closed the connection unexpectedly")

    with connection.execute_wrapper(refuse):
        assert not_ready(client) == {
            "ready": False,
            "database": "unreachable",
            "broker": "ok",
            "migrations": "unknown",
        }


def test_migrations_behind_the_code_make_not_ready(client, db):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'team' AND name = '0002_account_mail'")

    assert not_ready(client)["migrations"] == "behind"


def test_migrations_of_a_newer_release_do_not_matter(client, db):
    with connection.cursor() as cursor:
        newer = "INSERT INTO django_migrations (app, name, applied) VALUES ('team', '9999_future', %s)"
        cursor.execute(newer, [timezone.now()])

    assert client.get("/readyz").status_code == 200


ASK = """
import django
django.setup()
from django.test import RequestFactory
from leadfunnel.health import HealthMiddleware
ask = HealthMiddleware(None)
ready, alive = (ask(RequestFactory().get(path)) for path in ("/readyz", "/healthz"))
print(ready.status_code, alive.status_code, ready.content.decode())
"""


@pytest.mark.servers
def test_a_silent_database_is_not_waited_for_and_makes_not_ready_but_alive(silent_port):
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "leadfunnel.settings",
        "DATABASE_URL": f"postgresql://me@127.0.0.1:{silent_port}/name",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }

    asked = subprocess.run(
        [sys.executable, "-c", ASK], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )

    assert asked.stdout.split(" ", 2)[:2] == ["503", "200"], asked.stderr
    assert '"database": "unreachable"' in asked.stdout
