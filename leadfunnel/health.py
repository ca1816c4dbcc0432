"""`/healthz` says that the process lives; `/readyz` that it can do its work."""

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError

from leadfunnel.celery import app


@require_safe
@login_not_required
def healthz(request):
    return HttpResponse("alive\n", content_type="text/plain")


@require_safe
@login_not_required
def readyz(request):
    """200 when database, broker and migrations are all "ok"; 503 with the one word of what is wrong otherwise."""
    checks = {"database": _database(), "broker": _broker(), "migrations": "unknown"}
    if checks["database"] == "ok":
        checks["migrations"] = _migrations()
    ready = set(checks.values()) == {"ok"}
    response = JsonResponse({"ready": ready, **checks}, status=200 if ready else 503)
    response.headers["Cache-Control"] = "no-store"
    return response


def _database():
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:
        return "unreachable"
    return "ok"


def _broker():
    try:
        with app.connection_for_write(connect_timeout=2) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, timeout=3)
    except (OSError, OperationalError):
        return "unreachable"
    return "ok"


def _migrations():
    executor = MigrationExecutor(connection)
    return "behind" if executor.migration_plan(executor.loader.graph.leaf_nodes()) else "ok"
