import datetime

import pytest

from tests.factories.routing import publish_cities


@pytest.fixture
def model(cast, now):
    """The model of tests.factories.routing, published yesterday."""
    return publish_cities(by=cast.ann, now=now - datetime.timedelta(days=1))
