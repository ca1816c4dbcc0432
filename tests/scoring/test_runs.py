import datetime

import pytest
from django.core.exceptions import ValidationError

from leads.models import DirtyLead
from scoring.actions import (
    cancel_regrade,
    claim_dirty,
    claim_regrade_chunk,
    fail_chunk,
    finish_chunk,
    request_regrade,
)
from scoring.actions.runs import LEASE
from scoring.models import RegradeRun
from tests.factories.leads import make_lead
from tests.scoring.made import CITY, publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def leads(now):
    made = [make_lead().pk for _ in range(5)]
    publish(("In Porto", 60, CITY), now=now)
    return made


def test_a_run_goes_through_everybody_once_and_ends(leads, now):
    seen = []
    while claimed := claim_regrade_chunk(now=now, size=2):
        run, ids = claimed
        seen.append(ids)
        assert finish_chunk(run=run, lead_ids=ids, changed=1, now=now)
    assert seen == [leads[:2], leads[2:4], leads[4:]]
    run = RegradeRun.objects.get()
    assert (run.total, run.done, run.changed, run.finished_at, run.lease_until) == (5, 5, 3, now, None)


def test_a_leased_chunk_is_given_to_nobody_else_until_the_lease_is_over(leads, now):
    _, ids = claim_regrade_chunk(now=now, size=2)
    assert claim_regrade_chunk(now=now, size=2) is None
    later = now + LEASE + datetime.timedelta(seconds=1)
    assert claim_regrade_chunk(now=later, size=2)[1] == ids


def test_a_chunk_finished_twice_counts_once(leads, now):
    run, ids = claim_regrade_chunk(now=now, size=2)
    assert finish_chunk(run=run, lead_ids=ids, changed=2, now=now) is True
    assert finish_chunk(run=run, lead_ids=ids, changed=2, now=now) is False
    assert RegradeRun.objects.get().done == 2


def test_a_failed_chunk_says_why_and_is_tried_again_later(leads, now):
    run, ids = claim_regrade_chunk(now=now, size=2)
    fail_chunk(run=run, failure="no room", now=now)
    assert claim_regrade_chunk(now=now, size=2) is None
    run, again = claim_regrade_chunk(now=now + 2 * LEASE, size=2)
    assert (run.failure, again) == ("no room", ids)
    finish_chunk(run=run, lead_ids=again, changed=0, now=now)
    assert RegradeRun.objects.get().failure == ""


def test_a_cancelled_run_stops(leads, now):
    run, ids = claim_regrade_chunk(now=now, size=2)
    assert cancel_regrade(run=run, now=now) is True
    assert finish_chunk(run=run, lead_ids=ids, changed=2, now=now) is False
    assert claim_regrade_chunk(now=now) is None
    assert cancel_regrade(run=run, now=now) is False


def test_an_empty_database_finishes_at_once(now):
    publish(("In Porto", 60, CITY), now=now)
    assert claim_regrade_chunk(now=now) is None
    assert RegradeRun.objects.get().finished_at == now


def test_a_run_that_nobody_has_begun_is_asked_for_once(leads, cast, now):
    waiting = RegradeRun.objects.get()
    assert request_regrade(by=cast.ann, now=now) == waiting
    run, ids = claim_regrade_chunk(now=now, size=2)
    finish_chunk(run=run, lead_ids=ids, changed=0, now=now)
    second = request_regrade(by=cast.ann, now=now)
    assert (second == waiting, second.requested_by, second.total) == (False, cast.ann, 5)


def test_without_a_published_model_there_is_nothing_to_ask_for(now):
    with pytest.raises(ValidationError, match="No scoring model is published"):
        request_regrade(by=None, now=now)


def test_the_oldest_marks_are_claimed_first_and_taken_away(leads, now):
    DirtyLead.objects.all().delete()
    for minutes, lead_id in ((3, leads[0]), (1, leads[3]), (2, leads[1])):
        DirtyLead.objects.create(lead_id=lead_id, marked_at=now + datetime.timedelta(minutes=minutes))
    assert claim_dirty(limit=2) == [leads[1], leads[3]]
    assert claim_dirty(limit=2) == [leads[0]]
    assert claim_dirty(limit=2) == []
