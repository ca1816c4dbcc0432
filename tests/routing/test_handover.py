import datetime

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from leads.activities import kinds
from leads.models import Activity, Lead
from routing.actions import Routed, accept, assign, reject, return_lead, route
from routing.actions.handover import note_first_touches
from routing.enums import RejectReason
from routing.models import Handover
from team.models import Absence, PoolMember
from tests.factories.deeds import log_activity, record_activities, set_disposition
from tests.factories.leads import make_lead
from tests.factories.notices import grade_row

HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def lead(cast, now):
    """An A lead handed to ben."""
    lead = make_lead(grade="A", score=80)
    route([lead.pk], now=now)
    lead.refresh_from_db()
    assert lead.owner == cast.ben
    return lead


def worked(lead, by, now):
    return log_activity(lead=lead, kind=kinds.CALL.code, by=by, now=now, payload={"text": "Talked"})


def test_the_owner_accepts_once(cast, now, lead):
    assert accept(lead=lead, by=cast.ben, now=now + HOUR).accepted_at == now + HOUR
    assert accept(lead=lead, by=cast.ben, now=now + 2 * HOUR).accepted_at == now + HOUR
    told = Activity.objects.filter(lead=lead, payload__event="accepted")
    assert [line.payload for line in told] == [{"event": "accepted"}]


@pytest.mark.parametrize("who", ["cal", "ada", "mia"])
def test_nobody_else_accepts(cast, now, lead, who):
    with pytest.raises(PermissionDenied):
        accept(lead=lead, by=getattr(cast, who), now=now)
    assert Handover.objects.get().accepted_at is None


def test_what_was_taken_away_meanwhile_cannot_be_accepted(cast, now, lead):
    return_lead(lead=lead, by=cast.ada, now=now, reason="Wrong team")
    with pytest.raises(ValidationError) as refused:
        accept(lead=lead, by=cast.ben, now=now)
    assert refused.value.code == "gone"


def test_a_returned_lead_is_marketings_again_with_the_reason(cast, now, lead):
    handover = return_lead(lead=lead, by=cast.ben, now=now + HOUR, reason=" No time this week ")
    assert (handover.end, handover.end_reason, handover.ended_by) == ("returned", "No time this week", cast.ben)
    assert (lead.side, lead.owner, lead.pool, lead.disposition) == ("marketing", None, None, "open")
    told = Activity.objects.get(lead=lead, payload__event="returned")
    assert told.payload == {"event": "returned", "reason": "No time this week"}


@pytest.mark.parametrize("who", ["cal", "mia"])
def test_strangers_give_nothing_back(cast, now, lead, who):
    worked(lead, cast.ben, now)
    with pytest.raises(PermissionDenied):
        return_lead(lead=lead, by=getattr(cast, who), now=now, reason="Mine now")
    with pytest.raises(PermissionDenied):
        reject(lead=lead, by=getattr(cast, who), now=now, reason="no_budget")
    assert Handover.objects.get().end == ""


def test_an_untouched_lead_cannot_be_rejected(cast, now, lead):
    record_activities(rows=[{"lead_id": lead.pk, "kind": "email_sent", "occurred_at": now}], now=now)
    worked(lead, cast.mia, now - HOUR)  # before the hand-over: that was marketing
    with pytest.raises(ValidationError) as refused:
        reject(lead=lead, by=cast.ben, now=now + HOUR, reason=RejectReason.NO_BUDGET)
    assert refused.value.code == "unworked"
    assert "Return it as unworked instead." in refused.value.message
    assert Handover.objects.get().end == ""


def test_an_unknown_reason_is_refused(cast, now, lead):
    worked(lead, cast.ben, now)
    with pytest.raises(ValidationError) as refused:
        reject(lead=lead, by=cast.ben, now=now, reason="ugly")
    assert refused.value.message_dict == {"reason": ["ugly is no reason to reject a lead for."]}


@pytest.mark.parametrize(
    ("reason", "disposition", "days"),
    [
        (RejectReason.NO_BUDGET, "recycled", 90),
        (RejectReason.BAD_TIMING, "recycled", 90),
        (RejectReason.UNREACHABLE, "recycled", 30),
        (RejectReason.COMPETITOR_OR_STUDENT, "disqualified", None),
        (RejectReason.WRONG_COMPANY, "disqualified", None),
        (RejectReason.NOT_DECISION_MAKER, "open", None),
    ],
)
def test_a_worked_lead_is_rejected_with_a_coded_reason(cast, now, lead, reason, disposition, days):
    worked(lead, cast.ben, now + HOUR)
    handover = reject(lead=lead, by=cast.ben, now=now + 2 * HOUR, reason=reason, note="Said so")
    assert (handover.end, handover.end_reason, handover.first_touch_at) == ("rejected", reason.value, now + HOUR)
    assert (lead.side, lead.owner, lead.disposition) == ("marketing", None, disposition)
    assert lead.recycle_on == (days and now.date() + datetime.timedelta(days=days))
    told = Activity.objects.get(lead=lead, payload__event="rejected")
    assert told.payload == {
        "event": "rejected",
        "reason": reason.value,
        "note": "Said so",
    }


def test_every_reason_is_one_of_ten():
    assert len(RejectReason) == 10


def test_a_returned_lead_does_not_bounce_back(cast, now, lead):
    return_lead(lead=lead, by=cast.ben, now=now + HOUR, reason="No time")
    assert route([lead.pk], now=now + 2 * HOUR) == Routed()


@pytest.mark.parametrize("kind", ["form", "visit", "email_clicked", "email_replied", "event_attended", "call"])
def test_a_new_signal_brings_it_back(cast, now, lead, kind):
    return_lead(lead=lead, by=cast.ben, now=now + HOUR, reason="No time")
    log_activity(lead=lead, kind=kind, by=None, now=now + 2 * HOUR)
    assert route([lead.pk], now=now + 2 * HOUR) == Routed(handed_over=1)
    new, old = Handover.objects.filter(lead=lead)
    assert new.handed_at == now + 2 * HOUR


@pytest.mark.parametrize(
    "row",
    [
        {"kind": "visit", "is_machine": True},
        {"kind": "email_opened"},
        {"kind": "email_sent"},
        {"kind": "note"},
        {"kind": "grade_changed", "payload": {"from": "B", "to": "A"}},
    ],
)
def test_what_says_nothing_new_does_not_bring_it_back(cast, now, lead, row):
    return_lead(lead=lead, by=cast.ben, now=now + HOUR, reason="No time")
    record_activities(rows=[{"lead_id": lead.pk, "occurred_at": now + 2 * HOUR} | row], now=now + 2 * HOUR)
    assert route([lead.pk], now=now + 3 * HOUR) == Routed()


def test_a_signal_from_before_the_end_does_not_bring_it_back(cast, now, lead):
    log_activity(lead=lead, kind="form", by=None, now=now + HOUR)
    return_lead(lead=lead, by=cast.ben, now=now + HOUR, reason="No time")
    assert route([lead.pk], now=now + 2 * HOUR) == Routed()


@pytest.mark.parametrize(
    ("was", "became", "hours", "given"), [("B", "A", 2, 1), ("A", "B", 2, 0), ("", "A", 2, 0), ("B", "A", 0, 0)]
)
def test_a_grade_that_rose_since_then_brings_it_back(cast, now, lead, was, became, hours, given):
    return_lead(lead=lead, by=cast.ben, now=now + HOUR, reason="No time")
    grade_row(lead, was, became, at=now + hours * HOUR).save(force_insert=True)
    assert route([lead.pk], now=now + 2 * HOUR) == Routed(handed_over=given)


def test_opening_a_recycled_lead_again_brings_it_back(cast, now, lead):
    worked(lead, cast.ben, now)
    reject(lead=lead, by=cast.ben, now=now + HOUR, reason=RejectReason.BAD_TIMING)
    assert route([lead.pk], now=now + 2 * HOUR) == Routed()
    set_disposition(leads=[lead], to="open", reason="Called us", by=cast.mia, now=now + 2 * HOUR)
    assert route([lead.pk], now=now + 2 * HOUR) == Routed(handed_over=1)


def test_hand_overs_of_one_moment_follow_each_other(cast, now, lead):
    return_lead(lead=lead, by=cast.ben, now=now, reason="No time")
    log_activity(lead=lead, kind="form", by=None, now=now, occurred_at=now + datetime.timedelta(milliseconds=1))
    assert route([lead.pk], now=now) == Routed(handed_over=1)
    new, old = Handover.objects.filter(lead=lead)
    assert now < old.ended_at <= new.handed_at
    assert Lead.objects.get(pk=lead.pk).side == "sales"


@pytest.fixture
def waited(cast, now):
    """An A lead that waited in the pool for two hours, was called by ada meanwhile, and is ben's since then."""
    PoolMember.objects.all().delete()
    lead = make_lead(grade="A", score=80)
    assert route([lead.pk], now=now) == Routed(pooled=1)
    worked(lead, cast.ada, now + HOUR)
    assign(leads=[lead], to=cast.ben, by=cast.ada, now=now + 2 * HOUR, reason="He knows her")
    lead.refresh_from_db()
    return lead


def test_a_call_while_the_lead_waited_for_a_rep_is_not_the_reps_first_touch(cast, now, waited):
    note_first_touches([waited.pk])
    assert Handover.objects.get().first_touch_at is None
    worked(waited, cast.ben, now + 3 * HOUR)
    note_first_touches([waited.pk])
    assert Handover.objects.get().first_touch_at == now + 3 * HOUR


def test_a_colleagues_call_is_not_the_owners_first_touch(cast, now, lead):
    worked(lead, cast.ada, now + HOUR)
    worked(lead, cast.ben, now + 2 * HOUR)
    note_first_touches([lead.pk])
    assert Handover.objects.get().first_touch_at == now + 2 * HOUR


def test_a_call_from_before_the_rep_got_it_does_not_make_the_lead_worked(cast, now, waited):
    with pytest.raises(ValidationError) as refused:
        reject(lead=waited, by=cast.ben, now=now + 3 * HOUR, reason=RejectReason.NO_NEED)
    assert refused.value.code == "unworked"


def test_a_colleague_who_stood_in_makes_the_lead_worked(cast, now, lead):
    worked(lead, cast.ada, now + HOUR)
    handover = reject(lead=lead, by=cast.ben, now=now + 2 * HOUR, reason=RejectReason.NO_NEED)
    assert (handover.end, handover.first_touch_at) == ("rejected", None)


def test_a_lead_given_to_somebody_whose_absences_never_end_is_due_all_the_same(cast, now, lead):
    days = datetime.timedelta(days=1000)
    for number in range(6):
        first = now.date() + number * days
        Absence.objects.create(user=cast.cal, starts_on=first, ends_on=first + days)

    assign(leads=[lead], to=cast.cal, by=cast.ada, now=now, reason="Knows her")

    assert now < Handover.objects.open().get().due_at < now + datetime.timedelta(days=10)
