import pytest
from django.conf import settings
from django.core.management import call_command

from jobs.enums import Lane
from leadfunnel.celery import app
from leads.models import DirtyLead, Lead
from routing import tasks
from routing.actions import route
from routing.models import Handover
from scoring.actions import request_regrade
from scoring.models import RegradeRun
from team.models import User
from tests.factories.leads import make_lead
from tests.factories.routing import city

DEAD = "redis+socket:///nowhere/valkey.sock"


@pytest.fixture
def dead_broker():
    """No Redis where the broker should be; as for everybody else, the pool is made anew."""
    before = app.conf.broker_url, app.conf.broker_write_url, app.conf.broker_read_url
    app.conf.update(broker_url=DEAD, broker_write_url=DEAD, broker_read_url=DEAD)
    app.pool.force_close_all()
    app.set_current()
    app._pool = None
    app.amqp._producer_pool = None
    yield
    app.conf.update(broker_url=before[0], broker_write_url=before[1], broker_read_url=before[2])
    app._pool = None
    app.amqp._producer_pool = None


def test_every_tick_names_a_task_and_goes_stale():
    app.loader.import_default_modules()
    for tick in app.conf.beat_schedule.values():
        assert tick["task"] in app.tasks
        assert tick["options"]["queue"] in list(Lane)
        assert tick["options"]["expires"] >= tick["schedule"]


@pytest.mark.clock
def test_what_a_page_hurries_goes_into_the_lane_of_its_ticks():
    lanes = {tick["task"]: tick["options"]["queue"] for tick in app.conf.beat_schedule.values()}
    for task in ("mail.tasks.send_mail", "capture.tasks.continue_imports", "routing.tasks.settle_dirty_leads"):
        assert app.amqp.router.route({}, task)["queue"].name == lanes[task]
    assert app.amqp.router.route({}, "nobody.tasks.knows")["queue"].name == Lane.SETTLE


def test_settling_twice_does_it_once(cast, model):
    city("Kiel")
    tasks.settle_dirty_leads()
    tasks.settle_dirty_leads()
    assert Handover.objects.count() == 1
    assert DirtyLead.objects.count() == 0


def test_settling_when_the_lead_is_gone(cast, model):
    lead = city("Kiel")
    lead.transitions.all().delete()
    Lead.objects.filter(pk=lead.pk).delete()
    tasks.settle_dirty_leads()
    assert Handover.objects.count() == 0


@pytest.mark.clock
def test_sharing_out_twice_does_it_once(cast, now):
    User.objects.update(capacity=0)
    route([make_lead(grade="A").pk, make_lead(grade="A").pk], now=now)
    User.objects.filter(pk=cast.ben.pk).update(capacity=1)
    tasks.share_out_waiting_leads()
    tasks.share_out_waiting_leads()
    assert Lead.objects.filter(owner=cast.ben).count() == 1


def test_a_run_goes_on_by_itself_without_a_broker(cast, now, model, dead_broker):
    city("Kiel")
    run = request_regrade(by=None, now=now)
    tasks.run_regrade_chunk()
    run.refresh_from_db()
    assert run.finished_at is not None


def test_a_run_that_is_gone(cast, now, model):
    request_regrade(by=None, now=now)
    RegradeRun.objects.all().delete()
    tasks.run_regrade_chunk()
    assert RegradeRun.objects.count() == 0


@pytest.mark.clock
def test_the_nightly_run_twice(cast, model):
    tasks.start_nightly_regrade()
    tasks.start_nightly_regrade()
    assert RegradeRun.objects.count() == 1


def test_nothing_waits_longer_than_the_visibility_timeout():
    seen = app.conf
    assert seen.task_time_limit < settings.CELERY_VISIBILITY_TIMEOUT
    assert seen.visibility_timeout == settings.CELERY_VISIBILITY_TIMEOUT
    assert seen.broker_transport_options["visibility_timeout"] == settings.CELERY_VISIBILITY_TIMEOUT
    assert seen.result_backend_transport_options["visibility_timeout"] == settings.CELERY_VISIBILITY_TIMEOUT


def test_the_command_with_nothing_to_do(db, capsys):
    call_command("regrade")
    assert capsys.readouterr().out.startswith('{"leads": 0, "changed": 0')
