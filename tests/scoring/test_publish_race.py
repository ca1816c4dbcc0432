"""Two people publish at the same moment."""

import threading

import pytest
from django.db import connection

from scoring.actions import load_model, publish_model
from scoring.models import RegradeRun, ScoringModel
from tests.factories.leads import make_lead
from tests.scoring.made import CITY, model_file


@pytest.fixture
def drafts(committed):
    """Committed drafts for threads with connections of their own, and a lead for them to grade."""
    make_lead()
    return lambda now, count: [
        load_model(data=model_file(("In Porto", 60, CITY)), by=None, now=now) for _ in range(count)
    ]


def at_once(*jobs):
    """Runs the jobs in threads that start together; their results or exceptions, in order."""
    barrier, results = threading.Barrier(len(jobs)), [None] * len(jobs)

    def work(place, job):
        barrier.wait()
        try:
            results[place] = job()
        except Exception as error:
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=each) for each in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_two_publishers_of_one_draft_publish_it_once(drafts, now):
    (draft,) = drafts(now, 1)
    results = at_once(*[lambda: publish_model(model=draft, by=None, now=now)] * 2)
    assert sorted(type(result).__name__ for result in results) == ["ScoringModel", "ValidationError"]
    assert RegradeRun.objects.count() == 1


def test_two_publishers_of_two_drafts_leave_one_in_force(drafts, now):
    both = drafts(now, 2)
    results = at_once(*[lambda draft=draft: publish_model(model=draft, by=None, now=now) for draft in both])
    assert [type(result) for result in results] == [ScoringModel, ScoringModel]
    assert sorted(ScoringModel.objects.values_list("status", flat=True)) == ["published", "retired"]
    assert [run.model for run in RegradeRun.objects.unfinished()] == list(ScoringModel.objects.published())
