"""Followers read every change once, in an order in which nothing is passed over."""

import datetime
import threading

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections, transaction
from django.db.models.expressions import RawSQL

from jobs.actions import retry
from leads.changes import following
from leads.changes.following import PRUNING, Follower, behind, follow, register, start
from leads.changes.pruning import prune
from leads.enums import ChangeKind
from leads.models import ChangeClock, ChangeRow, FollowerCursor
from tests.factories.changes import newest
from tests.factories.deeds import log_activity, set_disposition
from tests.factories.leads import make_lead

MINUTE = datetime.timedelta(minutes=1)
DAY = datetime.timedelta(days=1)
WEEK = datetime.timedelta(days=7)
# A window too small for what one lead is told of.
FEW = 2


class Reader:
    """A follower that writes down what it was told."""

    def __init__(self, code, *kinds):
        self.code, self.kinds = code, frozenset(kinds or ChangeKind)
        self.read = []
        self.fails = False

    def follow(self, rows, *, now):
        assert rows
        if self.fails:
            raise RuntimeError("no room")
        self.read += [row.id for row in rows]

    def catch_up(self, now, limit=FEW):
        while follow(self.code, now=now, limit=limit):
            pass
        return self.read


@pytest.fixture
def reader(monkeypatch, db, now):
    """reader(code, *kinds): a registered follower that begins now."""
    monkeypatch.setattr(following, "_FOLLOWERS", {})

    def reader(code="reader", *kinds):
        made = Reader(code, *kinds)
        register(Follower(code, code.title(), made.kinds, made.follow))
        start(code, now=now)
        return made

    return reader


@pytest.fixture
def committed_reader(committed, reader):
    """As `reader`, with rows that other connections see."""
    return reader


def ids(*leads, since=0, kinds=ChangeKind):
    rows = ChangeRow.objects.filter(id__gt=since, kind__in=kinds)
    return list(rows.filter(lead__in=leads).order_by("id").values_list("id", flat=True))


def elsewhere(work):
    """Runs `work` on a connection of its own."""
    errors = []

    def run():
        try:
            work()
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    if errors:
        raise errors[0]


# A test's own transaction holds what it wrote uncertain, so that all of these see what is committed.


def test_every_row_is_read_once_and_in_order(committed_reader, now):
    reader = committed_reader()
    leads = [make_lead() for _ in range(3)]
    for lead in leads:
        log_activity(lead=lead, kind="visit", by=None, now=now)
    assert reader.catch_up(now) == ids(*leads)
    assert reader.catch_up(now) == ids(*leads)
    log_activity(lead=leads[0], kind="visit", by=None, now=now)
    assert reader.catch_up(now) == ids(*leads)


def test_a_new_follower_begins_with_what_comes_after_it(committed_reader, now):
    make_lead()
    since = newest()
    reader = committed_reader()
    assert reader.catch_up(now) == []
    lead = make_lead()
    assert reader.catch_up(now) == ids(lead, since=since)


def test_it_is_told_of_its_kinds_alone_and_passes_over_the_others(committed_reader, now):
    reader = committed_reader("reader", ChangeKind.DISPOSITION)
    lead = make_lead()
    for _ in range(3):
        log_activity(lead=lead, kind="visit", by=None, now=now)
    set_disposition(leads=[lead], to="lost", reason="Went elsewhere", by=None, now=now)
    assert reader.catch_up(now) == ids(lead, kinds=[ChangeKind.DISPOSITION])
    assert behind()[0].rows == 0


def test_nothing_new_costs_one_query_and_writes_nothing(committed_reader, now, django_assert_num_queries):
    reader = committed_reader()
    make_lead()
    reader.catch_up(now)
    before = FollowerCursor.objects.get(code="reader")
    with django_assert_num_queries(2):  # The other one only looks whether it has begun.
        assert follow("reader", now=now + MINUTE) == 0
    assert FollowerCursor.objects.get(code="reader").moved_at == before.moved_at


def test_a_row_of_an_older_transaction_that_commits_late_is_not_passed_over(committed_reader, now):
    """Its id and its transaction are older than those of what is there already."""
    reader = committed_reader()
    slow, quick = make_lead(), make_lead()
    reader.catch_up(now)
    known, since = list(reader.read), newest()
    with transaction.atomic():
        log_activity(lead=slow, kind="visit", by=None, now=now)
        elsewhere(lambda: log_activity(lead=quick, kind="visit", by=None, now=now))
        elsewhere(lambda: reader.catch_up(now))
        assert reader.read == known
    assert reader.catch_up(now)[len(known) :] == ids(slow, quick, since=since)
    assert len(ids(slow, since=since)) == len(ids(quick, since=since)) == 1


def test_a_row_with_a_lower_id_that_commits_later_is_not_passed_over(committed_reader, now):
    """The other way round: the older transaction takes the younger number."""
    reader = committed_reader()
    slow, quick = make_lead(), make_lead()
    reader.catch_up(now)
    known, since = list(reader.read), newest()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()")
        elsewhere(lambda: log_activity(lead=quick, kind="visit", by=None, now=now))
        elsewhere(lambda: reader.catch_up(now))
        log_activity(lead=slow, kind="visit", by=None, now=now)
    assert reader.catch_up(now)[len(known) :] == [*ids(slow, since=since), *ids(quick, since=since)]


def test_a_transaction_in_another_database_keeps_nothing_waiting(committed_reader, now):
    reader = committed_reader()
    lead = make_lead()
    with connection._nodb_cursor() as other:
        other.execute("BEGIN; SELECT pg_current_xact_id()")
        assert reader.catch_up(now) == ids(lead)
        other.execute("ROLLBACK")


def test_two_workers_at_once_read_nothing_twice(committed_reader, now):
    reader = committed_reader()
    lead = make_lead()
    with transaction.atomic():
        assert follow("reader", now=now, limit=1000)
        elsewhere(lambda: follow("reader", now=now))
    assert reader.read == ids(lead)


def test_what_a_failed_follower_did_is_undone_and_it_tries_again_later(committed_reader, now):
    reader, other = committed_reader("first"), committed_reader("other")
    lead = make_lead()
    reader.fails = True
    with pytest.raises(RuntimeError):
        follow("first", now=now)
    cursor = FollowerCursor.objects.get(code="first")
    assert (cursor.attempts, cursor.failure, cursor.next_try_at) == (1, "RuntimeError: no room", now + MINUTE)
    reader.fails = False
    assert follow("first", now=now) == 0
    assert other.catch_up(now) == ids(lead)
    assert reader.catch_up(now + MINUTE) == ids(lead)
    cursor.refresh_from_db()
    assert (cursor.attempts, cursor.failure, cursor.next_try_at) == (0, "", None)


def test_one_that_fails_for_a_night_is_put_aside_until_somebody_asks_for_it(committed_reader, now):
    reader = committed_reader()
    lead = make_lead()
    reader.fails = True
    at = now
    for _ in range(FollowerCursor.WORK.most_attempts):
        with pytest.raises(RuntimeError):
            follow("reader", now=at)
        at += datetime.timedelta(hours=1)
    reader.fails = False
    assert at - now > datetime.timedelta(hours=12)
    assert follow("reader", now=at + DAY) == 0
    assert [(each.follower.label, each.is_put_aside) for each in behind()] == [("Reader", True)]
    retry(FollowerCursor.objects.put_aside())
    assert reader.catch_up(at + DAY) == ids(lead)


def test_one_that_was_down_for_a_day_catches_up(committed_reader, now):
    reader = committed_reader()
    leads = [make_lead(now=now) for _ in range(5)]
    (waits,) = behind()
    assert (waits.rows, waits.oldest_at) == (len(ids(*leads)), ChangeRow.objects.earliest("id").at)
    assert reader.catch_up(now + DAY) == ids(*leads)
    assert [(each.rows, each.oldest_at) for each in behind()] == [(0, None)]


def test_nobody_is_ahead_in_a_restored_database_whose_rows_were_pruned(committed_reader, now):
    reader = committed_reader()
    make_lead()
    known = list(reader.catch_up(now))
    ChangeRow.objects.all().delete()
    ChangeClock.objects.update(written_by=0)

    assert not FollowerCursor.objects.filter(position__gt=RawSQL("leads_change_horizon()", [])).exists()
    assert not follow("reader", now=now)
    lead = make_lead()
    assert reader.catch_up(now) == [*known, *ids(lead)]


def test_a_code_is_one_followers(reader):
    reader("one")
    for code in ("one", PRUNING):
        with pytest.raises(ImproperlyConfigured):
            register(Follower(code, "Another", frozenset(), print))


def test_news_is_pruned_when_it_is_old_and_everybody_has_read_it(committed_reader, now):
    quick, slow = committed_reader("quick"), committed_reader("slow")
    old, young = make_lead(), make_lead()
    ChangeRow.objects.all().delete()
    log_activity(lead=old, kind="visit", by=None, now=now - WEEK)
    log_activity(lead=young, kind="visit", by=None, now=now)

    def left():
        while prune(now=now + MINUTE, kept=WEEK, limit=1):
            pass
        return list(ChangeRow.objects.order_by("id").values_list("lead", flat=True))

    assert left() == [old.pk, young.pk]
    quick.catch_up(now)
    assert left() == [old.pk, young.pk]
    slow.catch_up(now)
    assert left() == [young.pk]
    assert prune(now=now + MINUTE + WEEK, kept=WEEK)
    assert not ChangeRow.objects.exists()


def test_a_follower_that_there_is_no_more_holds_nothing_up(committed_reader, now):
    reader = committed_reader()
    start("forgotten", now=now)
    make_lead()
    reader.catch_up(now)
    assert prune(now=now + 2 * WEEK, kept=WEEK)
    assert not ChangeRow.objects.exists()


def test_history_is_not_pruned(committed_reader, now):
    lead = make_lead()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO leads_changerow (lead_id, position, kind, at, became, score, model_version)"
            " SELECT %s, leads_change_position(), kind, %s, 'A', 90, 1 FROM unnest(ARRAY['grade', 'score']) AS kind",
            [lead.pk, now],
        )
    assert prune(now=now + 2 * WEEK, kept=WEEK)
    assert set(ChangeRow.objects.values_list("kind", flat=True)) == {"grade", "score"}
