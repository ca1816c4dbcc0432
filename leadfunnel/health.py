"""`/healthz` says that the process lives; `/readyz` that it can do its work.

Both are answered before any other middleware: a probe comes by address rather than by host name and has no session,
and the answer must not depend on the very things it reports about.
"""

import functools

import redis
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpResponse, HttpResponseNotAllowed, JsonResponse
from redis.backoff import NoBackoff
from redis.retry import Retry

BROKER_SECONDS = 1


class HealthMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        answer = {"/healthz": healthz, "/readyz": readyz}.get(request.path)
        if answer is None:
            return self.get_response(request)
        response = answer() if request.method in {"GET", "HEAD"} else HttpResponseNotAllowed(["GET", "HEAD"])
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def healthz():
    return HttpResponse("alive\n", content_type="text/plain")


def readyz():
    """200 when database, broker and migrations are all "ok"; else 503, with the one word of what is wrong."""
    checks = {"database": _database(), "broker": _broker(), "migrations": "unknown"}
    if checks["database"] == "ok":
        checks["migrations"] = _migrations()
    ready = set(checks.values()) == {"ok"}
    return JsonResponse({"ready": ready, **checks}, status=200 if ready else 503)


def _database():
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:
        # Whatever it is, the page that asks next would fail the same way.
        return "unreachable"
    return "ok"


def _broker():
    patience = {"socket_connect_timeout": BROKER_SECONDS, "socket_timeout": BROKER_SECONDS}
    try:
        with redis.Redis.from_url(settings.REDIS_URL, retry=Retry(NoBackoff(), 0), **patience) as broker:
            broker.ping()
    except (OSError, redis.RedisError):
        return "unreachable"
    return "ok"


def _migrations():
    return "ok" if _migrations_of_the_code() <= MigrationRecorder(connection).applied_migrations().keys() else "behind"


@functools.cache
def _migrations_of_the_code():
    """Read from disk once: it is the code of this process that has to find its tables."""
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)
