import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.models import DirtyLead
from scoring.actions import (
    cancel_regrade,
    claim_dirty,
    claim_regrade_chunk,
    fail_chunk,
    finish_chunk,
    finish_runs,
    request_regrade,
)
from scoring.models import RegradeRun
from tests.factories.leads import make_lead
from tests.scoring.made import CITY, publish

HOUR = datetime.timedelta(hours=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def leads(now):
    made = [make_lead().pk for _ in range(5)]
    publish(("In Porto", 60, CITY), now=now)
    return made


def request(now, size=2):
    RegradeRun.objects.all().delete()
    return request_regrade(by=None, now=now, size=size)


def progress():
    return RegradeRun.objects.with_progress().get()


def span(chunk):
    return chunk.first_lead_id, chunk.last_lead_id


def test_a_run_goes_through_everybody_once_and_ends(leads, now):
    request(now)
    seen = []
    while chunk := claim_regrade_chunk(now=now):
        seen.append(span(chunk))
        assert finish_runs(now=now) == 0
        assert finish_chunk(chunk=chunk, leads=chunk.leads, changed=1, now=now)
    assert seen == [(leads[0], leads[1]), (leads[2], leads[3]), (leads[4], leads[4])]
    assert (finish_runs(now=now), finish_runs(now=now)) == (1, 0)
    run = progress()
    assert (run.total, run.done, run.changed, run.finished_at) == (5, 5, 3, now)


def test_a_chunk_finished_twice_counts_once(leads, now):
    request(now)
    chunk = claim_regrade_chunk(now=now)
    assert finish_chunk(chunk=chunk, leads=2, changed=2, now=now) is True
    assert finish_chunk(chunk=chunk, leads=2, changed=2, now=now) is False
    assert (progress().done, progress().changed) == (2, 2)


def test_a_failed_chunk_says_why_and_is_tried_again_later_while_the_others_go_on(leads, now):
    run = request(now)
    failed = claim_regrade_chunk(now=now)
    fail_chunk(chunk=failed, failure="no room", now=now)
    assert progress().failure == "no room"
    assert span(claim_regrade_chunk(now=now)) == (leads[2], leads[3])
    assert claim_regrade_chunk(now=now, run=run) == failed
    assert claim_regrade_chunk(now=now + datetime.timedelta(minutes=1)) == failed
    finish_chunk(chunk=failed, leads=2, changed=0, now=now)
    assert progress().failure == ""


def test_a_cancelled_run_stops_and_keeps_what_is_done(leads, now):
    run = request(now)
    finish_chunk(chunk=claim_regrade_chunk(now=now), leads=2, changed=2, now=now)
    late = claim_regrade_chunk(now=now)
    assert cancel_regrade(run=run, now=now) is True
    assert finish_chunk(chunk=late, leads=2, changed=2, now=now) is False
    assert claim_regrade_chunk(now=now) is None
    assert (progress().done, progress().cancelled_at, finish_runs(now=now)) == (2, now, 0)
    assert cancel_regrade(run=run, now=now) is False


def test_a_lead_made_after_the_request_is_in_no_chunk(leads, now):
    request(now, size=10)
    make_lead()
    assert span(claim_regrade_chunk(now=now)) == (leads[0], leads[4])


def test_an_empty_database_finishes_at_once(now):
    publish(("In Porto", 60, CITY), now=now)
    assert RegradeRun.objects.get().finished_at == now
    assert claim_regrade_chunk(now=now) is None


def test_a_run_that_nobody_has_begun_is_asked_for_once(leads, cast, now):
    waiting = request(now)
    assert request_regrade(by=cast.ann, now=now) == waiting
    finish_chunk(chunk=claim_regrade_chunk(now=now), leads=2, changed=0, now=now)
    second = request_regrade(by=cast.ann, now=now)
    assert (second == waiting, second.requested_by, second.total) == (False, cast.ann, 5)


def test_without_a_published_model_there_is_nothing_to_ask_for(now):
    with pytest.raises(ValidationError, match="No scoring model is published"):
        request_regrade(by=None, now=now)


def test_the_oldest_marks_are_claimed_first_and_taken_away(leads, now):
    DirtyLead.objects.all().delete()
    for minutes, lead_id in ((3, leads[0]), (1, leads[3]), (2, leads[1])):
        DirtyLead.objects.create(lead_id=lead_id, marked_at=now + datetime.timedelta(minutes=minutes))
    assert claim_dirty(now=now + HOUR, limit=2) == [leads[1], leads[3]]
    assert claim_dirty(now=now + HOUR, limit=2) == [leads[0]]
    assert claim_dirty(now=now + HOUR, limit=2) == []


def test_marks_of_one_moment_are_claimed_without_a_look_at_all_of_them(leads, now):
    with connection.cursor() as cursor:
        # The table is so small that reading it whole would be as good.
        cursor.execute("SET LOCAL enable_seqscan = off")
        with CaptureQueriesContext(connection) as captured:
            claim_dirty(now=now, limit=2)
        cursor.execute(f"EXPLAIN {captured.captured_queries[0]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "Index Scan using dirty_lead_oldest_first" in plan
    assert "Sort Key: leads_dirtylead.marked_at" not in plan


def test_a_mark_dated_ahead_waits_for_its_time(leads, now):
    DirtyLead.objects.all().delete()
    DirtyLead.objects.create(lead_id=leads[0], marked_at=now + HOUR)
    assert claim_dirty(now=now + HOUR - datetime.timedelta(seconds=1), limit=2) == []
    assert claim_dirty(now=now + HOUR, limit=2) == [leads[0]]
