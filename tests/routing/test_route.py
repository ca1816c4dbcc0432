import datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from leads.enums import Dimension, Disposition, FieldType, Side, Stage
from leads.models import Activity, Lead, Transition
from routing.actions import Routed, assign, route, share_out_pools
from routing.activities import HANDED_OVER
from routing.enums import HandoverEnd
from routing.models import AssignmentRule, Handover, RoutingPolicy
from scoring.actions import load_model, publish_model
from team.enums import Role
from team.models import Absence, Pool, PoolMember, User
from tests.cast import make_user
from tests.factories.deeds import log_activity
from tests.factories.leads import make_campaign, make_field, make_lead

HOUR = datetime.timedelta(hours=1)


def policy():
    return RoutingPolicy.objects.get(is_active=True)


def owners(*leads):
    return list(
        Lead.objects.filter(pk__in=[lead.pk for lead in leads]).order_by("pk").values_list("owner__name", flat=True)
    )


def test_the_default_policy_hands_over_a_and_b_only(cast, now):
    leads = {grade: make_lead(grade=grade, score=10) for grade in ("A", "B", "C", "D", None)}
    done = route([lead.pk for lead in leads.values()], now=now)
    assert done == Routed(handed_over=2, pooled=0)
    sides = {grade: Lead.objects.get(pk=lead.pk).side for grade, lead in leads.items()}
    assert sides == {"A": "sales", "B": "sales", "C": "marketing", "D": "marketing", None: "marketing"}


def test_another_policy_hands_over_what_it_says(cast, now):
    policy_before = policy()
    RoutingPolicy.objects.filter(pk=policy_before.pk).update(is_active=False)
    RoutingPolicy.objects.exclude(pk=policy_before.pk).update(is_active=True)
    a, b = make_lead(grade="A"), make_lead(grade="B")
    assert route([a.pk, b.pk], now=now) == Routed(handed_over=1, pooled=0)
    assert owners(a, b) == ["Ben", None]


def test_without_an_active_policy_nothing_is_handed_over(cast, now):
    RoutingPolicy.objects.update(is_active=False)
    assert route([make_lead(grade="A").pk], now=now) == Routed()


@pytest.mark.parametrize("disposition", [Disposition.DISQUALIFIED, Disposition.RECYCLED, Disposition.LOST])
def test_who_is_not_open_stays(cast, now, disposition):
    assert route([make_lead(grade="A", disposition=disposition).pk], now=now) == Routed()


def test_a_customer_stays_in_her_growth_program(cast, now):
    day = now.date()
    lead = make_lead(grade="A", stage=Stage.CUSTOMER, email="c@example.com", contract_on=day, first_paid_on=day)
    assert route([lead.pk], now=now) == Routed()


def test_a_hand_over_is_written_down_whole(cast, now):
    lead = make_lead(grade="A", score=80)
    route([lead.pk], now=now)
    lead.refresh_from_db()
    handover = Handover.objects.get()
    assert (lead.side, lead.owner, lead.pool, lead.stage) == (Side.SALES, cast.ben, None, Stage.QUALIFIED)
    assert (handover.lead, handover.owner, handover.handed_at, handover.assigned_at) == (lead, cast.ben, now, now)
    assert (handover.handed_by, handover.pool.code, handover.end) == (None, "sales", "")
    sales = handover.pool.pk
    why = {"pool": sales, "pool_name": "Sales", "taken": 0, "capacity": 30}
    assert (handover.why, handover.why_facts) == ("turn", why)
    step = Transition.objects.filter(lead=lead).latest("seq")
    assert (step.from_stage, step.to_stage) == ("name", "qualified")
    assert step.reason == "handed_over"
    payload = Activity.objects.get(lead=lead, kind="stage_changed", payload__to="qualified").payload
    policy_name = "A and B to sales, C and D to marketing"
    assert payload["facts"] == {"policy": policy().pk, "policy_name": policy_name}
    told = Activity.objects.get(lead=lead, kind=HANDED_OVER.code)
    assert told.payload == {
        "event": "handed_over",
        "pool": sales,
        "pool_name": "Sales",
        "owner": cast.ben.pk,
        "owner_name": "Ben",
        "due_at": "2026-06-10T14:00:00+00:00",
        "why": "turn",
        "why_facts": why,
    }


def test_a_higher_stage_is_kept(cast, now):
    lead = make_lead(grade="A", stage=Stage.PROSPECT)
    route([lead.pk], now=now)
    lead.refresh_from_db()
    assert lead.stage == Stage.PROSPECT


def test_the_best_leads_go_first_when_places_are_few(cast, now):
    User.objects.filter(pk=cast.ben.pk).update(capacity=1)
    User.objects.filter(pk=cast.cal.pk).update(capacity=0)
    low, high, b = make_lead(grade="A", score=80), make_lead(grade="A", score=95), make_lead(grade="B", score=99)
    assert route([low.pk, high.pk, b.pk], now=now) == Routed(handed_over=1, pooled=2)
    assert owners(low, high, b) == [None, "Ben", None]


def test_leads_are_shared_by_free_capacity(cast, now):
    User.objects.filter(pk=cast.ben.pk).update(capacity=2)
    User.objects.filter(pk=cast.cal.pk).update(capacity=4)
    leads = [make_lead(grade="A", score=90 - number) for number in range(6)]
    assert route([lead.pk for lead in leads], now=now) == Routed(handed_over=6)
    assert owners(*leads) == ["Cal", "Ben", "Cal", "Cal", "Ben", "Cal"]


def test_overflow_waits_in_the_pool_in_sight(cast, now):
    User.objects.update(capacity=1)
    leads = [make_lead(grade="A", score=90 - number) for number in range(4)]
    assert route([lead.pk for lead in leads], now=now) == Routed(handed_over=2, pooled=2)
    last = Lead.objects.get(pk=leads[-1].pk)
    assert (last.side, last.owner, last.pool.code, last.stage) == ("sales", None, "sales", "qualified")
    handover = Handover.objects.get(lead=last)
    assert (handover.owner, handover.due_at, handover.assigned_at, handover.why) == (None, None, None, "")
    assert handover.receipt["score"] == 87


def test_an_absent_rep_is_skipped(cast, now):
    Absence.objects.create(user=cast.ben, starts_on="2026-06-10", ends_on="2026-06-10")
    leads = [make_lead(grade="A") for _ in range(3)]
    route([lead.pk for lead in leads], now=now)
    assert owners(*leads) == ["Cal", "Cal", "Cal"]


def test_today_is_the_day_in_the_reps_own_time_zone(cast, now):
    # 10 June, 20:00 UTC is 11 June, 08:00 in Auckland, and 10 June in New York.
    evening = now.replace(hour=20)
    User.objects.filter(pk=cast.ben.pk).update(time_zone="Pacific/Auckland")
    User.objects.filter(pk=cast.cal.pk).update(time_zone="America/New_York")
    for rep in (cast.ben, cast.cal):
        Absence.objects.create(user=rep, starts_on="2026-06-11", ends_on="2026-06-11")
    leads = [make_lead(grade="A") for _ in range(2)]
    route([lead.pk for lead in leads], now=evening)
    assert owners(*leads) == ["Cal", "Cal"]


def test_people_without_the_role_or_access_are_skipped(cast, now):
    pool = Pool.objects.get(code="sales")
    gone = make_user("gus", Role.REP, is_active=False)
    for user in (gone, cast.mia, cast.ada):
        PoolMember.objects.create(pool=pool, user=user)
    leads = [make_lead(grade="A") for _ in range(4)]
    route([lead.pk for lead in leads], now=now)
    assert sorted(owners(*leads)) == ["Ben", "Ben", "Cal", "Cal"]


def test_the_first_rule_that_holds_names_the_pool(cast, now):
    east = Pool.objects.create(code="east", name="East")
    north = Pool.objects.create(code="north", name="North")
    eve, nia = make_user("eve", Role.REP), make_user("nia", Role.REP)
    PoolMember.objects.create(pool=east, user=eve)
    PoolMember.objects.create(pool=north, user=nia)
    is_german = {"field": "country", "op": "is", "value": "Germany"}
    AssignmentRule.objects.create(policy=policy(), position=1, name="Germany", condition=is_german, pool=east)
    AssignmentRule.objects.create(
        policy=policy(),
        position=2,
        name="Berlin or Kiel",
        condition={"field": "city", "op": "in", "value": ["Berlin", "Kiel"]},
        pool=north,
    )
    both = make_lead(grade="A", email="1@example.com", country="Germany", city="Berlin")
    second = make_lead(grade="A", email="2@example.com", city="Kiel")
    neither = make_lead(grade="A", email="3@example.com", country="France")
    route([both.pk, second.pk, neither.pk], now=now)
    assert owners(both, second, neither) == ["Eve", "Nia", "Ben"]
    facts = Handover.objects.get(lead=both).why_facts
    assert (facts["pool_name"], facts["rule_name"], facts["taken"], facts["capacity"]) == ("East", "Germany", 0, 30)


def test_a_rule_about_a_field_that_is_gone_is_passed_over(cast, now, caplog):
    pool = Pool.objects.create(code="east", name="East")
    broken = {"field": "gone", "op": "is", "value": "x"}
    AssignmentRule.objects.create(policy=policy(), position=1, name="Broken", condition=broken, pool=pool)
    lead = make_lead(grade="A")
    assert route([lead.pk], now=now) == Routed(handed_over=1)
    assert owners(lead) == ["Ben"]
    assert "Assignment rule Broken is passed over" in caplog.text


def test_the_number_of_queries_does_not_grow_with_the_leads(cast, now):
    def queries(count):
        ids = [make_lead(grade="A").pk for _ in range(count)]
        with CaptureQueriesContext(connection) as seen:
            assert route(ids, now=now) == Routed(handed_over=count)
        return len(seen)

    assert queries(1) == queries(12)


def test_routing_twice_changes_nothing(cast, now):
    lead = make_lead(grade="A")
    assert route([lead.pk], now=now) == Routed(handed_over=1)
    assert route([lead.pk], now=now + HOUR) == Routed()
    assert Handover.objects.count() == 1


def test_a_lead_that_is_gone_is_no_trouble(cast, now):
    assert route([999_999], now=now) == Routed()
    assert route([], now=now) == Routed()


def test_new_leads_leave_free_places_to_better_ones_that_wait(cast, now):
    User.objects.update(capacity=0)
    waiting = make_lead(grade="A", score=90)
    route([waiting.pk], now=now)
    User.objects.filter(pk=cast.ben.pk).update(capacity=1)
    worse = make_lead(grade="B", score=60)
    assert route([worse.pk], now=now + HOUR) == Routed(pooled=1)
    assert share_out_pools(now=now + HOUR) == 1
    assert owners(waiting, worse) == ["Ben", None]


def test_due_times_count_business_hours_across_the_weekend(cast, now):
    friday = datetime.datetime(2026, 6, 12, 14, 30, tzinfo=datetime.UTC)
    User.objects.filter(pk=cast.ben.pk).update(time_zone="Europe/Berlin")
    User.objects.filter(pk=cast.cal.pk).update(capacity=0)
    a, b = make_lead(grade="A"), make_lead(grade="B")
    route([a.pk, b.pk], now=friday)
    # In Berlin it is 16:30, half an hour before the end of the week; Monday starts at 07:00 UTC.
    assert Handover.objects.get(lead=a).due_at == datetime.datetime(2026, 6, 15, 10, 30, tzinfo=datetime.UTC)
    assert Handover.objects.get(lead=b).due_at == datetime.datetime(2026, 6, 15, 14, 30, tzinfo=datetime.UTC)


def test_the_receipt_holds_the_evidence(cast, now):
    make_field("purse", FieldType.CHOICE, answers=["yes", "no"], dimension=Dimension.BUDGET)
    make_field("shoe_size", FieldType.INTEGER)
    model = load_model(
        data={
            "name": "Fit",
            "ranges": {"A": [50, None], "B": [30, 49], "C": [10, 29], "D": [None, 9]},
            "rules": [
                {"label": "Has a budget", "points": 40, "when": {"answer": "purse", "op": "is", "value": "yes"}},
                {"label": "From France", "points": 5, "when": {"field": "country", "op": "is", "value": "France"}},
                {"label": "From Kiel", "points": 15, "when": {"field": "city", "op": "is", "value": "Kiel"}},
            ],
        },
        by=cast.ann,
        now=now,
    )
    publish_model(model=model, by=cast.ann, now=now)
    lead = make_lead(
        email="pat@example.com",
        city="Kiel",
        purse="yes",
        shoe_size=44,
        campaign=make_campaign("spring"),
        now=now - HOUR,
    )
    log_activity(lead=lead, kind="form", by=None, now=now - HOUR, payload={"name": "Price list"})
    log_activity(lead=lead, kind="call", by=cast.mia, now=now - HOUR / 2, payload={"text": "Wants a demo"})
    Lead.objects.filter(pk=lead.pk).update(
        score=55, score_ledger=[40, 0, 15], grade="A", score_version=model.version, scored_at=now
    )
    route([lead.pk], now=now)
    assert Handover.objects.get().receipt == {
        "score": 55,
        "grade": "A",
        "model_version": model.version,
        "ledger": [{"rule": 1, "points": 40}, {"rule": 3, "points": 15}],
        "answers": {"purse": "yes"},
        "labels": {"purse": {"yes": 1}},
        "source": "website",
        "source_name": "Website",
        "campaign": "spring",
        "campaign_name": "Spring",
        "stage": "name",
        "last_touches": [
            {"kind": "call", "at": "2026-06-10T09:30:00Z", "text": "Wants a demo"},
            {"kind": "form", "at": "2026-06-10T09:00:00Z", "text": "Price list"},
        ],
    }


@pytest.mark.parametrize(
    "change",
    [
        {"receipt": {}},
        {"handed_at": datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)},
        {"due_at": datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)},
        {"why": "Because"},
        {"why_facts": {"pool": 1}},
    ],
)
def test_the_evidence_never_changes(cast, now, change):
    lead = make_lead(grade="A")
    route([lead.pk], now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Handover.objects.filter(lead=lead).update(**change)


def test_an_ended_hand_over_never_changes(cast, now):
    lead = make_lead(grade="A")
    route([lead.pk], now=now)
    assign(leads=[lead], to=cast.cal, by=cast.ada, now=now, reason="Knows her")
    with pytest.raises(IntegrityError), transaction.atomic():
        Handover.objects.filter(end=HandoverEnd.RECALLED).update(end_reason="Another")
