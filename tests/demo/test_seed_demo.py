"""The demo is believable, obeys every invariant, and goes into an empty database only."""

import datetime
import hashlib
import re

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Count, OuterRef, Q, Subquery
from django.http import QueryDict
from django.urls import reverse

from demo import SHOWN_PEOPLE
from demo.fill import fill_demo
from demo.phones import RANGES
from insights.invariants import check_all
from leads.actions.lifecycle import move_stage, set_disposition
from leads.activities import Because, kinds
from leads.changes import changing
from leads.enums import Disposition, Grade, Side, SourceKind, Stage
from leads.models import Activity, Campaign, Company, Lead, Source, Task, Transition
from routing.actions import settle_marked
from routing.actions.handover import Ending, end_handovers
from routing.actions.receipt import Placed, open_handovers
from routing.activities import HANDED_OVER
from routing.enums import HandoverEnd
from routing.models import Handover
from routing.queries import TABS, queue
from scoring.actions import request_regrade
from scoring.models import ScoringModel
from team.models import User
from tests.client import HouseClient
from tests.factories.deeds import mark
from web.leads.filters import LeadFilter
from web.models import SavedView

# A Tuesday morning, so that the last rounds of hand-overs fall into working time.
NOW = datetime.datetime(2026, 11, 24, 10, 20, tzinfo=datetime.UTC)
LEADS = 1000


@pytest.fixture(scope="module")
def fingerprints(django_db_setup, django_db_blocker):
    """The demo twice, the second time to stay for all tests of this module; yields what both look like."""
    with django_db_blocker.unblock():
        with transaction.atomic():
            fill_demo(leads=LEADS, now=NOW)
            first = fingerprint()
            transaction.set_rollback(True)
        with transaction.atomic():
            fill_demo(leads=LEADS, now=NOW)
            yield first, fingerprint()
            transaction.set_rollback(True)


@pytest.fixture
def demo(fingerprints):
    """The demo; what a test changes is undone after it."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def fingerprint():
    """A digest for each table, of everything but ids and the order of ids."""
    rows = {
        "leads": Lead.objects.values_list(
            *("first_name", "last_name", "email", "phone", "company__name", "fields", "stage", "disposition", "grade"),
            *("score", "score_ledger", "owner__email", "side", "created_at", "changed_at", "source__code", "tags"),
        ),
        "history": Transition.objects.values_list("lead__email", "seq", "to_stage", "at", "reason", "actor__email"),
        "handovers": Handover.objects.values_list(
            *("lead__email", "owner__email", "handed_at", "due_at", "accepted_at", "end", "ended_at", "receipt", "why")
        ),
        "activities": Activity.objects.values_list("lead__email", "kind", "occurred_at", "actor__email"),
        "tasks": Task.objects.values_list("lead__email", "title", "due_at", "assignee__email", "done_at"),
    }
    return {name: hashlib.sha256(repr(sorted(map(repr, query))).encode()).hexdigest() for name, query in rows.items()}


def sign_in(part):
    email = next(email for email, role in SHOWN_PEOPLE.items() if role == part)
    user = User.objects.get(email=email)
    client = HouseClient()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client, user


def test_every_invariant_holds(demo):
    assert [finding.invariant.says for finding in check_all() if finding.count] == []


def test_the_same_seed_and_time_give_the_same_demo(fingerprints):
    first, second = fingerprints

    assert first == second


def test_a_database_with_a_demo_is_refused_and_left_alone(demo):
    before = fingerprint()

    with pytest.raises(
        CommandError, match=r"only goes into an empty database\. .* leads \(1,000\).*Nothing was changed"
    ):
        call_command("seed_demo")

    assert fingerprint() == before
    assert User.objects.count() == 10


@pytest.mark.django_db
def test_a_database_with_one_person_is_refused(cast):
    with pytest.raises(CommandError, match=r"users \(5\)"):
        call_command("seed_demo")

    assert Lead.objects.count() == 0
    assert not User.objects.filter(email__in=SHOWN_PEOPLE).exists()


@pytest.mark.django_db
def test_a_demo_of_almost_nobody_is_refused():
    with pytest.raises(CommandError, match="from 100 to 1,000,000"):
        call_command("seed_demo", leads=99)

    assert User.objects.count() == 0


@pytest.mark.parametrize("tab", ["to_accept", "today", "waiting"])
def test_each_tab_of_the_reps_queue_has_a_and_b_leads(demo, tab):
    rita = User.objects.get(email="rita.rep@leadfunnel.example")

    grades = {row.grade for row in queue(rita, tab=tab, now=NOW).rows}

    assert grades >= {"A", "B"}


def test_some_work_is_late_and_some_comes_later(demo):
    waiting = Handover.objects.open().filter(owner__isnull=False, accepted_at=None)
    tasks = Task.objects.open()

    assert waiting.filter(due_at__lt=NOW).count() > 2
    assert waiting.filter(due_at__gt=NOW, due_at__lt=NOW + datetime.timedelta(hours=8)).count() > 2
    assert tasks.filter(due_at__lt=NOW).count() > 5
    assert tasks.filter(due_at__gt=NOW).count() > 5


def test_hand_overs_are_in_every_state(demo):
    ends = dict(Handover.objects.order_by().values_list("end").annotate(n=Count("pk")))

    assert set(ends) == {"", *HandoverEnd.values}
    assert min(ends.values()) > 3
    assert Handover.objects.open().filter(accepted_at__isnull=False).count() > 20
    assert Lead.objects.filter(pool__isnull=False).count() > 2


def test_nothing_unqualified_went_to_sales(demo):
    grades = set(Handover.objects.values_list("receipt__grade", flat=True))

    assert grades == {"A", "B"}


def test_receipts_add_up(demo):
    receipts = Handover.objects.values_list("receipt", flat=True)

    assert [r for r in receipts if r["score"] != sum(line["points"] for line in r["ledger"])] == []


def test_all_grades_stages_and_dispositions_are_used(demo):
    for field, values in (("grade", Grade.values), ("stage", Stage.values), ("disposition", Disposition.values)):
        counts = dict(Lead.objects.order_by().values_list(field).annotate(n=Count("pk")))
        assert set(counts) == set(values)
        assert min(counts.values()) > 5


def test_better_grades_become_customers_more_often(demo):
    rows = Lead.objects.order_by("grade").values("grade")
    counts = rows.annotate(all=Count("pk"), bought=Count("pk", filter=Q(stage="customer")))
    shares = {row["grade"]: row["bought"] / row["all"] for row in counts}

    assert shares["A"] > shares["B"] > shares["C"] > 0
    assert shares["A"] > 4 * shares["D"] > 0


def test_every_kind_of_source_and_every_campaign_has_leads(demo):
    assert set(Source.objects.values_list("kind", flat=True)) == set(SourceKind.values)
    assert list(Source.objects.filter(leads=None)) == []
    assert Campaign.objects.count() == 15
    assert list(Campaign.objects.filter(leads=None)) == []
    assert not Campaign.objects.filter(actual_cost=None).exists()


def test_histories_reach_back_two_years(demo):
    first = Lead.objects.order_by("created_at").first().created_at

    assert 600 < (NOW - first).days <= 730
    assert not Activity.objects.filter(occurred_at__gt=NOW).exists()
    assert not Transition.objects.filter(at__gt=NOW).exists()
    assert not Lead.objects.filter(changed_at__gt=NOW).exists()


def test_no_address_is_real(demo):
    elsewhere = Q(email__gt="") & ~Q(email__endswith=".example")

    assert Lead.objects.exclude(email="").count() > 0.9 * LEADS
    assert list(Lead.objects.filter(elsewhere)) == []
    assert list(User.objects.filter(elsewhere)) == []
    assert list(Lead.objects.exclude(website__regex=r"\.example$")) == []
    assert list(Company.objects.exclude(website__regex=r"\.example$")) == []
    assert Lead.objects.exclude(email="").values("email").distinct().count() == Lead.objects.exclude(email="").count()


def is_fictional(phone):
    """Whether the number lies in a range that is kept free for fiction."""
    patterns = [pattern for patterns in RANGES.values() for pattern in patterns]
    return any(re.fullmatch(re.escape(pattern).replace(r"\#", "[0-9]"), phone) for pattern in patterns)


def test_no_phone_is_real(demo):
    phones = [
        *Lead.objects.exclude(phone="").values_list("phone", flat=True),
        *Company.objects.values_list("phone", flat=True),
    ]

    assert len(phones) > LEADS / 2
    assert [phone for phone in phones if not is_fictional(phone)] == []


@pytest.mark.parametrize(
    "phone", ["+1 212 555 0200", "+1 212 555 010", "+44 20 7946 1000", "+49 30 231250", "030 23125 000"]
)
def test_a_phone_beside_the_ranges_is_told_apart(phone):
    assert not is_fictional(phone)


def test_the_worker_finds_nothing_to_do(demo):
    request_regrade(by=None, now=NOW)
    mark(leads=Lead.objects.all(), now=NOW)

    settled = settle_marked(now=NOW, limit=LEADS)

    assert (settled.leads, settled.changed, settled.handed_over, settled.pooled) == (LEADS, 0, 0, 0)


def test_saved_views_hold(demo):
    views = list(SavedView.objects.all())

    assert len(views) == 5
    for view in views:
        filters = LeadFilter(QueryDict(view.query), queryset=Lead.objects.all())
        assert filters.is_valid(), filters.form.errors
        assert filters.qs.exists()


@pytest.mark.parametrize("tab", TABS)
def test_the_rep_sees_her_queue(demo, tab):
    with time_machine.travel(NOW):
        client, rita = sign_in("sales rep")
        first = queue(rita, tab=tab, now=NOW).rows[0]

        page = client.get(reverse("web:queue"), {"tab": tab})

    assert page.status_code == 200
    assert first.name in page.content.decode()


@pytest.mark.parametrize("part", list(SHOWN_PEOPLE.values()))
def test_everybody_shown_can_read_a_list_and_a_lead(demo, part):
    client, user = sign_in(part)
    lead = Lead.objects.visible_to(user).filter(grade="A").order_by("-score", "-pk").first()

    listed, page = client.get(reverse("web:lead-list")), client.get(reverse("web:lead-detail", args=[lead.pk]))

    assert (listed.status_code, page.status_code) == (200, 200)
    assert lead.name in page.content.decode()


def test_both_sides_have_people(demo):
    sides = dict(Lead.objects.order_by().values_list("side").annotate(n=Count("pk")))

    assert sides[Side.SALES] > 50
    assert sides[Side.MARKETING] > 500


def test_hand_overs_of_the_past_are_as_opening_one_writes_them(demo):
    once = Lead.objects.annotate(times=Count("handovers")).filter(times=1)
    past = list(Handover.objects.exclude(end="").filter(lead__in=once).select_related("lead", "owner").order_by("pk"))
    assert len(past) > 100
    for handover in past[::10]:
        told = Activity.objects.get(lead=handover.lead, kind="handed_over", payload__event="handed_over")

        opened, told_again = open_again(handover)

        assert opened.receipt == handover.receipt
        assert opened.why_facts.keys() == handover.why_facts.keys()
        assert with_moment(told_again.payload) == with_moment(told.payload)


def with_moment(payload):
    """A moment may be written with fewer digits."""
    due = payload["due_at"]
    return payload | {"due_at": due and datetime.datetime.fromisoformat(due)}


def open_again(handover):
    """(hand-over, its line on the timeline) as the program writes them for the lead as it stood at that moment."""
    lead, receipt = handover.lead, handover.receipt
    ledger = [0] * ScoringModel.objects.get(version=receipt["model_version"]).rules.count()
    for line in receipt["ledger"]:
        ledger[line["rule"] - 1] = line["points"]
    with transaction.atomic():
        since = Q(occurred_at__gt=handover.handed_at) | Q(kind="handed_over")
        Activity.objects.filter(since, lead=lead).delete()
        Transition.objects.filter(lead=lead, at__gte=handover.handed_at).delete()
        Handover.objects.filter(lead=lead).delete()
        Lead.objects.filter(pk=lead.pk).update(
            score=receipt["score"],
            grade=receipt["grade"],
            score_ledger=ledger,
            score_version=receipt["model_version"],
            stage=receipt["stage"],
            disposition=Disposition.OPEN,
        )
        placed = Placed(lead.pk, handover.pool_id, handover.owner, handover.due_at, handover.why, handover.why_facts)
        pools = {handover.pool_id: handover.pool.name}
        with changing([lead.pk], by=None, now=handover.handed_at) as change:
            open_handovers(change, [placed], pools=pools, reason="Once more")
        opened = Handover.objects.get(lead=lead)
        told = Activity.objects.get(lead=lead, kind="handed_over")
        transaction.set_rollback(True)
    return opened, told


END = ("end", "end_reason", "end_facts", "ended_by_id", "ended_at", "accepted_at", "first_touch_at", "receipt")


def test_hand_overs_of_the_past_ended_as_ending_one_is_written(demo):
    past = list(Handover.objects.exclude(end="").filter(ended_by__isnull=False).select_related("ended_by"))
    assert {handover.end for handover in past} >= {"rejected", "returned", "converted", "recalled"}
    for handover in past[::10]:
        told = told_of(handover.lead_id, HANDED_OVER, handover.ended_at)

        ended, told_again = end_again(handover)

        assert [getattr(ended, name) for name in END] == [getattr(handover, name) for name in END]
        assert told_again == told


def end_again(handover):
    """(hand-over, its last line on the timeline) as the program ends it, were it still open."""
    at = handover.ended_at
    open_again = {"end": "", "end_reason": "", "end_facts": None, "ended_by_id": None, "ended_at": None}
    with transaction.atomic():
        Activity.objects.filter(lead=handover.lead_id, kind=HANDED_OVER.code, occurred_at__gte=at).delete()
        Handover.objects.filter(lead=handover.lead_id, handed_at__gte=handover.handed_at).delete()
        Handover.objects.create(**vars_of(handover) | open_again)
        Lead.objects.filter(pk=handover.lead_id).update(side=Side.SALES, owner=handover.owner_id, pool=None)
        with changing([handover.lead_id], by=handover.ended_by, now=at) as change:
            ending = Ending(handover.end_reason, handover.end_facts)
            end_handovers(change, {handover.lead_id: ending}, end=handover.end)
        ended = Handover.objects.get(pk=handover.pk)
        told = told_of(handover.lead_id, HANDED_OVER, at)
        transaction.set_rollback(True)
    return ended, told


STEP = (
    *("previous_seq", "from_stage", "from_disposition", "from_at", "to_stage", "to_disposition", "at"),
    *("actor_id", "reason", "reason_facts", "definition_id"),
)
STANDING = ("stage", "stage_since", "disposition", "disposition_reason", "disposition_facts", "recycle_on")


def test_steps_of_the_past_are_as_moving_one_writes_them(demo):
    last = Transition.objects.filter(lead=OuterRef("lead")).order_by("-seq").values("pk")[:1]
    steps = list(Transition.objects.filter(seq__gt=1, pk=Subquery(last)).select_related("lead", "actor").order_by("pk"))
    assert len(steps) > 100
    for step in steps[::10]:
        told = told_of(step.lead_id, kinds.STAGE_CHANGED, step.at)

        again, told_again = step_again(step)

        assert [getattr(again, name) for name in STEP] == [getattr(step, name) for name in STEP]
        assert told_again == told
        assert [getattr(again.lead, name) for name in STANDING] == [getattr(step.lead, name) for name in STANDING]


def step_again(step):
    """(the last step of a history, its line on the timeline) as the program makes it, were it still to be made."""
    reason = step.reason if step.reason_facts is None else Because(step.reason, step.reason_facts)
    with transaction.atomic():
        Activity.objects.filter(lead=step.lead_id, kind=kinds.STAGE_CHANGED.code, occurred_at=step.at).delete()
        Transition.objects.filter(pk=step.pk).delete()
        before = step.lead.transitions.order_by("-seq").first()
        moved_last = step.lead.transitions.filter(to_stage=before.to_stage).exclude(from_stage=before.to_stage)
        Lead.objects.filter(pk=step.lead_id).update(
            stage=before.to_stage,
            stage_since=moved_last.order_by("-seq").first().at,
            disposition=before.to_disposition,
            disposition_reason="Some" if before.to_disposition != Disposition.OPEN else "",
            recycle_on=step.at.date() if before.to_disposition == Disposition.RECYCLED else None,
        )
        with changing([step.lead_id], by=step.actor, now=step.at) as change:
            if step.to_stage != step.from_stage:
                move_stage(change, leads=[step.lead_id], to=step.to_stage, reason=reason, check_entry=False)
            else:
                day = step.lead.recycle_on if step.to_disposition == Disposition.RECYCLED else None
                set_disposition(change, leads=[step.lead_id], to=step.to_disposition, reason=reason, recycle_on=day)
        again = Transition.objects.select_related("lead").get(lead=step.lead_id, seq=step.seq)
        told = told_of(step.lead_id, kinds.STAGE_CHANGED, step.at)
        transaction.set_rollback(True)
    return again, told


def vars_of(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def told_of(lead_id, kind, at):
    """(who, what) of the line on the timeline of a lead."""
    line = Activity.objects.get(lead=lead_id, kind=kind.code, occurred_at=at)
    return line.actor_id, line.payload
