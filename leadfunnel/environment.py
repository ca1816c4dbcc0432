"""The settings that come from outside, typed: a bad value stops the program at start and is named."""

import ipaddress
import re
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

import phonenumbers
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
Words = Annotated[tuple[str, ...], NoDecode]
HOST = re.compile(r"\*|\[[0-9A-Fa-f:.]+\]|\.?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
SECRET_KEY_LENGTH = 50


class Environment(BaseSettings):
    """Each attribute is the environment variable of the same name in capitals (docs/settings.md explains each)."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True)

    leadfunnel_mode: Literal["local", "production"] = "local"
    leadfunnel_var: Path = ROOT / "var"
    database_url: str | None = None
    redis_url: str | None = None
    email_url: str | None = None
    secret_key: str | None = None
    secret_key_fallbacks: Words = ()
    allowed_hosts: Words = ()
    site_url: str = "http://127.0.0.1:8000"
    default_from_email: str = "LeadFunnel <no-reply@leadfunnel.example>"
    trusted_proxies: int = Field(default=0, ge=0, le=5)
    hsts_seconds: int = Field(default=31_536_000, ge=0)
    session_hours: int = Field(default=12, ge=1, le=24 * 30)
    statement_timeout_seconds: int = Field(default=30, ge=1, le=3600)
    upload_megabytes: int = Field(default=500, ge=1, le=10_000)
    news_kept_days: int = Field(default=7, ge=1, le=365)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    phone_region: str = "US"

    @field_validator("secret_key_fallbacks", "allowed_hosts", mode="before")
    @classmethod
    def split_words(cls, value):
        return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value

    @field_validator("phone_region")
    @classmethod
    def region_has_numbers(cls, value):
        if value not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError("has to be the two capital letters of a country, such as DE")
        return value

    @field_validator("leadfunnel_var")
    @classmethod
    def var_is_a_folder(cls, value):
        path = value.expanduser().resolve()
        if path.exists() and not path.is_dir():
            raise ValueError("has to be a folder, or a place where one can be made")
        return path

    @field_validator("allowed_hosts")
    @classmethod
    def hosts_are_names(cls, value):
        bad = [host for host in value if not HOST.fullmatch(host)]
        if bad:
            raise ValueError(f"has to be host names with commas between, without http:// and port, not {bad[0]!r}")
        return tuple(host.lower() for host in value)

    @field_validator("default_from_email")
    @classmethod
    def sender_is_an_address(cls, value):
        if not ADDRESS.fullmatch(parseaddr(value)[1]) or "\n" in value or "\r" in value:
            raise ValueError("has to be an address, such as LeadFunnel <leads@example.com>")
        return value

    @field_validator("database_url")
    @classmethod
    def database_is_postgres(cls, value):
        return _url(value, {"postgres", "postgresql"}, "postgresql://user:password@host:5432/name")

    @field_validator("redis_url")
    @classmethod
    def broker_is_redis(cls, value):
        value = _url(value, {"redis", "rediss", "unix"}, "redis://host:6379/0")
        if value and not value.startswith("unix:") and not re.fullmatch(r"/?[0-9]*", urlsplit(value).path):
            raise ValueError("ends with the number of a database; it has to look like redis://host:6379/0")
        return value

    @field_validator("email_url")
    @classmethod
    def mail_is_smtp(cls, value):
        value = _url(value, {"smtp", "smtp+tls", "smtps"}, "smtp+tls://user:password@host:587")
        if value and not urlsplit(value).hostname:
            raise ValueError("has to name a host, such as smtp+tls://user:password@host:587")
        return value

    @field_validator("site_url")
    @classmethod
    def site_is_an_origin(cls, value):
        value = _url(value, {"http", "https"}, "https://leads.example.com").rstrip("/")
        parts = urlsplit(value)
        if not parts.hostname or parts.path or parts.query or parts.fragment or parts.username:
            raise ValueError("has to be an address without a path, such as https://leads.example.com")
        return value

    @model_validator(mode="after")
    def production_is_complete(self):
        if self.leadfunnel_mode != "production":
            return self
        for name in ("database_url", "redis_url", "email_url", "secret_key", "allowed_hosts"):
            if not getattr(self, name):
                raise ValueError(f"{name.upper()} has to be set when LEADFUNNEL_MODE=production")
        for name, keys in (("SECRET_KEY", [self.secret_key]), ("SECRET_KEY_FALLBACKS", self.secret_key_fallbacks)):
            if any(_is_weak(key) for key in keys):
                raise ValueError(f"{name} has to be at least {SECRET_KEY_LENGTH} random characters")
        if "*" in self.allowed_hosts:
            raise ValueError("ALLOWED_HOSTS has to name the hosts, not *")
        if not self.site_url.startswith("https://"):
            raise ValueError("SITE_URL has to start with https:// when LEADFUNNEL_MODE=production")
        host = urlsplit(self.site_url).hostname
        if not any(host == name or (name.startswith(".") and f".{host}".endswith(name)) for name in self.allowed_hosts):
            raise ValueError(f"ALLOWED_HOSTS has to contain {host}, the host of SITE_URL")
        return self

    @property
    def is_production(self):
        return self.leadfunnel_mode == "production"


def read_environment():
    """The settings; SystemExit with one line per bad variable when any is wrong."""
    try:
        return Environment()
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            name = "_".join(str(part) for part in problem["loc"]).upper()
            lines.append(f"  {name + ': ' if name else ''}{problem['msg'].removeprefix('Value error, ')}")
        raise SystemExit("LeadFunnel cannot start: these settings are wrong.\n" + "\n".join(lines)) from None


def is_loopback(host):
    """Whether `host` is this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def email_settings(url):
    """Django's EMAIL_* settings for an smtp, smtp+tls (STARTTLS) or smtps URL."""
    parts = urlsplit(url)
    return {
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or {"smtp": 25, "smtp+tls": 587, "smtps": 465}[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
    }


def _is_weak(key):
    # The measures of Django's own check, security.W009.
    return len(key) < SECRET_KEY_LENGTH or len(set(key)) < 5 or key.startswith("django-insecure-")


def _url(value, schemes, example):
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 (reading it is what raises)
    except ValueError:
        raise ValueError(f"is no address that can be read; it has to look like {example}") from None
    if parts.scheme not in schemes or not (parts.hostname or parts.path.strip("/")) or re.search(r"\s", value):
        raise ValueError(f"has to look like {example}")
    return value
