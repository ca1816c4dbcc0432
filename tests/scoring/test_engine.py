"""Scores worked out by hand."""

import datetime

import pytest
from django.db import connection

from leads.models import Activity, Lead
from scoring.actions import load_model
from scoring.engine import Regraded, Span, compiled, regrade, write
from scoring.models import ScoringModel
from scoring.queries import published_model
from tests.factories.deeds import change_lead
from tests.factories.leads import make_field, make_lead, make_source
from tests.scoring.made import CITY, happen, model_file, publish

pytestmark = pytest.mark.django_db

FORM = {"activity": "form"}


def scored(lead, now):
    regrade([lead.pk], now=now)
    lead.refresh_from_db()
    return lead.score, lead.grade, lead.score_ledger


def test_fit_rules_give_their_points_once(now):
    publish(("In Porto", 60, CITY), ("Can be phoned", -7, {"field": "phone", "op": "filled"}), now=now)
    lead = make_lead(city="porto", phone="+49 30 1234567", first_name="Pat")
    assert scored(lead, now) == (53, "B", [60, -7])


def test_a_lead_without_points_is_a_d(now):
    publish(("In Porto", 60, CITY), now=now)
    assert scored(make_lead(), now) == (0, "D", [0])


@pytest.mark.parametrize(
    ("days_ago", "points"),
    [
        ([0], 20),
        ([10], 10),  # one half-life
        ([20], 5),
        ([10, 20], 15),  # 20 x (1/2 + 1/4)
        ([5], 14),  # 20 x 2^-0.5 = 14.14
        ([0, 0, 0], 50),  # 60, capped
        ([10 * 400], 0),  # far beyond what exp() can hold
        ([-1], 0),  # tomorrow has not happened
        ([45], 1),  # 20 x 2^-4.5 = 0.88
        ([50], 1),  # 20 x 2^-5 = 0.625
        ([60], 0),  # 20 x 2^-6 = 0.3125
        ([30], 3),  # 20 x 2^-3 = 2.5: half away from zero
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_behaviour_halves_with_age_and_is_capped(now, days_ago, points, sign):
    publish(("Filled in a form", 20 * sign, FORM, {"cap": 50, "half_life_days": 10}), now=now)
    lead = make_lead()
    for days in days_ago:
        happen(lead, "form", days_ago=days, now=now)
    assert scored(lead, now)[2] == [points * sign]


def test_an_activity_test_in_a_group_of_one_is_counted(now):
    publish(("Clicked", 4, {"all": [{"activity": "email_clicked"}]}, {"cap": 10}), now=now)
    lead = make_lead()
    happen(lead, "email_clicked", now=now)
    assert scored(lead, now)[0] == 4


def test_behaviour_without_a_half_life_counts(now):
    publish(("Clicked", 4, {"activity": "email_clicked"}, {"cap": 10}), now=now)
    two, three = make_lead(), make_lead()
    for lead, times in ((two, 2), (three, 3)):
        for days in range(times):
            happen(lead, "email_clicked", days_ago=days * 200, now=now)
    assert (scored(two, now)[0], scored(three, now)[0]) == (8, 10)


def test_what_a_machine_did_never_counts(now):
    publish(
        ("Clicked", 4, {"activity": "email_clicked"}, {"cap": 10}),
        ("Ever clicked", 5, {"activity": "email_clicked"}),
        now=now,
    )
    lead = make_lead()
    happen(lead, "email_clicked", now=now, is_machine=True)
    assert scored(lead, now) == (0, "D", [0, 0])


def test_a_window_leaves_older_activities_out(now):
    publish(("Visited", 10, {"activity": "visit", "within_days": 30}, {"cap": 100, "half_life_days": 365}), now=now)
    inside, outside = make_lead(), make_lead()
    happen(inside, "visit", days_ago=29.9, now=now)
    happen(outside, "visit", days_ago=30.1, now=now)
    assert (scored(inside, now)[0], scored(outside, now)[0]) == (9, 0)


def test_payload_counts_and_last_seen_in_one_fit_rule(now):
    prices = {"path": "url", "op": "contains", "value": "pricing"}
    publish(
        ("Twice at the prices", 30, {"activity": "visit", "where": prices, "at_least": 2}),
        ("Silent for 20 days", -11, {"activity": "visit", "seen": "last", "op": "more_than_days_ago", "value": 20}),
        ("Never visited", 3, {"not": {"activity": "visit"}}),
        now=now,
    )
    once, twice, never = make_lead(), make_lead(), make_lead()
    happen(once, "visit", days_ago=25, now=now, payload={"url": "/pricing"})
    happen(once, "visit", days_ago=21, now=now, payload={"url": "/blog"})
    for days in (1, 40):
        happen(twice, "visit", days_ago=days, now=now, payload={"url": "/Pricing/eu"})
    assert [scored(lead, now)[2] for lead in (once, twice, never)] == [[0, -11, 0], [30, 0, 0], [0, 0, 3]]


def test_must_haves_drop_to_the_next_grade_whose_own_are_met(now):
    requirements = [
        {"grade": "A", "label": "In Porto", "when": CITY},
        {"grade": "A", "label": "Can be phoned", "when": {"field": "phone", "op": "filled"}},
        {"grade": "B", "label": "Has a job", "when": {"field": "job_title", "op": "filled"}},
    ]
    publish(("Everybody", 80, {"field": "id", "op": "over", "value": 0}), requirements=requirements, now=now)
    whole = make_lead(city="Porto", phone="030 1234567", first_name="W")
    half = make_lead(city="Porto", job_title="Buyer", first_name="H")
    none = make_lead()
    assert [scored(lead, now)[:2] for lead in (whole, half, none)] == [(80, "A"), (80, "B"), (80, "C")]


@pytest.mark.parametrize(
    ("score", "grade"), [(74, "B"), (75, "A"), (50, "B"), (49, "C"), (25, "C"), (24, "D"), (-5, "D")]
)
def test_ranges_meet_without_a_gap(now, score, grade):
    publish(("Everybody", score, {"field": "id", "op": "over", "value": 0}), now=now)
    assert scored(make_lead(), now)[:2] == (score, grade)


def test_several_rules_on_one_answer_and_its_number(now):
    make_field("seats", "integer")
    partner = make_source("partner")
    publish(
        *((f"Over {seats}", 10, {"field": "seats", "op": "over", "value": seats}) for seats in (1, 5, 10)),
        *((f"Budget {word}", 7, {"answer": "budget", "op": "is", "value": word}) for word in ("Approved", "Planned")),
        ("From a partner", 2, {"field": "source", "op": "is", "value": "partner"}),
        now=now,
    )
    lead = make_lead(source=partner, seats=7, budget="Planned")
    assert scored(lead, now)[2] == [10, 10, 0, 0, 7, 2]
    assert scored(make_lead(), now)[2] == [0, 0, 0, 0, 0, 0]


def test_a_model_without_rules_grades_everybody(now):
    ranges = {"A": [0, None], "B": [-5, -1], "C": [-9, -6], "D": [None, -10]}
    draft = load_model(data=model_file(ranges=ranges), by=None, now=now)
    # As one that was published before that was refused.
    ScoringModel.objects.filter(pk=draft.pk).update(status="published", published_at=now)
    assert scored(make_lead(), now) == (0, "A", [])


def test_the_largest_points_there_are_fit_the_ledger(now):
    everybody = {"field": "id", "op": "over", "value": 0}
    publish(*((f"Rule {number}", 1000, everybody) for number in range(200)), now=now)
    assert scored(make_lead(), now)[0] == 200_000


def test_nothing_is_scored_without_a_published_model(now):
    lead = make_lead()
    load_model(data=model_file(("In Porto", 60, CITY)), by=None, now=now)
    assert regrade(None, now=now) == Regraded(0, 0, [])
    lead.refresh_from_db()
    assert (lead.grade, lead.score_version, lead.scored_at) == ("", None, None)


def test_only_what_differs_is_written(now):
    model = publish(("In Porto", 60, CITY), now=now)
    porto, other = make_lead(city="Porto", first_name="P"), make_lead()
    later = now + datetime.timedelta(hours=1)
    assert regrade(None, now=now) == Regraded(2, 2, [(porto.pk, "", "B"), (other.pk, "", "D")])
    assert regrade(None, now=later) == Regraded(2, 0, [])
    change_lead(lead=other, changes={"city": "Porto"}, by=None, now=later)
    assert regrade([porto.pk, other.pk, other.pk], now=later) == Regraded(2, 1, [(other.pk, "D", "B")])
    assert list(Lead.objects.order_by("pk").values_list("score_version", "scored_at")) == [
        (model.version, now),
        (model.version, later),
    ]


def test_a_new_version_is_written_even_where_the_score_stays(now):
    publish(("In Porto", 60, CITY), now=now)
    lead = make_lead(city="Porto", first_name="P")
    regrade(None, now=now)
    second = publish(("In Porto", 60, CITY), now=now)
    assert regrade(None, now=now) == Regraded(1, 1, [])
    lead.refresh_from_db()
    assert lead.score_version == second.version


def test_a_changed_grade_is_on_the_timeline_and_a_first_one_is_not(now):
    model = publish(("In Porto", 60, CITY), now=now)
    lead = make_lead()
    regrade([lead.pk], now=now)
    assert not Activity.objects.filter(kind="grade_changed").exists()
    change_lead(lead=lead, changes={"city": "Porto"}, by=None, now=now)
    regrade([lead.pk], now=now)
    (row,) = Activity.objects.filter(kind="grade_changed")
    assert (row.lead_id, row.occurred_at, row.actor_id, row.is_machine) == (lead.pk, now, None, False)
    assert row.payload == {"from": "D", "to": "B", "score": 60, "version": model.version}


def test_many_leads_go_through_a_delta_table_with_the_same_result(now, monkeypatch):
    publish(("In Porto", 60, CITY), now=now)
    leads = [make_lead(city="Porto", first_name="P"), make_lead()]
    monkeypatch.setattr("scoring.engine.write.FEW", 1)
    assert regrade([lead.pk for lead in leads], now=now) == Regraded(
        2, 2, [(leads[0].pk, "", "B"), (leads[1].pk, "", "D")]
    )
    assert regrade([lead.pk for lead in leads], now=now) == Regraded(2, 0, [])


def test_no_ids_and_unknown_ids_change_nothing(now):
    publish(("In Porto", 60, CITY), now=now)
    assert regrade([], now=now) == Regraded(0, 0, [])
    assert regrade([987654321], now=now).changed == 0


def test_a_draft_can_be_run_without_writing(now):
    publish(("In Porto", 60, CITY), now=now)
    draft = load_model(data=model_file(("In Porto", 90, CITY)), by=None, now=now)
    lead = make_lead(city="Porto", first_name="P")
    select = compiled(ScoringModel.objects.get(pk=draft.pk)).select([lead.pk], now=now)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, score, grade, ledger FROM ({select.sql}) AS scored", select.params)
        assert cursor.fetchall() == [(lead.pk, 90, "A", [90])]


def test_one_lead_takes_a_fixed_number_of_queries(now, django_assert_num_queries):
    publish(("In Porto", 60, CITY), ("Clicked", 4, {"activity": "email_clicked"}, {"cap": 10}), now=now)
    leads = [make_lead().pk for _ in range(5)]
    published_model()  # The process has met the version: its rules and must-haves never change.
    for ids in (leads[:1], leads):
        # model, fields, and the one statement
        with django_assert_num_queries(3):
            regrade(ids, now=now)


@pytest.mark.parametrize("whom", [lambda pk: None, lambda pk: Span(pk, pk)])
def test_how_many_leads_are_read_is_nothing_to_the_statements_after_them(now, whom):
    def ways():
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, setting FROM pg_settings ORDER BY name")
            return cursor.fetchall()

    publish(("In Porto", 60, CITY), now=now)
    lead = make_lead(city="Porto", first_name="P")
    before = ways()
    assert regrade(whom(lead.pk), now=now) == Regraded(1, 1, [(lead.pk, "", "B")])
    assert ways() == before


@pytest.mark.parametrize("moved", ["changed_at", "scored_at"])
def test_a_lead_that_moved_on_while_it_was_scored_is_left_to_whoever_moved_it(now, monkeypatch, moved):
    """Between the statement that computes the scores and the one that writes them."""
    monkeypatch.setattr(write, "FEW", 0)
    still, gone_on = make_lead(city="Porto", now=now), make_lead(city="Porto", now=now)
    publish(("In Porto", 10, CITY), now=now)
    regrade(None, now=now)
    publish(("In Porto", 60, CITY), now=now)

    def interrupt(execute, sql, params, many, context):
        done = execute(sql, params, many, context)
        if sql.startswith("CREATE TEMP TABLE scoring_delta"):
            Lead.objects.filter(pk=gone_on.pk).update(**{moved: now + datetime.timedelta(seconds=1)})
        return done

    with connection.execute_wrapper(interrupt):
        regraded = regrade([still.pk, gone_on.pk], now=now + datetime.timedelta(minutes=1))

    assert regraded.changed == 1
    assert dict(Lead.objects.values_list("pk", "score")) == {still.pk: 60, gone_on.pk: 10}
