import tempfile
from pathlib import Path

import pytest

from tests.flows.processes import Broker, Processes


@pytest.fixture
def broker():
    # Not tmp_path: the path of a socket has to be short.
    with tempfile.TemporaryDirectory(prefix="pulse-") as folder:
        broker = Broker(Path(folder))
        broker.start()
        yield broker
        broker.kill()


@pytest.fixture
def processes(committed, broker, tmp_path):
    processes = Processes(tmp_path, broker)
    yield processes
    processes.end()
