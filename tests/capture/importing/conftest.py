import json

import pytest
from django.utils import timezone

from capture.importing.actions.receiving import opened, plan_for, receive_file, sha256_of, start_import
from capture.importing.actions.rehearsal import rehearse
from capture.importing.actions.running import continue_import


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def write(tmp_path):
    """write("a,b\\n1,2", name=...) -> path of the file."""

    def write(content, name="people.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write


@pytest.fixture
def bring(write):
    """bring(content or path, mapping=..., ...) -> the Import, worked off."""

    def bring(content, *, now=None, by=None, source=None, campaign=None, work=True, **choices):
        path = write(content) if isinstance(content, str | bytes) else content
        now = now or timezone.now()
        has_header = (choices.get("mapping") or {}).get("header", True)
        with opened(path, has_header=has_header) as file:
            plan = plan_for(file.table.header, file.sample, **choices)
        run = receive_file(path=path, file_name=path.name, by=by, now=now, has_header=has_header)
        start_import(run=run, plan=plan, now=now, source=source, campaign=campaign)
        if work:
            assert continue_import(run_id=run.pk, clock=timezone.now)
        run.refresh_from_db()
        return run

    return bring


@pytest.fixture
def attempt(write):
    """attempt(content, ...) -> the Rehearsal of a file."""

    def attempt(content, **choices):
        path = write(content) if isinstance(content, str | bytes) else content
        with opened(path) as file:
            plan = plan_for(file.table.header, file.sample, **choices)
            return rehearse(table=file.table, plan=plan, sha256=sha256_of(path), now=timezone.now())

    return attempt


def counts(run):
    """(created, updated, unchanged, rejected)."""
    return run.created, run.updated, run.unchanged, run.rejected


def as_json(text):
    return json.loads(text.strip().splitlines()[-1])
