"""Who is told what, from real hand-overs."""

import datetime

import pytest

from leads.enums import Disposition
from notices.actions import tell_reps
from notices.enums import NoticeKind
from notices.models import Notice
from routing.actions import assign, regrade_and_route, reject, return_lead
from routing.models import Handover, RoutingPolicy
from team.enums import Role
from team.models import User
from tests.cast import make_user
from tests.factories.deeds import log_activity, set_disposition
from tests.factories.leads import make_lead
from tests.factories.notices import grade_row, owner_row
from tests.factories.routing import city, publish_cities

HOUR = datetime.timedelta(hours=1)


def told():
    return [(notice.recipient.name, notice.kind) for notice in Notice.objects.order_by("pk")]


def tell(*rows, now):
    tell_reps(rows, now=now)
    return told()


def handed(lead):
    return Handover.objects.get(lead=lead, ended_at=None)


def test_a_lead_handed_over_by_the_policy_has_arrived(cast, now):
    publish_cities(by=cast.ann, now=now)
    lead = city("Kiel")
    regrade_and_route([lead], now=now)
    handover = handed(lead)
    assert tell(owner_row(handover), now=now + HOUR) == [(handover.owner.name, "arrived")]
    notice = Notice.objects.get()
    assert (notice.lead, notice.handover, notice.at, notice.told_at) == (lead, handover, now, now + HOUR)
    assert notice.words == "Next in Sales: 0 of 30 places taken"


def test_the_same_row_tells_once(cast, now):
    row = owner_row(handed(make_lead(owner=cast.ben)))
    tell(row, now=now)
    assert tell(row, row, now=now + HOUR) == [("Ben", "arrived")]
    assert Notice.objects.get().told_at == now


def test_a_lead_given_on_has_left_one_and_arrived_at_another(cast, now):
    lead = make_lead(owner=cast.ben, grade="A", score=90)
    before = handed(lead)
    assign(leads=[lead], to=cast.cal, by=cast.ada, now=now + HOUR, reason="Knows the trade")
    before.refresh_from_db()
    rows = [owner_row(before, became=False), owner_row(handed(lead))]
    assert tell(*rows, now=now + HOUR) == [("Ben", "taken_back"), ("Cal", "arrived")]
    lost, got = Notice.objects.order_by("pk")
    assert lost.words == "Given to Cal by Ada: Knows the trade"
    assert got.words == "By Ada: Knows the trade"


def test_nobody_is_told_what_she_took_or_gave_back_herself(cast, now):
    lead = make_lead(owner=cast.ben, grade="A", score=90)
    both = make_user("bea", Role.REP, Role.MANAGER)
    ended = return_lead(lead=lead, by=cast.ben, now=now + HOUR, reason="On holiday")
    assign(leads=[lead], to=both, by=both, now=now + 2 * HOUR, reason="Mine")
    assert tell(owner_row(ended, became=False), owner_row(handed(lead)), now=now) == []


def test_a_lead_that_a_manager_returns_or_rejects_was_taken_back(cast, now):
    returned, rejected = (make_lead(owner=cast.ben, grade="A", score=90) for _ in range(2))
    log_activity(lead=rejected, kind="call", payload={}, occurred_at=now + HOUR, by=cast.ben, now=now + HOUR)
    ends = [
        return_lead(lead=returned, by=cast.ada, now=now + 2 * HOUR, reason="Ben is ill"),
        reject(lead=rejected, by=cast.ada, now=now + 2 * HOUR, reason="no_budget"),
    ]
    assert tell(*(owner_row(end, became=False) for end in ends), now=now) == [("Ben", "taken_back")] * 2
    assert [notice.words for notice in Notice.objects.order_by("pk")] == ["Ben is ill", "No budget"]


def test_a_lead_closed_by_somebody_else_was_taken_back_and_one_she_closed_was_not(cast, now):
    publish_cities(by=cast.ann, now=now)
    ends = []
    for by in (cast.mia, cast.ben):
        lead = make_lead(owner=cast.ben, grade="A", score=90, city="Kiel")
        set_disposition(leads=[lead], to=Disposition.LOST, reason="Bought elsewhere", by=by, now=now + HOUR)
        regrade_and_route([lead], now=now + HOUR, by=by)
        ends.append(Handover.objects.get(lead=lead))
    tell(*(owner_row(end, became=False) for end in ends), now=now + HOUR)
    assert [(notice.handover, notice.words) for notice in Notice.objects.all()] == [(ends[0], "Lost: Bought elsewhere")]


def test_arrived_and_taken_back_before_she_looked_are_both_told(cast, now):
    lead = make_lead(owner=cast.ben, grade="A", score=90)
    handover = handed(lead)
    arrived = owner_row(handover)
    return_lead(lead=lead, by=cast.ada, now=now + HOUR, reason="Too early")
    handover.refresh_from_db()
    # Also when both are followed only then, after the hand-over has ended.
    assert tell(arrived, owner_row(handover, became=False), now=now + 2 * HOUR) == [
        ("Ben", "arrived"),
        ("Ben", "taken_back"),
    ]


@pytest.mark.parametrize(
    ("was", "became", "is_told"),
    [("A", "C", True), ("B", "D", True), ("A", "B", False), ("C", "D", False), ("C", "A", False), ("", "C", False)],
)
def test_a_grade_that_falls_out_of_those_of_sales_is_told(cast, now, was, became, is_told):
    lead = make_lead(owner=cast.ben)
    tell(grade_row(lead, was, became, at=now + HOUR), now=now + HOUR)
    assert [(n.kind, n.facts, n.words) for n in Notice.objects.all()] == (
        [(NoticeKind.FADED, {"from": was, "to": became}, f"Graded {became}, was {was}")] if is_told else []
    )


def test_which_grades_are_for_sales_the_policy_says(cast, now):
    RoutingPolicy.objects.update(side_b="marketing")
    assert tell(grade_row(make_lead(owner=cast.ben), "A", "B"), now=now) == [("Ben", "faded")]


def test_whose_the_lead_was_at_that_moment_is_told_of_its_grade(cast, now):
    lead = make_lead(owner=cast.ben, grade="A", score=90)
    fell = [grade_row(lead, "A", "C", at=now + hours * HOUR) for hours in (-1, 1, 3)]
    assign(leads=[lead], to=cast.cal, by=cast.ada, now=now + 2 * HOUR, reason="Knows the trade")
    assert tell(*fell, now=now) == [("Ben", "faded"), ("Cal", "faded")]


def test_a_lead_that_waits_in_a_pool_is_nobodys_to_be_told_of(cast, now):
    lead = make_lead(pool=RoutingPolicy.objects.get(is_active=True).default_pool)
    assert tell(grade_row(lead, "A", "C"), now=now) == []


def test_a_deactivated_owner_keeps_her_notices(cast, now):
    User.objects.filter(pk=cast.ben.pk).update(is_active=False)
    assert tell(owner_row(handed(make_lead(owner=cast.ben))), now=now) == [("Ben", "arrived")]
    cast.ben.is_active = False
    assert not Notice.objects.visible_to(cast.ben).exists()


def test_rows_of_a_lead_that_is_gone_tell_nothing_and_its_notices_go_along(cast, now):
    lead, gone = make_lead(owner=cast.ben), make_lead(owner=cast.ben)
    tell(owner_row(handed(lead)), now=now)
    row = owner_row(handed(gone))
    gone.delete()
    lead.delete()
    assert tell(row, now=now) == []


@pytest.mark.parametrize("count", [1, 40])
def test_any_number_of_rows_takes_as_many_queries(cast, now, count, django_assert_num_queries):
    leads = [make_lead(owner=cast.ben) for _ in range(count)]
    rows = [owner_row(handed(lead)) for lead in leads] + [grade_row(lead, "A", "C") for lead in leads]
    with django_assert_num_queries(4):
        tell_reps(rows, now=now)
    assert Notice.objects.count() == 2 * count
