import datetime
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from routing.rules import Contender, Seat, share_out

NOW = datetime.datetime(2026, 6, 10, 10, 0, tzinfo=datetime.UTC)


def seat(pk, capacity, load=0, last_at=None):
    return Seat(SimpleNamespace(pk=pk), capacity, load, last_at)


def leads(count, pool_id=1, grade="A"):
    return [Contender(number, pool_id, grade, score=0) for number in range(1, count + 1)]


def owners(shared):
    return {lead_id: chosen.user.pk for lead_id, (chosen, _turn) in shared.items()}


def test_equal_reps_take_turns():
    assert owners(share_out(leads(4), {1: [seat(1, 10), seat(2, 10)]})) == {1: 1, 2: 2, 3: 1, 4: 2}


def test_twice_the_free_places_get_twice_the_leads():
    assert owners(share_out(leads(6), {1: [seat(1, 4), seat(2, 10, load=2)]})) == {1: 2, 2: 1, 3: 2, 4: 2, 5: 1, 6: 2}


def test_at_a_tie_the_one_who_was_given_a_lead_longest_ago_goes_first():
    reps = [seat(1, 5, last_at=NOW), seat(2, 5, last_at=NOW - datetime.timedelta(hours=1)), seat(3, 5)]
    assert owners(share_out(leads(3), {1: reps})) == {1: 3, 2: 2, 3: 1}


def test_best_grade_then_score_then_oldest_lead_goes_first():
    waiting = [Contender(1, 1, "B", 99), Contender(2, 1, "A", 60), Contender(3, 1, "A", 80), Contender(4, 1, "A", 80)]
    assert list(share_out(waiting, {1: [seat(1, 3)]})) == [3, 4, 2]


def test_nobody_gets_more_than_her_free_places():
    assert owners(share_out(leads(5), {1: [seat(1, 3, load=2), seat(2, 2)]})) == {1: 2, 2: 1, 3: 2}


def test_a_rep_over_her_capacity_gets_nothing():
    assert share_out(leads(1), {1: [seat(1, 3, load=4)]}) == {}


def test_a_rep_in_two_pools_stays_within_her_capacity():
    both = seat(1, 2)
    waiting = [Contender(1, 1, "A", 9), Contender(2, 2, "A", 8), Contender(3, 1, "A", 7)]
    assert owners(share_out(waiting, {1: [both], 2: [both]})) == {1: 1, 2: 1}


def test_a_pool_without_reps_gives_nothing():
    assert share_out(leads(2), {1: []}) == {}


@settings(max_examples=100, deadline=None)
@given(
    capacity=st.integers(1, 40),
    reps=st.integers(1, 6),
    batches=st.lists(st.integers(1, 30), min_size=1, max_size=12),
)
def test_loads_of_equal_reps_stay_within_one_however_the_leads_arrive(capacity, reps, batches):
    loads, last = [0] * reps, [None] * reps
    for number, size in enumerate(batches):
        seats = [seat(pk, capacity, loads[pk], last[pk]) for pk in range(reps)]
        before = sum(loads)
        shared = share_out(leads(size), {1: seats})
        assert len(shared) == min(size, capacity * reps - before)
        for chosen in seats:
            loads[chosen.user.pk] += chosen.given
            if chosen.given:
                last[chosen.user.pk] = NOW + datetime.timedelta(minutes=number)
        assert max(loads) <= capacity
        assert max(loads) - min(loads) <= 1
