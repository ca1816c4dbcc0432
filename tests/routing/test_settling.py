import datetime
import json

import pytest
from django.core.management import call_command
from django.db import connection

from jobs.actions import retry
from leads.actions import record
from leads.actions.other_keys import add_key
from leads.actions.record import note_entered_again
from leads.activities import Because
from leads.models import Activity, DirtyLead, Lead
from routing.actions import (
    Settled,
    accept,
    assign,
    changing,
    record_outcome,
    regrade_chunk,
    request_nightly_regrade,
    reroute,
    return_lead,
    settle_dirty,
    settle_marked,
)
from routing.models import Handover, RoutingPolicy
from routing.queries import faded_from, queue
from routing.words import end_words
from scoring.actions import fail_chunk, load_model, publish_model, request_regrade
from scoring.models import RegradeChunk, RegradeRun
from team.models import User
from tests.factories.deeds import change_lead, log_activity, mark, set_disposition, settle
from tests.factories.leads import make_lead
from tests.factories.routing import MODEL, city

HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)


def facts(lead):
    lead.refresh_from_db()
    return lead.grade, lead.side, lead.owner and lead.owner.name


def test_grade_side_owner_and_receipt_come_together(cast, now, model):
    kiel, jena = city("Kiel"), city("Jena")
    assert settle([kiel.pk, jena.pk], now=now) == Settled(leads=2, changed=2, handed_over=1, pooled=0)
    assert facts(kiel) == ("A", "sales", "Ben")
    assert facts(jena) == ("C", "marketing", None)
    receipt = Handover.objects.get().receipt
    assert (receipt["score"], receipt["grade"], receipt["ledger"]) == (90, "A", [{"rule": 1, "points": 90}])


def test_when_routing_fails_the_grade_is_not_written_either(cast, now, model):
    lead = city("Kiel")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE routing_handover ADD CONSTRAINT nothing_goes CHECK (false) NOT VALID")
    with pytest.raises(Exception, match="nothing_goes"):
        settle([lead.pk], now=now)
    assert facts(lead) == ("", "marketing", None)
    assert DirtyLead.objects.filter(lead=lead).exists()


def test_a_mark_is_enough(cast, now, model):
    lead = city("Ulm")
    assert settle_dirty(now=now) == 1
    assert facts(lead) == ("B", "sales", "Ben")
    # What the hand-over wrote is nothing that a rule reads.
    assert settle_dirty(now=now) == 0
    assert Handover.objects.count() == 1


@pytest.mark.parametrize(
    "reads",
    [
        {"field": "stage", "op": "is", "value": "qualified"},
        {"activity": "handed_over", "at_least": 1},
    ],
)
def test_a_handover_is_scored_again_where_a_rule_reads_it(cast, now, reads):
    rules = [*MODEL["rules"], {"label": "With sales", "points": 5, "when": reads}]
    if "activity" in reads:
        rules[-1]["cap"] = 5
    publish_model(model=load_model(data=MODEL | {"rules": rules}, by=cast.ann, now=now), by=cast.ann, now=now)
    lead = city("Ulm")
    assert settle_dirty(now=now) == 1
    assert (facts(lead), lead.score) == (("B", "sales", "Ben"), 60)
    assert settle_dirty(now=now) == 1
    assert (facts(lead), lead.score) == (("B", "sales", "Ben"), 65)
    assert settle_dirty(now=now) == 0


def test_a_change_that_lifts_the_grade_hands_over(cast, now, model):
    lead = city("Jena")
    settle_dirty(now=now)
    change_lead(lead=lead, changes={"city": "Kiel"}, by=cast.mia, now=now + HOUR)
    settle([lead.pk], now=now + HOUR, by=cast.mia)
    assert facts(lead) == ("A", "sales", "Ben")
    assert Handover.objects.get().handed_by == cast.mia


def test_without_a_model_marks_are_taken_and_nothing_else_happens(cast, now):
    make_lead()
    assert settle_marked(now=now) == Settled(leads=1)
    assert settle_marked(now=now) == Settled()


def test_a_lead_that_is_gone_is_no_trouble(cast, now, model):
    assert settle([999_999], now=now).changed == 0
    lead = city("Kiel")
    Activity.objects.all().delete()
    Lead.objects.filter(pk=lead.pk).delete()
    assert settle_dirty(now=now) == 0


def test_a_returned_lead_comes_back_when_its_grade_rises(cast, now, model):
    lead = city("Ulm")
    settle_dirty(now=now)
    return_lead(lead=Lead.objects.get(pk=lead.pk), by=cast.ben, now=now + HOUR, reason="No time")
    assert settle_marked(now=now + 2 * HOUR).handed_over == 0
    change_lead(lead=lead, changes={"city": "Kiel"}, by=cast.mia, now=now + 3 * HOUR)
    assert settle_marked(now=now + 3 * HOUR).handed_over == 1


def test_a_recycled_lead_comes_back_on_its_day(cast, now, model):
    lead = city("Kiel")
    settle_dirty(now=now)
    record_outcome(lead=lead, outcome="not_now", by=cast.ben, now=now + HOUR, next_in_days=10)
    assert settle([lead.pk], now=now + 9 * DAY).handed_over == 0
    assert settle([lead.pk], now=now + 10 * DAY).handed_over == 1
    lead.refresh_from_db()
    assert (lead.disposition, lead.recycle_on, lead.side) == ("open", None, "sales")


def test_a_recycled_lead_that_asks_comes_back_at_once(cast, now, model):
    lead = city("Kiel")
    settle_dirty(now=now)
    record_outcome(lead=lead, outcome="not_now", by=cast.ben, now=now + HOUR, next_in_days=10)
    log_activity(lead=lead, kind="visit", by=None, now=now + DAY)
    assert settle([lead.pk], now=now + DAY).handed_over == 0
    log_activity(lead=lead, kind="form", by=None, now=now + 2 * DAY)
    assert settle([lead.pk], now=now + 2 * DAY).handed_over == 1


@pytest.mark.parametrize("wait", [0, 10])
def test_somebody_whom_sales_gave_back_goes_to_a_rep_when_she_is_entered_again(cast, now, model, wait):
    lead = city("Kiel")
    settle_dirty(now=now)
    if wait:
        record_outcome(lead=lead, outcome="not_now", by=cast.ben, now=now + HOUR, next_in_days=wait)
    else:
        return_lead(lead=Lead.objects.get(pk=lead.pk), by=cast.ben, now=now + HOUR, reason="No time")
    assert settle([lead.pk], now=now + 2 * HOUR).handed_over == 0
    with changing(by=cast.cal, now=now + DAY) as change:
        note_entered_again(change, lead=lead, values={"last_name": "Roe"}, note="Met at the fair, wants an offer")
    assert change.settled.handed_over == 1
    lead.refresh_from_db()
    assert (lead.disposition, lead.recycle_on, lead.side) == ("open", None, "sales")
    kinds = [touch["kind"] for touch in Handover.objects.order_by("pk").last().receipt["last_touches"]]
    assert "entered_again" in kinds


def test_a_lead_that_waits_and_fades_goes_back_to_marketing(cast, now, model):
    User.objects.update(capacity=0)
    lead = city("Kiel")
    settle_dirty(now=now)
    assert facts(lead) == ("A", "sales", None)
    change_lead(lead=lead, changes={"city": "Jena"}, by=cast.mia, now=now + HOUR)
    settle_dirty(now=now + HOUR)
    assert facts(lead) == ("C", "marketing", None)
    handover = Handover.objects.get()
    assert (handover.end, handover.end_reason, handover.end_facts) == (
        "recalled",
        "faded",
        {"grade": "C", "had_rep": False},
    )


def test_what_nobody_has_accepted_goes_back_in_the_same_transaction_when_it_fades(cast, now, model):
    lead = city("Kiel")
    settle_dirty(now=now)
    with changing([lead], by=cast.mia, now=now + HOUR) as change:
        record.change_lead(change, lead=lead, values={"city": "Jena"})
    assert facts(lead) == ("C", "marketing", None)
    handover = Handover.objects.get()
    assert (handover.end, handover.end_reason) == ("recalled", "faded")
    assert handover.end_facts == {"grade": "C", "had_rep": True}


def test_an_accepted_lead_stays_with_her_when_it_fades_and_is_marked(cast, now, model):
    lead = city("Kiel")
    settle_dirty(now=now)
    accept(lead=lead, by=cast.ben, now=now)
    assert faded_from(lead) == ""
    change_lead(lead=lead, changes={"city": "Jena"}, by=cast.ben, now=now + HOUR)
    settle_dirty(now=now + HOUR)
    assert facts(lead) == ("C", "sales", "Ben")
    assert faded_from(lead) == "A or B"
    assert [row.faded_from for row in queue(cast.ben, now=now + HOUR).rows] == ["A or B"]


def test_a_lead_given_by_hand_stays_whatever_its_grade(cast, now, model):
    lead = city("Jena")
    settle_dirty(now=now)
    assign(leads=[lead], to=cast.ben, by=cast.ann, now=now, reason="Knows her")
    change_lead(lead=lead, changes={"phone": "089 1234567"}, by=cast.ann, now=now + HOUR)
    settle_dirty(now=now + HOUR)
    assert facts(lead) == ("C", "sales", "Ben")
    accept(lead=lead, by=cast.ben, now=now + HOUR)
    assert faded_from(lead) == ""


def test_a_policy_that_no_longer_gives_a_letter_to_sales_takes_back_what_nobody_accepted(cast, now, model):
    kept, taken = city("Kiel"), city("Kiel")
    settle_dirty(now=now)
    kept.refresh_from_db()
    accept(lead=kept, by=kept.owner, now=now)
    RoutingPolicy.objects.filter(is_active=True).update(side_a="marketing")
    reroute(by=cast.ann, now=now + HOUR)
    while regrade_chunk(now=now + HOUR):
        pass
    assert (facts(kept)[1], facts(taken)[1]) == ("sales", "marketing")


def test_a_disqualified_lead_leaves_its_rep(cast, now, model):
    lead = city("Kiel")
    settle_dirty(now=now)
    set_disposition(leads=[lead], to="disqualified", reason="Asked to be left alone", by=cast.ann, now=now + HOUR)
    settle_dirty(now=now + HOUR)
    assert facts(lead) == ("A", "marketing", None)
    handover = Handover.objects.get()
    assert (handover.end, handover.end_reason) == ("recalled", "closed")
    assert handover.end_facts == {"disposition": "disqualified", "reason": "Asked to be left alone"}


def test_leads_closed_for_different_reasons_leave_their_reps_in_as_many_statements(
    cast, now, model, django_assert_num_queries
):
    given = {"to": cast.cal.pk, "to_name": "Cal"}
    closings = [
        (Because("given", given), {"reason": "given", "facts": given}, "Lost: Given to Cal"),
        (Because("duplicate"), {"reason": "duplicate", "facts": {}}, "Lost: Duplicate"),
        ("duplicate", {"reason": "duplicate"}, "Lost: duplicate"),
    ]
    for several in (closings[:1], closings):
        leads = [city("Kiel") for _ in several]
        settle_dirty(now=now)
        for lead, (reason, _, _) in zip(leads, several, strict=True):
            set_disposition(leads=[lead], to="lost", reason=reason, by=cast.ann, now=now + HOUR)

        with django_assert_num_queries(14):
            settle_dirty(now=now + HOUR)

        ended = Handover.objects.filter(lead__in=leads).order_by("lead_id")
        assert [(each.end_facts, end_words(each.end, each.end_reason, each.end_facts)) for each in ended] == [
            ({"disposition": "lost"} | kept, words) for _, kept, words in several
        ]
        told = Activity.objects.filter(lead__in=leads, payload__event="recalled").order_by("lead_id")
        assert [each.payload["facts"] for each in told] == [each.end_facts for each in ended]


def test_a_contact_logged_anywhere_is_the_first_touch(cast, now, model):
    lead = city("Kiel")
    settle_dirty(now=now)
    log_activity(lead=lead, kind="note", by=cast.ben, now=now + HOUR)
    log_activity(lead=lead, kind="call", by=cast.ben, now=now + 2 * HOUR)
    log_activity(lead=lead, kind="call", by=cast.ben, now=now + 3 * HOUR)
    settle_dirty(now=now + 3 * HOUR)
    assert Handover.objects.get().first_touch_at == now + 2 * HOUR


def test_one_lead_that_cannot_be_settled_holds_nobody_up(cast, now, model, caplog):
    good, bad, fine = city("Kiel"), city("Kiel"), city("Kiel")
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE routing_handover ADD CONSTRAINT not_her CHECK (lead_id <> {bad.pk}) NOT VALID")
    settle_dirty(now=now)
    assert facts(good)[1:] == ("sales", "Ben")
    assert facts(fine)[1:] == ("sales", "Cal")
    assert facts(bad) == ("", "marketing", None)
    mark = DirtyLead.objects.get(lead=bad)
    assert (mark.attempts, mark.next_try_at) == (1, now + datetime.timedelta(minutes=1))
    assert "not_her" in mark.failure
    assert f"Lead [{bad.pk}] could not be settled" in caplog.text
    assert settle_dirty(now=now + datetime.timedelta(seconds=59)) == 0
    assert DirtyLead.objects.filter(lead=bad).exists()


def test_a_lead_that_fails_again_and_again_is_put_aside_until_it_changes_or_somebody_asks(cast, now, model):
    bad = city("Kiel")
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE routing_handover ADD CONSTRAINT not_her CHECK (lead_id <> {bad.pk}) NOT VALID")
    tried = [minute for minute in range(60) if _attempted(bad, now + datetime.timedelta(minutes=minute))]
    assert tried == [0, 1, 3, 7, 15]
    (mark,) = DirtyLead.objects.put_aside()
    assert (mark.lead, mark.put_aside_at) == (bad, now + datetime.timedelta(minutes=15))
    assert not DirtyLead.objects.waiting().exists()

    change_lead(lead=bad, changes={"city": "Ulm"}, by=cast.ann, now=now + HOUR)
    assert _attempted(bad, now + HOUR)
    DirtyLead.objects.update(attempts=5, put_aside_at=now + HOUR)
    assert not _attempted(bad, now + DAY)
    assert retry(DirtyLead.objects.all()) == 1
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE routing_handover DROP CONSTRAINT not_her")
    assert settle_dirty(now=now + DAY) == 1
    assert facts(bad)[1:] == ("sales", "Ben")


def _attempted(lead, now):
    """Whether settling tries this lead, which fails."""
    before = DirtyLead.objects.get(lead=lead).attempts
    settle_dirty(now=now)
    return DirtyLead.objects.get(lead=lead).attempts > before


def test_a_run_settles_everybody_chunk_by_chunk(cast, now, model):
    leads = [city(name) for name in ("Kiel", "Ulm", "Jena", "Bonn", "Kiel")]
    request_regrade(by=cast.ann, now=now, size=2)
    assert [regrade_chunk(now=now) for _ in range(4)] == [2, 2, 1, 0]
    run = RegradeRun.objects.with_progress().get()
    assert (run.done, run.changed, run.finished_at) == (5, 5, now)
    assert [facts(lead)[0] for lead in leads] == ["A", "B", "C", "D", "A"]
    assert Handover.objects.count() == 3


def test_a_chunk_that_fails_leaves_nothing_and_says_why(cast, now, model):
    lead = city("Kiel")
    request_regrade(by=cast.ann, now=now)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE routing_handover ADD CONSTRAINT nothing_goes CHECK (false) NOT VALID")
    with pytest.raises(Exception, match="nothing_goes"):
        regrade_chunk(now=now)
    run = RegradeRun.objects.with_progress().get()
    assert (run.done, run.chunks.get().done_at, run.finished_at) == (0, None, None)
    assert "nothing_goes" in run.failure
    assert facts(lead)[0] == ""


def test_the_nightly_run_is_asked_for_once_a_day(cast, now, model):
    make_lead()
    assert request_nightly_regrade(now=now)
    assert not request_nightly_regrade(now=now + DAY)  # the first is not finished
    assert regrade_chunk(now=now) == 1
    assert not request_nightly_regrade(now=now + DAY - HOUR)
    assert request_nightly_regrade(now=now + DAY)
    assert RegradeRun.objects.count() == 2


def test_a_chunk_that_was_put_aside_does_not_keep_the_next_run_away(cast, now, model):
    make_lead()
    assert request_nightly_regrade(now=now)
    for _ in range(5):
        assert not request_nightly_regrade(now=now + 2 * DAY)
        fail_chunk(chunk=RegradeChunk.objects.get(), failure="no room", now=now)
    assert regrade_chunk(now=now + DAY) == 0
    assert request_nightly_regrade(now=now + 2 * DAY)
    assert [regrade_chunk(now=now + 2 * DAY) for _ in range(2)] == [1, 0]
    assert retry(RegradeChunk.objects.all()) == 1
    assert [regrade_chunk(now=now + 2 * DAY) for _ in range(2)] == [1, 0]
    assert not RegradeRun.objects.unfinished().exists()


def test_without_a_model_there_is_no_nightly_run(db, now):
    assert not request_nightly_regrade(now=now)


def test_the_command_settles_what_is_marked(cast, now, model, capsys):
    lead, other = city("Kiel"), city("Kiel")
    DirtyLead.objects.filter(lead=other).delete()
    call_command("regrade")
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result.keys() == {"leads", "changed", "seconds"}
    assert result["changed"] == 1
    assert (facts(lead)[0], facts(other)[0]) == ("A", "")
    assert DirtyLead.objects.count() == 0


def test_the_command_settles_everybody(cast, now, model, capsys):
    leads = [city(name) for name in ("Kiel", "Jena", "Bonn")]
    DirtyLead.objects.all().delete()
    call_command("regrade", "--all")
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (result["leads"], result["changed"]) == (3, 3)
    assert [facts(lead)[0] for lead in leads] == ["A", "C", "D"]
    assert Handover.objects.count() == 1


def test_an_assigned_lead_stays_where_the_manager_put_it(cast, now, model):
    lead = city("Bonn")
    assign(leads=[lead], to=cast.cal, by=cast.ann, now=now, reason="Knows her")
    settle_dirty(now=now)
    assert facts(lead) == ("D", "sales", "Cal")


def test_marks_of_leads_in_other_hands_are_passed_over(cast, now, model):
    lead = city("Kiel")
    mark(leads=[lead], now=now)
    assert settle_marked(now=now, limit=1).leads == 1


def test_an_address_that_is_added_counts_for_a_rule_about_such(cast, now):
    rule = {"label": "At Acme", "points": 90, "when": {"field": "other_emails", "op": "contains", "value": "@acme"}}
    publish_model(model=load_model(data=MODEL | {"rules": [rule]}, by=cast.ann, now=now), by=cast.ann, now=now)
    lead = make_lead(email="nora@home.example")
    settle_dirty(now=now)
    assert facts(lead)[0] == "D"
    with changing([lead], by=cast.mia, now=now + HOUR) as change:
        add_key(change, lead=lead, kind="email", value="nora@acme.example")

    assert facts(lead) == ("A", "sales", "Ben")
