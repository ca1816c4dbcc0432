import datetime
import json

from django.db import connection

from notices import queries
from notices.actions import forget_notices, mark_all_read, mark_read, mark_unread
from notices.actions.reading import READ_KEPT, UNREAD_KEPT
from notices.models import Notice
from notices.queries import MOST_COUNTED, SLOT_SECONDS, Unread, groups, unread
from tests.factories.notices import make_notice

SECOND = datetime.timedelta(seconds=1)


def test_the_bell_counts_ones_own_up_to_a_hundred(cast, now, django_assert_num_queries):
    make_notice(cast.cal, at=now)
    first = make_notice(cast.ben, at=now)
    assert (unread(cast.ben).count, unread(cast.ben).label) == (1, "1")
    copies = [
        Notice(
            lead_id=first.lead_id,
            recipient=cast.ben,
            change=-number,
            kind=first.kind,
            handover_id=first.handover_id,
            at=now,
            told_at=now,
        )
        for number in range(120)
    ]
    newest = Notice.objects.bulk_create(copies)[-1].pk
    with django_assert_num_queries(1):
        assert unread(cast.ben) == Unread(MOST_COUNTED + 1, newest)
    assert unread(cast.ben).label == "99+"


def test_reading_all_leaves_what_arrived_meanwhile_and_can_be_undone_once(cast, now):
    seen = [make_notice(cast.ben, at=now).pk for _ in range(2)]
    later, theirs = make_notice(cast.ben, at=now), make_notice(cast.cal, at=now)
    assert mark_all_read(by=cast.ben, up_to=seen[-1], now=now) == 2
    assert mark_all_read(by=cast.ben, up_to=seen[-1], now=now + SECOND) == 0
    assert set(Notice.objects.unread()) == {later, theirs}
    assert mark_unread(by=cast.cal, read_at=now) == 0
    assert mark_unread(by=cast.ben, read_at=now) == 2
    assert mark_unread(by=cast.ben, read_at=now) == 0
    assert Notice.objects.unread().count() == 4


def test_what_is_read_keeps_when(cast, now):
    notice = make_notice(cast.ben, at=now)
    for moment in (now, now + SECOND):
        mark_read(notice=notice, now=moment)
    notice.refresh_from_db()
    assert notice.read_at == now


def test_what_was_read_is_forgotten_before_what_was_not(cast, now):
    read, new = make_notice(cast.ben, at=now), make_notice(cast.ben, at=now)
    mark_read(notice=read, now=now)
    forget_notices(now=now + READ_KEPT)
    assert Notice.objects.count() == 2
    forget_notices(now=now + READ_KEPT + SECOND)
    assert Notice.objects.get() == new
    forget_notices(now=now + UNREAD_KEPT + SECOND)
    assert not Notice.objects.exists()


def test_a_page_of_groups_reads_no_notice_of_other_pages(cast, now, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(queries, "GROUPS", 3)
    first = make_notice(cast.ben, at=now)
    slot = datetime.timedelta(seconds=SLOT_SECONDS)
    Notice.objects.bulk_create(
        Notice(
            lead_id=first.lead_id,
            recipient=cast.ben,
            change=-number,
            kind=first.kind,
            handover_id=first.handover_id,
            at=now - number * slot,
            told_at=now,
        )
        for number in range(1, 200)
    )
    assert cast.ben.roles  # loads the roles, as signing in does
    seen, after = [], ""
    for _ in range(4):
        with django_assert_num_queries(3) as captured:
            page, after = groups(cast.ben, after=after)
        seen += [group.at for group in page]
        assert sum(_notices_read(query["sql"]) for query in captured.captured_queries) < 30
    assert seen == [now - number * slot for number in range(12)]


def _notices_read(sql):
    """How many rows of notices the statement reads where the tables are not so small that it reads them whole."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
        (found,) = cursor.fetchone()
    plan = json.loads(found) if isinstance(found, str) else found
    return _read_by(plan[0]["Plan"])


def _read_by(node):
    rows = 0
    if node.get("Relation Name") == Notice._meta.db_table:
        rows = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    return rows + sum(map(_read_by, node.get("Plans", ())))
