"""Workers at once: every lead in one pair of hands, and the hands equally full."""

import threading
from collections import Counter

import pytest
from django.db import connections, transaction
from django.utils import timezone

from leads.models import DirtyLead, Lead
from routing.actions import (
    Settled,
    assign,
    regrade_chunk,
    return_lead,
    route,
    settle_marked,
    share_out_pools,
)
from routing.actions.route import lock_pools
from routing.models import Handover
from scoring.actions import request_regrade
from team.enums import Role
from team.models import Pool, PoolMember, User
from tests.cast import make_cast, make_user
from tests.factories.deeds import change_lead, settle
from tests.factories.leads import make_lead, many
from tests.factories.routing import publish_cities

LEADS = 300


@pytest.fixture
def cast(committed):
    """The cast and two more reps, in a database that every connection sees."""
    cast = make_cast()
    for name in ("dan", "eli"):
        PoolMember.objects.create(pool=Pool.objects.get(code="sales"), user=make_user(name, Role.REP))
    User.objects.update(capacity=1000)
    return cast


def at_once(*jobs):
    """Runs the callables in threads with connections of their own, started together; raises what the first raised."""
    barrier, errors = threading.Barrier(len(jobs)), []

    def run(job):
        try:
            barrier.wait(10)
            job()
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    if errors:
        raise errors[0]


def settle_all():
    while DirtyLead.objects.exists():
        settle_marked(now=timezone.now(), limit=17)


def check_hands(leads):
    """Every lead has one owner and one hand-over; the loads of the four reps differ by one at most."""
    assert Lead.objects.filter(side="sales", owner__isnull=False).count() == leads
    assert Handover.objects.count() == leads
    loads = Counter(Handover.objects.open().values_list("owner__name", flat=True))
    assert len(loads) == 4
    assert max(loads.values()) - min(loads.values()) <= 1
    assert Counter(Lead.objects.filter(side="sales").values_list("owner__name", flat=True)) == loads


def test_workers_route_the_same_leads_once_and_evenly(cast):
    ids = many(LEADS, grade="A")
    parts = [ids, ids[::-1], ids[: LEADS // 2], ids[LEADS // 3 :]]

    def in_sevens(part):
        def job():
            for start in range(0, len(part), 7):
                route(part[start : start + 7], now=timezone.now())

        return job

    at_once(*(in_sevens(part) for part in parts))
    check_hands(LEADS)


def test_workers_settle_marks_once_and_evenly(cast, now):
    publish_cities(by=cast.ann, now=now)
    ids = many(LEADS, first_name="Pat", city="Kiel")
    request_regrade(by=cast.ann, now=now, size=40)
    at_once(
        settle_all,
        settle_all,
        lambda: settle(ids[:50], now=timezone.now()),
        lambda: [regrade_chunk(now=timezone.now()) for _ in range(10)],
        lambda: [regrade_chunk(now=timezone.now()) for _ in range(10)],
    )
    settle_all()
    check_hands(LEADS)


def test_capacity_holds_under_parallel_workers(cast):
    User.objects.update(capacity=10)
    ids = many(LEADS, grade="A")
    at_once(*(lambda part=part: route(ids[part::4], now=timezone.now()) for part in range(4)))
    assert set(Counter(Lead.objects.exclude(owner=None).values_list("owner", flat=True)).values()) == {10}
    assert Lead.objects.filter(pool__isnull=False).count() == LEADS - 40
    User.objects.update(capacity=20)
    at_once(*[lambda: share_out_pools(now=timezone.now())] * 3)
    while share_out_pools(now=timezone.now()):
        pass
    assert set(Counter(Lead.objects.exclude(owner=None).values_list("owner", flat=True)).values()) == {20}
    assert Handover.objects.count() == LEADS


def test_people_and_workers_do_not_break_each_other_off(cast, now):
    """Pages that change, assign and return leads while workers settle the same ones: no deadlock reaches a page."""
    publish_cities(by=cast.ann, now=now)
    ids = many(60, first_name="Pat", city="Jena")
    settle_all()

    def change():
        for pk in ids:
            lead = Lead.objects.get(pk=pk)
            change_lead(lead=lead, changes={"city": "Kiel"}, by=cast.ann, now=timezone.now())
            settle([pk], now=timezone.now(), by=cast.ann)

    def move():
        for pk in reversed(ids):
            assign(leads=[pk], to=cast.cal, by=cast.ada, now=timezone.now(), reason="Mine")

    def give_back():
        for pk in ids[::3]:
            lead = Lead.objects.get(pk=pk)
            if Handover.objects.open().filter(lead=lead, owner__isnull=False).exists():
                return_lead(lead=lead, by=cast.ada, now=timezone.now(), reason="Later")

    at_once(change, move, give_back, settle_all, lambda: [share_out_pools(now=timezone.now()) for _ in range(20)])
    settle_all()
    keepers = Lead.objects.filter(side="sales", owner__isnull=False).count()
    assert keepers == Handover.objects.open().count()
    assert Lead.objects.filter(grade="A").count() == 60


def test_a_page_does_not_wait_for_a_worker_that_holds_the_pools(cast, now):
    publish_cities(by=cast.ann, now=now)
    lead = make_lead(first_name="Pat", city="Kiel")
    held, done, still_there = threading.Event(), threading.Event(), []

    def hold():
        with transaction.atomic():
            lock_pools()
            held.set()
            still_there.append(done.wait(60))

    def change():
        held.wait(60)
        assert settle([lead.pk], now=timezone.now()) == Settled(leads=1, changed=1)
        done.set()

    at_once(hold, change)
    assert still_there == [True], "The page was done only when the worker had let go."
    assert DirtyLead.objects.filter(lead=lead).exists()
    settle_all()
    lead.refresh_from_db()
    assert (lead.grade, lead.side) == ("A", "sales")
