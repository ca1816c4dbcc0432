"""Ten thousand people at once: two workers and two beats give every A and B one owner, whatever breaks meanwhile."""

import io
from collections import Counter

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from insights.invariants import INVARIANTS
from leads.actions.record import refresh_search
from leads.enums import Side
from leads.models import DirtyLead, Lead
from routing.models import Handover
from team.enums import Role
from team.models import Pool, PoolMember, User
from tests.cast import make_cast, make_user
from tests.factories.routing import publish_cities
from tests.flows.processes import wait_for
from tests.routing.test_parallel import many

pytestmark = pytest.mark.servers

LEADS = 10_000
CITIES = ("Kiel", "Ulm", "Jena", "Bonn")  # an A, a B, a C and a D, by publish_cities
FOR_SALES = LEADS // 2
REPS = 7  # so that the leads do not come out even


@pytest.fixture
def reps(committed):
    """Seven reps of the one pool, each with a place for every seventh lead and more; a model that grades by city."""
    cast = make_cast()
    publish_cities(by=cast.ann, now=timezone.now())
    pool = Pool.objects.get(code="sales")
    others = [make_user(f"rep{number}", Role.REP) for number in range(REPS - 2)]
    PoolMember.objects.bulk_create(PoolMember(pool=pool, user=rep) for rep in others)
    User.objects.update(capacity=1000)
    return [cast.ben, cast.cal, *others]


@pytest.fixture
def workers(reps, processes):
    """Two workers at two beats, with nothing to do yet."""
    workers = [processes.worker(), processes.worker()]
    processes.beat()
    processes.beat()
    return workers


def arrive():
    """The people, their histories, search documents and marks, all in one commit."""
    with transaction.atomic():
        ids = many(LEADS, first_name="Pat")
        for place, city in enumerate(CITIES):
            Lead.objects.filter(pk__in=ids[place :: len(CITIES)]).update(city=city)
        refresh_search(lead_ids=ids)


def freeze_in_the_middle(processes, workers):
    """Has the workers stand still when some leads are handed over; returns one that is at others, in a transaction."""
    at_it = []

    def in_the_middle():
        processes.freeze(*workers)
        if 0 < Handover.objects.count() < FOR_SALES:
            at_it.extend(worker for worker in workers if processes.is_writing(worker))
        if not at_it:
            processes.thaw(*workers)
        return bool(at_it)

    wait_for(in_the_middle, seconds=60, why=f"Nothing is handed over, or all was too soon: {processes.logs()}")
    return at_it[0]


def check_rush(processes, reps):
    """Everybody is settled, every A and B has one owner and one hand-over, and the hands are equally full."""
    wait_for(lambda: not DirtyLead.objects.exists(), seconds=120, why=f"Marks are left: {processes.logs()}")
    for_sales = Lead.objects.filter(grade__in="AB")
    assert Counter(Lead.objects.values_list("grade", flat=True)) == dict.fromkeys("ABCD", LEADS // 4)
    assert Lead.objects.filter(side=Side.SALES).count() == FOR_SALES
    keeper = dict(for_sales.filter(side=Side.SALES).values_list("pk", "owner"))
    assert sorted(Handover.objects.values_list("lead", "owner")) == sorted(keeper.items())
    assert Handover.objects.open().count() == FOR_SALES
    loads = Counter(keeper.values())
    assert set(loads) == {rep.pk for rep in reps}
    assert max(loads.values()) - min(loads.values()) == 1
    out = io.StringIO()
    call_command("check_invariants", stdout=out)
    lines = out.getvalue().splitlines()
    assert [line[4:6] for line in lines] == ["ok"] * len(INVARIANTS)


def test_a_rush_gives_everybody_one_owner(processes, workers, reps):
    arrive()
    check_rush(processes, reps)
    assert all(worker.poll() is None for worker in workers)


def test_a_rush_outlives_a_killed_worker(processes, workers, reps):
    arrive()
    killed = freeze_in_the_middle(processes, workers)
    processes.kill(killed)
    (survivor,) = set(workers) - {killed}
    processes.thaw(survivor)
    check_rush(processes, reps)
    assert survivor.poll() is None


def test_a_rush_outlives_an_emptied_broker(processes, workers, reps, broker):
    arrive()
    freeze_in_the_middle(processes, workers)
    broker.flush()
    processes.thaw(*workers)
    check_rush(processes, reps)
    assert all(worker.poll() is None for worker in workers)
