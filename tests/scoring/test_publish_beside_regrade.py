"""Publishing while a worker is at a chunk for longer than a page may wait."""

import threading

import pytest
from django.db import connection, connections, transaction

from scoring.actions import claim_regrade_chunk, load_model
from scoring.models import RegradeRun, ScoringModel
from tests.cast import make_cast
from tests.factories.leads import make_lead
from tests.scoring.made import CITY, model_file, publish


@pytest.fixture
def cast(committed):
    return make_cast()


@pytest.fixture
def chunk_at_work(cast, now):
    """A worker on a connection of its own that holds the only chunk of a regrade until the test is over."""
    make_lead()
    publish(("In Porto", 60, CITY), now=now)
    held, over = threading.Event(), threading.Event()

    def work():
        with transaction.atomic():
            assert claim_regrade_chunk(now=now) is not None
            held.set()
            over.wait(30)
        connections.close_all()

    worker = threading.Thread(target=work)
    worker.start()
    assert held.wait(10)
    yield
    over.set()
    worker.join(30)


@pytest.fixture(params=["statement_timeout", "lock_timeout"])
def short_patience(chunk_at_work, request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, '300ms', false)", [request.param])
    yield
    connection.close()


@pytest.mark.parametrize("end", ["publish/", "roll-back/"])
def test_a_regrade_at_work_is_said_and_nothing_changes(client, cast, now, short_patience, end):
    model = load_model(data=model_file(("In Porto", 50, CITY)), by=None, now=now)
    if end == "roll-back/":
        ScoringModel.objects.filter(pk=model.pk).update(status="retired", published_at=now, retired_at=now)
    before = list(ScoringModel.objects.order_by("pk").values()), list(RegradeRun.objects.values())
    client.force_login(cast.ann)
    page = client.post(f"/admin/scoring/scoringmodel/{model.pk}/{end}")
    assert page.status_code == 200
    assert "A regrade is under way; try again in a minute." in page.content.decode()
    assert (list(ScoringModel.objects.order_by("pk").values()), list(RegradeRun.objects.values())) == before
