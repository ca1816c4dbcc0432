import datetime

import pytest

from capture.importing.models import Import
from jobs.enums import Lane
from jobs.queries import SHOWN, backlogs, kinds_of_work, lanes_at_work, put_aside
from leads.models import DirtyLead
from mail.actions import post
from mail.models import Message

MINUTE = datetime.timedelta(minutes=1)

pytestmark = pytest.mark.django_db


def mark(*ids, now, **values):
    DirtyLead.objects.bulk_create(DirtyLead(lead_id=pk, marked_at=now, **values) for pk in ids)


def test_every_kind_of_work_says_what_it_is():
    names = [(model._meta.label, model.WORK.lane) for model in kinds_of_work()]
    assert names == [
        ("leads.DirtyLead", Lane.SETTLE),
        ("leads.FollowerCursor", Lane.SETTLE),
        ("scoring.RegradeChunk", Lane.BULK),
        ("capture.Import", Lane.BULK),
        ("mail.Message", Lane.MAIL),
    ]
    assert len({model.WORK.name for model in kinds_of_work()}) == len(names)


def test_a_backlog_is_what_waits_and_since_when(now, django_assert_num_queries):
    mark(1, 2, now=now)
    mark(3, now=now - MINUTE)
    mark(4, now=now - 5 * MINUTE, attempts=5, put_aside_at=now)
    post(kind="notice", recipient="ada@example.com", now=now)
    with django_assert_num_queries(10):
        found = backlogs(now)
    assert [(each.lane, each.waiting, each.oldest_at, each.is_late) for each in found] == [
        (Lane.SETTLE, 3, now - MINUTE, False),
        (Lane.SETTLE, 0, None, False),
        (Lane.BULK, 0, None, False),
        (Lane.BULK, 0, None, False),
        (Lane.MAIL, 1, now, False),
    ]
    assert [each.is_late for each in backlogs(now + MINUTE)] == [True, False, False, False, False]
    assert [each.is_late for each in backlogs(now + 6 * MINUTE)] == [True, False, False, False, True]


def test_what_was_put_aside_is_counted_and_its_first_rows_are_told(now):
    mark(1, now=now)
    mark(*range(2, 20), now=now, attempts=5, put_aside_at=now, failure="no room")
    Import.objects.create(
        file_name="people.csv", status="done", created_at=now, attempts=5, put_aside_at=now, failure="over"
    )
    (aside,) = put_aside()
    assert (aside.label, aside.count) == ("leads.DirtyLead", 18)
    assert [row.pk for row in aside.rows] == list(range(2, 2 + SHOWN))


def test_a_lane_is_at_work_while_somebody_holds_a_lease(now):
    post(kind="notice", recipient="ada@example.com", now=now)
    assert lanes_at_work(now) == set()
    Message.objects.update(lease_until=now)
    assert lanes_at_work(now) == {Lane.MAIL}
    assert lanes_at_work(now + MINUTE) == set()
