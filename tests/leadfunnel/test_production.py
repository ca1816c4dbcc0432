"""Production mode as a whole, in a process of its own: Django reads its settings once."""

import json
import os
import subprocess
import sys

import pytest

from leadfunnel.environment import ROOT
from tests.leadfunnel.test_environment import PRODUCTION

# Everything here works without a database: none of these hosts exists.
ASK = """
import json, re
import django
django.setup()
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.template import loader
from django.test import Client

call_command("collectstatic", interactive=False, verbosity=0)
client = Client(headers={"host": "leads.example.com"}, raise_request_exception=False)
strict = Client(headers={"host": "leads.example.com"}, enforce_csrf_checks=True)

def show(response):
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return {"status": response.status_code, "headers": dict(response.headers), "size": len(body),
            "text": body.decode("utf-8", "replace") if "text/html" in response.headers.get("Content-Type", "") else "",
            "cookies": {name: str(morsel) for name, morsel in response.cookies.items()}}

url = staticfiles_storage.url("tabler/css/tabler.min.css")
answers = {
    "plain http": show(client.get("/sign-in/")),
    "sign-in": show(client.get("/sign-in/", secure=True)),
    "nothing": show(client.get("/nothing-here/", secure=True)),
    "foreign host": show(client.get("/sign-in/", secure=True, headers={"host": "evil.example"})),
    "no token": show(strict.post("/sign-in/", secure=True)),
    "broken": show(client.get("/password/reset/MQ/x/", secure=True)),
    "css": show(client.get(url, secure=True, headers={"accept-encoding": "br, gzip"})),
    "css plain": show(client.get(url, secure=True)),
    "unhashed": show(client.get("/static/tabler/css/tabler.min.css", secure=True)),
    "hidden": show(client.get("/static/staticfiles.json", secure=True)),
}
dangling = []
for path in settings.STATIC_ROOT.glob("js/**/*.js"):
    for name in re.findall(r'(?:from|import)\\s*\\(?["\\'](\\.[^"\\']+)', path.read_text()):
        if not (path.parent / name).exists():
            dangling.append(f"{path.name}: {name}")
print(json.dumps({"url": url, "answers": answers, "dangling": dangling}))
"""


@pytest.fixture(scope="module")
def production(tmp_path_factory):
    environment = os.environ | PRODUCTION
    environment |= {
        "DJANGO_SETTINGS_MODULE": "leadfunnel.settings",
        "LEADFUNNEL_VAR": str(tmp_path_factory.mktemp("var")),
    }
    environment |= {"DATABASE_URL": "postgresql://me@127.0.0.1:1/nothing"}
    done = subprocess.run([sys.executable, "-c", ASK], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def surroundings():
    """The environment without what the browser tests of the same run have put there for their own process."""
    return {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}


def test_django_finds_nothing_to_say_about_production():
    done = subprocess.run(
        [sys.executable, "-m", "django", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=surroundings() | PRODUCTION | {"DJANGO_SETTINGS_MODULE": "leadfunnel.settings"},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.servers
def test_static_files_are_hashed_compressed_and_kept_for_ever(production):
    css, plain = production["answers"]["css"], production["answers"]["css plain"]

    assert css["status"] == 200
    assert css["headers"]["Content-Encoding"] == "br"
    assert css["headers"]["Cache-Control"] == "max-age=315360000, public, immutable"
    assert css["headers"]["Vary"] == "Accept-Encoding"
    assert css["size"] < plain["size"] / 5
    assert production["url"] != "/static/tabler/css/tabler.min.css"


@pytest.mark.servers
def test_only_hashed_files_are_served(production):
    assert production["answers"]["unhashed"]["status"] == 404
    assert production["dangling"] == []


@pytest.mark.servers
def test_pages_without_a_reader_need_no_database(production):
    statuses = {name: answer["status"] for name, answer in production["answers"].items()}

    assert statuses["sign-in"] == 200
    assert statuses["nothing"] == 404
    assert statuses["foreign host"] == 400
    assert statuses["no token"] == 403
    assert statuses["broken"] == 500


@pytest.mark.servers
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nothing", "There is nothing here"),
        ("foreign host", "This request could not be understood"),
        ("no token", "This page was open for too long"),
        ("broken", "Something broke on our side"),
    ],
)
def test_error_pages_are_calm_and_tell_nothing(production, name, words):
    page = production["answers"][name]

    assert words in page["text"]
    assert "tabler.min." in page["text"]
    for leak in ("Traceback", "psycopg", "postgresql", "Error at", "evil.example", str(ROOT), "nothing-here"):
        assert leak not in page["text"]


@pytest.mark.servers
def test_production_insists_on_https_and_guards_its_cookies(production):
    answers = production["answers"]

    assert answers["plain http"]["status"] == 301
    assert answers["plain http"]["headers"]["Location"] == "https://leads.example.com/sign-in/"
    hsts = answers["sign-in"]["headers"]["Strict-Transport-Security"]
    assert hsts == "max-age=31536000; includeSubDomains; preload"
    cookie = answers["sign-in"]["cookies"]["__Host-csrftoken"]
    for part in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie
