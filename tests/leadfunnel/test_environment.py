import re

import pytest

from leadfunnel.environment import ROOT, Environment, email_settings, read_environment

KEY = "a long enough secret key of many different signs 0123456789"
PRODUCTION = {
    "LEADFUNNEL_MODE": "production",
    "DATABASE_URL": "postgresql://leadfunnel:secret@db.example.com:5432/leadfunnel",
    "REDIS_URL": "redis://redis.example.com:6379/0",
    "EMAIL_URL": "smtp+tls://leadfunnel:secret@mail.example.com:587",
    "SECRET_KEY": KEY,
    "ALLOWED_HOSTS": "leads.example.com",
    "SITE_URL": "https://leads.example.com",
}
BAD = [
    ("LEADFUNNEL_MODE", "prod"),
    ("LEADFUNNEL_VAR", "/dev/null"),
    ("DATABASE_URL", "mysql://host/name"),
    ("DATABASE_URL", "sqlite:///db.sqlite3"),
    ("DATABASE_URL", "postgresql://"),
    ("DATABASE_URL", "postgresql://host:many/name"),
    ("DATABASE_URL", "postgresql://[::1/name"),
    ("REDIS_URL", "http://host"),
    ("REDIS_URL", "redis://host:6379/first"),
    ("REDIS_URL", "host:6379"),
    ("EMAIL_URL", "mail.example.com"),
    ("EMAIL_URL", "smtp:///var/mail"),
    ("EMAIL_URL", "smtp://host:port"),
    ("SECRET_KEY_FALLBACKS", "short"),
    ("SECRET_KEY", "short"),
    ("SECRET_KEY", "a" * 60),
    ("SECRET_KEY", "django-insecure-" + KEY),
    ("ALLOWED_HOSTS", "https://leads.example.com"),
    ("ALLOWED_HOSTS", "leads.example.com:8000"),
    ("ALLOWED_HOSTS", "leads.example.com, *"),
    ("ALLOWED_HOSTS", "other.example.com"),
    ("SITE_URL", "leads.example.com"),
    ("SITE_URL", "https://leads.example.com/app"),
    ("SITE_URL", "https://leads.example.com?x=1"),
    ("SITE_URL", "https://user@leads.example.com"),
    ("SITE_URL", "https://leads.example.com:https"),
    ("SITE_URL", "http://leads.example.com"),
    ("SITE_URL", "ftp://leads.example.com"),
    ("DEFAULT_FROM_EMAIL", "LeadFunnel"),
    ("DEFAULT_FROM_EMAIL", "leads@example"),
    ("DEFAULT_FROM_EMAIL", "Leads <leads@example.com>\nBcc: all@example.com"),
    ("TRUSTED_PROXIES", "-1"),
    ("TRUSTED_PROXIES", "yes"),
    ("TRUSTED_PROXIES", "6"),
    ("HSTS_SECONDS", "a year"),
    ("HSTS_SECONDS", "-1"),
    ("SESSION_HOURS", "0"),
    ("SESSION_HOURS", "9999"),
    ("STATEMENT_TIMEOUT_SECONDS", "0"),
    ("STATEMENT_TIMEOUT_SECONDS", "30s"),
    ("NEWS_KEPT_DAYS", "0"),
    ("UPLOAD_MEGABYTES", "0"),
    ("UPLOAD_MEGABYTES", "lots"),
    ("LOG_LEVEL", "verbose"),
    ("PHONE_REGION", "us"),
    ("PHONE_REGION", "ZZ"),
    ("PHONE_REGION", "USA"),
]


@pytest.fixture
def environment(monkeypatch):
    """Sets exactly these variables; every other one of ours is taken away."""

    def set_to(**values):
        for name in Environment.model_fields:
            monkeypatch.delenv(name.upper(), raising=False)
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return set_to


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_value_stops_the_start_and_is_named(environment, name, value):
    environment(**PRODUCTION | {name: value})

    with pytest.raises(SystemExit) as stopped:
        read_environment()

    lines = str(stopped.value).splitlines()
    assert lines[0] == "LeadFunnel cannot start: these settings are wrong."
    assert len(lines) == 2
    assert name in lines[1]


def test_every_variable_has_a_bad_value_that_is_refused():
    assert {name for name, _ in BAD} == {name.upper() for name in Environment.model_fields}


@pytest.mark.parametrize("missing", ["DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SECRET_KEY", "ALLOWED_HOSTS"])
@pytest.mark.parametrize("value", [None, ""])
def test_production_names_what_is_missing(environment, missing, value):
    values = {name: given for name, given in PRODUCTION.items() if name != missing}
    environment(**values if value is None else values | {missing: value})

    with pytest.raises(SystemExit, match=f"{missing} has to be set"):
        read_environment()


def test_every_wrong_variable_is_named_at_once(environment):
    environment(TRUSTED_PROXIES="many", LOG_LEVEL="loud", SITE_URL="nowhere")

    with pytest.raises(SystemExit) as stopped:
        read_environment()

    assert [line.split(":")[0].strip() for line in str(stopped.value).splitlines()[1:]] == [
        "SITE_URL",
        "TRUSTED_PROXIES",
        "LOG_LEVEL",
    ]


def test_a_refusal_does_not_repeat_secrets(environment):
    environment(**PRODUCTION | {"SECRET_KEY": "hunter2", "DATABASE_URL": "mysql://u:hunter2@host/x"})

    with pytest.raises(SystemExit) as stopped:
        read_environment()

    assert "hunter2" not in str(stopped.value)


def test_nothing_set_is_a_local_installation(environment):
    environment()

    assert read_environment().is_production is False


def test_complete_production_starts(environment):
    environment(**PRODUCTION | {"ALLOWED_HOSTS": " .example.com ,other.example.org", "SECRET_KEY_FALLBACKS": KEY[::-1]})

    read = read_environment()

    assert read.allowed_hosts == (".example.com", "other.example.org")
    assert read.secret_key_fallbacks == (KEY[::-1],)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://host", ("host", 25, "", "", False, False)),
        ("smtp+tls://me:s%40cret%2F@host", ("host", 587, "me", "s@cret/", True, False)),
        ("smtps://me@host:2465", ("host", 2465, "me", "", False, True)),
    ],
)
def test_mail_url_becomes_django_settings(url, expected):
    assert tuple(email_settings(url).values()) == expected


def test_documentation_lists_every_variable_with_its_default():
    rows = re.findall(r"^\| `([A-Z_]+)`( \*)? \| (.+?) \|", (ROOT / "docs" / "settings.md").read_text(), re.M)
    documented = {name: (bool(star), default.strip("`")) for name, star, default in rows}
    needed = set(PRODUCTION) - {"LEADFUNNEL_MODE", "SITE_URL"}

    assert documented.keys() == {name.upper() for name in Environment.model_fields}
    assert {name for name, (star, _) in documented.items() if star} == needed
    for name, field in Environment.model_fields.items():
        if isinstance(field.default, str | int):
            assert documented[name.upper()][1] == str(field.default)
