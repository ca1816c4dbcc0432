"""Who is told what, from the rows that real changes leave."""

import datetime

import pytest

from leads.enums import ChangeKind, Disposition
from leads.models import ChangeRow
from notices.actions import tell_reps
from notices.followers import NOTICES
from notices.models import Notice
from routing.actions import accept, assign, changing, reject, return_lead, share_out_pools
from routing.models import Handover, RoutingPolicy
from team.enums import Role
from team.models import User
from tests.cast import make_user
from tests.factories.deeds import change_lead, log_activity, set_disposition, settle
from tests.factories.notices import grade_row
from tests.factories.routing import city, publish_cities

HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def cast(cast, now):
    """With a published model by which Kiel is an A, Ulm a B, and Jena a C; only ben has free places."""
    publish_cities(by=cast.ann, now=now)
    User.objects.filter(pk=cast.cal.pk).update(capacity=0)
    return cast


def arrived(now, name="Kiel", by=None):
    """A lead that the policy has handed to ben."""
    lead = city(name)
    settle([lead], now=now, by=by)
    return lead


def accepted(cast, now):
    lead = arrived(now)
    accept(lead=lead, by=cast.ben, now=now)
    return lead


def moved(lead, name, by, now):
    change_lead(lead=lead, changes={"city": name}, by=by, now=now)
    settle([lead], now=now)


def tell(now):
    """What has been told when everything has been followed: (to whom, what, why) in the order of the numbers."""
    rows = ChangeRow.objects.filter(kind__in=NOTICES.kinds).order_by("position", "id")
    NOTICES.follow(list(rows), now=now)
    notices = Notice.objects.select_related("recipient", "handover").order_by("change")
    return [(notice.recipient.name, notice.kind, notice.words) for notice in notices]


def test_a_lead_handed_over_by_the_policy_has_arrived(cast, now):
    lead = arrived(now)
    assert tell(now + HOUR) == [("Ben", "arrived", "Next in Sales: 0 of 30 places taken")]
    notice = Notice.objects.get()
    assert (notice.lead, notice.handover.lead, notice.at, notice.told_at) == (lead, lead, now, now + HOUR)
    assert notice.change == ChangeRow.objects.get(kind=ChangeKind.OWNER).id


def test_her_own_edit_that_brings_her_a_lead_is_the_policys_doing(cast, now):
    arrived(now, by=cast.ben)
    assert [kind for _, kind, _ in tell(now)] == ["arrived"]


def test_following_twice_tells_once(cast, now):
    arrived(now)
    assert len(tell(now)) == 1
    assert len(tell(now + HOUR)) == 1
    assert Notice.objects.get().told_at == now


def test_a_lead_that_waited_in_a_pool_arrives_when_it_is_served(cast, now):
    User.objects.filter(pk=cast.ben.pk).update(capacity=0)
    arrived(now)
    assert tell(now) == []
    User.objects.filter(pk=cast.ben.pk).update(capacity=5)
    share_out_pools(now=now + HOUR)
    assert tell(now + HOUR) == [("Ben", "arrived", "Next in Sales: 0 of 5 places taken")]


def test_a_lead_given_on_was_taken_back_from_one_and_arrived_at_another(cast, now):
    lead = arrived(now)
    assign(leads=[lead], to=cast.cal, by=cast.ada, now=now + HOUR, reason="Knows the trade")
    assert tell(now + HOUR)[1:] == [
        ("Ben", "taken_back", "Given to Cal by Ada: Knows the trade"),
        ("Cal", "arrived", "By Ada: Knows the trade"),
    ]


def test_nobody_is_told_what_she_took_or_gave_back_herself(cast, now):
    both = make_user("bea", Role.REP, Role.MANAGER)
    assign(leads=[city("Bonn")], to=both, by=both, now=now, reason="Mine")
    mine = arrived(now)
    return_lead(lead=mine, by=cast.ben, now=now + HOUR, reason="On holiday")
    assert [(name, kind) for name, kind, _ in tell(now)] == [("Ben", "arrived")]


def test_a_lead_that_a_manager_returns_or_rejects_was_taken_back(cast, now):
    returned, rejected = arrived(now), arrived(now)
    log_activity(lead=rejected, kind="call", payload={}, occurred_at=now + HOUR, by=cast.ben, now=now + HOUR)
    return_lead(lead=returned, by=cast.ada, now=now + 2 * HOUR, reason="Ben is ill")
    reject(lead=rejected, by=cast.ada, now=now + 2 * HOUR, reason="no_budget")
    assert tell(now)[2:] == [("Ben", "taken_back", "Ben is ill"), ("Ben", "taken_back", "No budget")]


def test_a_lead_closed_by_somebody_else_was_taken_back_and_one_she_closed_was_not(cast, now):
    for by in (cast.mia, cast.ben):
        lead = arrived(now)
        with changing([lead], by=by, now=now + HOUR):
            set_disposition(leads=[lead], to=Disposition.LOST, reason="Bought elsewhere", by=by, now=now + HOUR)
    assert Handover.objects.open().count() == 0
    assert [words for _, kind, words in tell(now) if kind == "taken_back"] == ["Lost: Bought elsewhere"]


def test_arrived_and_taken_back_before_she_looked_are_both_told_however_late(cast, now):
    return_lead(lead=arrived(now), by=cast.ada, now=now + HOUR, reason="Too early")
    assert [kind for _, kind, _ in tell(now + 24 * HOUR)] == ["arrived", "taken_back"]
    # Dated by when it happened.
    assert list(Notice.objects.order_by("at").values_list("at", flat=True)) == [now, now + HOUR]


def test_a_grade_that_falls_out_of_those_of_sales_is_told(cast, now):
    lead = accepted(cast, now)
    for place, name in enumerate(["Ulm", "Jena", "Bonn", "Kiel"]):
        moved(lead, name, cast.mia, now + (place + 1) * HOUR)
    assert tell(now)[1:] == [("Ben", "faded", "Graded C, was B")]


def test_a_lead_that_is_taken_back_because_it_faded_is_told_once(cast, now):
    moved(arrived(now), "Jena", cast.mia, now + HOUR)
    assert tell(now)[1:] == [("Ben", "taken_back", "Graded C before it was accepted")]


def test_which_grades_are_for_sales_the_policy_says(cast, now):
    lead = accepted(cast, now)
    RoutingPolicy.objects.update(side_b="marketing")
    moved(lead, "Ulm", cast.mia, now + HOUR)
    assert tell(now)[1:] == [("Ben", "faded", "Graded B, was A")]


def test_falls_followed_late_are_judged_by_the_policy_of_that_moment(cast, now):
    to_b, to_c = arrived(now), arrived(now)
    moved(to_b, "Ulm", cast.mia, now + HOUR)
    moved(to_c, "Jena", cast.mia, now + HOUR)
    RoutingPolicy.objects.update(side_b="marketing", side_c="sales")
    fallen = [words for _, kind, words in tell(now + 2 * HOUR) if kind == "faded"]
    assert fallen == ["Graded B, was A"]


def test_a_first_grade_and_one_of_a_lead_without_an_owner_are_nobodys_news(cast, now):
    settle([city("Jena")], now=now)
    User.objects.update(capacity=0)
    moved(arrived(now), "Jena", cast.mia, now + HOUR)
    assert tell(now) == []


def test_whose_the_lead_was_when_its_grade_fell_is_told_whatever_the_clocks_say(cast, now):
    # Each time by the clock of another worker, which is not the one by which the lead moved.
    lead = city("Kiel")
    fell = [grade_row(lead, "A", "C", at=now + 3 * HOUR)]
    settle([lead], now=now)
    fell.append(grade_row(lead, "A", "C", at=now - HOUR))
    assign(leads=[lead], to=cast.cal, by=cast.ada, now=now + HOUR, reason="Knows the trade")
    fell.append(grade_row(lead, "A", "C", at=now))
    return_lead(lead=lead, by=cast.ada, now=now + 3 * HOUR, reason="Too early")
    fell.append(grade_row(lead, "A", "C", at=now + 2 * HOUR))

    tell_reps(fell, now=now)

    notices = Notice.objects.order_by("change")
    assert [(notice.recipient, notice.change) for notice in notices] == [
        (cast.ben, fell[1].id),
        (cast.cal, fell[2].id),
    ]


def test_whose_the_lead_was_is_known_when_the_news_of_it_is_forgotten(cast, now):
    kept, given_on = arrived(now), arrived(now)
    ChangeRow.objects.filter(kind=ChangeKind.OWNER).delete()
    fell = [grade_row(lead, "A", "C", at=now - HOUR) for lead in (kept, given_on)]
    assign(leads=[given_on], to=cast.cal, by=cast.ada, now=now + HOUR, reason="Knows the trade")

    tell_reps(fell, now=now)

    assert [notice.recipient for notice in Notice.objects.all()] == [cast.ben, cast.ben]


def test_a_deactivated_owner_keeps_her_notices_and_sees_none(cast, now):
    arrived(now)
    User.objects.filter(pk=cast.ben.pk).update(is_active=False)
    assert len(tell(now)) == 1
    cast.ben.refresh_from_db()
    assert not Notice.objects.visible_to(cast.ben).exists()


def test_the_notices_of_a_lead_that_is_deleted_go_along(cast, now):
    told, untold = arrived(now), arrived(now)
    rows = list(ChangeRow.objects.filter(kind=ChangeKind.OWNER, lead=untold))
    tell(now)
    told.delete()
    untold.delete()
    assert not Notice.objects.exists()
    # Nor do rows that were read before the lead was gone hold anybody up.
    tell_reps(rows, now=now)
    assert not Notice.objects.exists()


@pytest.mark.parametrize("count", [1, 40])
def test_any_number_of_rows_takes_as_many_queries(cast, now, count, django_assert_num_queries):
    User.objects.filter(pk=cast.ben.pk).update(capacity=count)
    leads = [city("Kiel") for _ in range(count)]
    settle(leads, now=now)
    rows = list(ChangeRow.objects.filter(kind__in=NOTICES.kinds))
    rows += [grade_row(lead, "A", "C", at=now + HOUR) for lead in leads]
    with django_assert_num_queries(5):
        tell_reps(rows, now=now)
    assert Notice.objects.count() == 2 * count
