import datetime
import tempfile
from pathlib import Path

import pytest
import time_machine
from hypothesis import HealthCheck, settings

from tests.cast import make_cast
from tests.client import HouseClient
from tests.clock.moments import MOMENTS
from tests.committed import put_back

# A busy machine is no reason to fail: nothing in the suite asserts a time.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def pytest_addoption(parser):
    parser.addoption("--every-moment", action="store_true", help="run each test marked clock at many moments")


def pytest_generate_tests(metafunc):
    if metafunc.config.getoption("every_moment") and metafunc.definition.get_closest_marker("clock"):
        # First of all, so that whatever the other fixtures make is made at that moment.
        metafunc.fixturenames.insert(0, "moment")
        metafunc.parametrize("moment", MOMENTS, indirect=True, ids="{:%Y-%m-%d %H:%M}".format)


@pytest.fixture
def moment(request):
    """A test that runs at many moments runs at this one; time goes on from there."""
    with time_machine.travel(request.param):
        yield request.param


@pytest.fixture
def now():
    """A Wednesday, 10:00 UTC: inside everybody's business hours."""
    return datetime.datetime(2026, 6, 10, 10, 0, tzinfo=datetime.UTC)


@pytest.fixture
def cast(db):
    """ada (manager), ben (rep), cal (another rep, the stranger), mia (marketer), ann (admin)."""
    return make_cast()


@pytest.fixture
def client():
    """Runs on_commit callbacks; fails on unrendered tags, inline scripts and styles, and on a GET that writes."""
    return HouseClient()


@pytest.fixture
def open_path():
    """A folder for servers: below no folder that is closed to others, by a path that leaves room for a socket."""
    with tempfile.TemporaryDirectory(prefix="lf-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def committed(_rows_of_migrations, transactional_db):
    """The database without a transaction round the test, for threads and processes that have to see its rows."""


@pytest.fixture
def _rows_of_migrations(django_db_setup, django_db_blocker):
    # Set up before and torn down after transactional_db, which leaves every table empty.
    with django_db_blocker.unblock():
        put_back()
        yield
        put_back()
