import datetime

import pytest
from hypothesis import HealthCheck, settings

from tests.cast import make_cast
from tests.client import HouseClient
from tests.committed import put_back

# A busy machine is no reason to fail: nothing in the suite asserts a time.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


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
def committed(_rows_of_migrations, transactional_db):
    """The database without a transaction round the test, for threads and processes that have to see its rows."""


@pytest.fixture
def _rows_of_migrations(django_db_setup, django_db_blocker):
    # Set up before and torn down after transactional_db, which leaves every table empty.
    with django_db_blocker.unblock():
        put_back()
        yield
        put_back()
