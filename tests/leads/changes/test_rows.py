"""What changes about leads is told in rows, once each, by the statements that change it."""

import datetime

import pytest
from django.db import IntegrityError, transaction

from leads.actions.lifecycle import set_disposition
from leads.actions.record import change_lead, create_lead
from leads.actions.timeline import record_activities
from leads.enums import ChangeKind
from leads.models import ChangeRow, Lead, Transition
from routing.actions import assign, changing, return_lead, settle_dirty
from routing.models import Handover
from scoring.engine import regrade
from tests.factories.changes import newest, told
from tests.factories.deeds import move_stage, settle
from tests.factories.leads import make_lead
from tests.factories.routing import city, publish_cities

HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)


@pytest.fixture
def model(cast, now):
    publish_cities(by=cast.ann, now=now)


def touched(since=0):
    rows = ChangeRow.objects.filter(kind=ChangeKind.TOUCHED, id__gt=since).order_by("id")
    return [(row.lead_id, row.fields, row.kinds) for row in rows]


def test_somebody_new_is_told_once_and_her_first_grade_with_her(cast, model, now):
    since = newest()
    with changing(by=cast.mia, now=now) as change:
        lead = create_lead(change, values={"last_name": "Dorn", "city": "Bonn"})

    assert [kind for _, kind, *_ in told(lead, since=since)] == ["created", "grade"]
    first = ChangeRow.objects.get(lead=lead, kind="grade")
    lead.refresh_from_db()
    assert (first.was, first.became) == ("", lead.grade)
    assert (first.score, first.model_version, first.at) == (lead.score, lead.score_version, now)


def test_a_changed_grade_is_history(cast, model, now):
    lead = city("Bonn")
    settle_dirty(now=now)
    since = newest()
    with changing([lead], by=cast.mia, now=now + HOUR) as change:
        change_lead(change, lead=lead, values={"city": "Jena"})

    lead.refresh_from_db()
    before, after = [row[2:] for row in told(lead, kinds=["grade"])]
    assert (before[0], after[1]) == ("", lead.grade)
    assert before[1] == after[0] != after[1]
    assert [row.at for row in ChangeRow.objects.filter(lead=lead, kind="grade", id__gt=since)] == [now + HOUR]


def test_hand_over_and_return_tell_of_side_owner_and_stage(cast, model, now):
    since = newest()
    lead = city("Kiel")
    settle([lead], now=now)
    handover = Handover.objects.get(lead=lead)
    news = ["stage", "side", "owner"]
    owner = str(handover.owner_id)
    assert sorted(row[1:] for row in told(lead, kinds=news, since=since)) == [
        ("owner", "", owner),
        ("side", "marketing", "sales"),
        ("stage", "name", "qualified"),
    ]
    assert {row.reference for row in ChangeRow.objects.filter(lead=lead, kind__in=["side", "owner"])} == {handover.pk}
    step = ChangeRow.objects.get(lead=lead, kind="stage")
    assert Transition.objects.get(lead=lead, seq=step.reference).to_stage == "qualified"

    since = newest()
    return_lead(lead=lead, by=handover.owner, now=now + HOUR, reason="On holiday")
    assert sorted(row[1:] for row in told(lead, kinds=news, since=since)) == [
        ("owner", owner, ""),
        ("side", "sales", "marketing"),
    ]


def test_a_lead_given_on_leaves_one_and_comes_to_another(cast, model, now):
    lead = make_lead(owner=cast.ben, grade="A", score=90)
    old = Handover.objects.get(lead=lead)
    since = newest()
    assign(leads=[lead], to=cast.cal, by=cast.ada, now=now + HOUR, reason="Her region")
    new = Handover.objects.open().get(lead=lead)
    rows = ChangeRow.objects.filter(lead=lead, kind="owner", id__gt=since).order_by("id")
    assert [(row.was, row.became, row.reference) for row in rows] == [
        (str(cast.ben.pk), "", old.pk),
        ("", str(cast.cal.pk), new.pk),
    ]


def test_what_waited_in_a_pool_changes_its_owner_and_not_its_side(cast, model, now):
    for rep in (cast.ben, cast.cal):
        type(rep).objects.filter(pk=rep.pk).update(capacity=0)
    lead = city("Kiel")
    settle([lead], now=now)
    lead.refresh_from_db()
    assert lead.pool_id
    since = newest()
    assign(leads=[lead], to=cast.ben, by=cast.ada, now=now + HOUR, reason="She asked for it")
    assert told(lead, kinds=["side", "owner"], since=since) == [(lead.pk, "owner", "", str(cast.ben.pk))]


def test_a_disposition_is_told_with_its_step(cast, now):
    lead = make_lead()
    since = newest()
    with changing([lead], by=cast.mia, now=now) as change:
        set_disposition(change, leads=[lead], to="lost", reason="Went elsewhere")
    assert told(lead, kinds=["disposition"], since=since) == [(lead.pk, "disposition", "open", "lost")]
    row = ChangeRow.objects.get(lead=lead, kind="disposition", id__gt=since)
    assert Transition.objects.get(lead=lead, seq=row.reference).reason == "Went elsewhere"


def test_one_row_for_each_lead_and_change_says_what_was_touched(cast, now):
    one, other = make_lead(), make_lead()
    since = newest()
    with changing([one, other], by=cast.mia, now=now) as change:
        change_lead(change, lead=one, values={"city": "Bonn"})
        change_lead(change, lead=one, values={"job_title": "Buyer"})
        record_activities(
            change,
            rows=[{"lead_id": pk, "kind": "visit", "occurred_at": now, "payload": {}} for pk in (one.pk, other.pk)],
        )
    assert touched(since) == [
        (one.pk, ["city", "job_title"], ["field_changed", "visit"]),
        (other.pk, [], ["visit"]),
    ]


def test_what_is_saved_unchanged_or_asked_to_be_scored_touches_nobody(cast, now):
    lead = make_lead(city="Bonn")
    since = newest()
    with changing([lead], by=cast.mia, now=now) as change:
        change_lead(change, lead=lead, values={"city": "Bonn"})
        change.note([lead])
    assert told(since=since) == []


def test_what_is_undone_is_told_to_nobody(cast, now):
    lead = make_lead()
    since = newest()

    def break_off():
        with changing([lead], by=cast.mia, now=now) as change:
            change_lead(change, lead=lead, values={"city": "Bonn"})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    assert told(since=since) == []


@pytest.mark.clock
def test_the_last_score_of_each_day_is_told_of_a_lead_with_sales(cast, now):
    """Days are those of UTC; today's last score is the lead's own."""
    midnight = (now + DAY).astimezone(datetime.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    publish_cities(by=cast.ann, now=now)
    lead = make_lead(owner=cast.ben, city="Kiel")
    regrade([lead.pk], now=midnight - 3 * HOUR)

    def score(points, at):
        # As if rules had given other points at the time before: the ledger differs, the grade stays.
        Lead.objects.filter(pk=lead.pk).update(score=points, score_ledger=[points])
        regrade([lead.pk], now=at)

    for points, minutes in enumerate((-120, -60, -0.5, 0, 60, 24 * 60 + 5), 1):
        score(points, midnight + datetime.timedelta(minutes=minutes))
    rows = ChangeRow.objects.filter(lead=lead, kind="score").order_by("id")
    assert [(row.at, row.score) for row in rows] == [
        (midnight - datetime.timedelta(minutes=0.5), 4),
        (midnight + HOUR, 6),
    ]


def test_the_last_score_of_a_day_is_told_though_the_grade_changes_after_it(cast, now):
    publish_cities(by=cast.ann, now=now)
    lead = make_lead(owner=cast.ben, city="Kiel")
    regrade([lead.pk], now=now)
    Lead.objects.filter(pk=lead.pk).update(score=7, grade="A", score_ledger=[7])
    regrade([lead.pk], now=now + DAY)
    rows = ChangeRow.objects.filter(lead=lead, kind="score")
    assert [(row.at, row.score) for row in rows] == [(now, 7)]


def test_the_score_of_a_lead_with_marketing_is_told_with_its_grade_alone(cast, now):
    publish_cities(by=cast.ann, now=now)
    lead = city("Bonn")
    regrade([lead.pk], now=now)
    Lead.objects.filter(pk=lead.pk).update(score=1, score_ledger=[1])
    regrade([lead.pk], now=now + HOUR)
    assert not ChangeRow.objects.filter(lead=lead, kind="score").exists()


def test_a_set_moves_with_one_row_each(cast, now):
    leads = [make_lead() for _ in range(3)]
    since = newest()
    move_stage(leads=leads, to="suspect", reason="Met at the fair", check_entry=False, by=cast.mia, now=now)
    assert told(kinds=["stage"], since=since) == [(lead.pk, "stage", "name", "suspect") for lead in leads]


def test_rows_are_never_updated_and_go_with_their_lead(cast, now):
    lead = make_lead()
    with changing([lead], by=cast.mia, now=now) as change:
        change_lead(change, lead=lead, values={"city": "Bonn"})
    with pytest.raises(IntegrityError), transaction.atomic():
        ChangeRow.objects.filter(lead=lead).update(became="x")
    pk = lead.pk
    Lead.objects.filter(pk=pk).delete()
    assert not ChangeRow.objects.filter(lead_id=pk).exists()
