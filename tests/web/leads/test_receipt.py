"""A receipt says what was said at that moment, whatever is called otherwise since, and whenever it was written."""

import datetime
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from leads.actions.answers import rename_answers
from leads.activities import Because, FieldWords, kind_of
from leads.models import Activity, Campaign, FieldDefinition, Source
from routing.actions import assign, route, settle_dirty, share_out_pools
from routing.activities import HANDED_OVER
from routing.models import Handover
from routing.queries import queue
from scoring.actions import copy_model, publish_model
from team.models import Pool, User
from tests.factories.leads import make_campaign, make_lead
from tests.scoring.made import CITY, happen, publish
from web.leads.receipt import Touch, receipt_of

HOUR = datetime.timedelta(hours=1)
FIELDS = FieldWords(
    label=str,
    value=lambda _code, value, versions: f"{value}, called {versions}",
    lacks=lambda parts: [f"{part}" for part in parts],
)


@pytest.fixture
def handed(cast, now):
    """An A lead handed to ben; since then everything named on its receipt is called otherwise."""
    model = publish(("From Porto", 90, CITY), now=now)
    lead = make_lead(city="Porto", campaign=make_campaign(), budget="Approved", now=now)
    happen(lead, "call", now=now, payload={"outcome": "talked", "note": "Wants an offer"})
    happen(lead, "visit", days_ago=1, now=now, payload={"title": "Prices"})
    settle_dirty(now=now)
    rename(model, cast, now)
    return Handover.objects.get(lead=lead)


def rename(model, cast, now):
    draft = copy_model(model=model, by=cast.ann, now=now)
    draft.rules.update(label="Lives in Porto")
    publish_model(model=draft, by=cast.ann, now=now + HOUR)
    for named in (Source, Campaign, Pool, User):
        named.objects.update(name="Renamed")
    rename_answers(field=FieldDefinition.objects.get(code="budget"), labels={"approved": "Renamed"}, now=now + HOUR)


def test_the_receipt_keeps_the_names_of_its_time(handed, now):
    receipt = receipt_of(handed, FIELDS)

    assert receipt.why == "Next in Sales: 0 of 30 places taken"
    assert (receipt.source, receipt.campaign, receipt.ledger) == ("Website", "Spring", [("From Porto", 90)])
    assert receipt.answers == [("budget", "approved, called {'approved': 1}")]
    assert receipt.touches == [
        Touch("Call: talked", "Wants an offer", now),
        Touch("Visit", "Prices", now - 24 * HOUR),
    ]
    assert receipt.ended == ""


def test_the_timeline_keeps_the_names_of_its_time(handed):
    told = Activity.objects.get(kind=HANDED_OVER.code)

    words = kind_of(told.kind).says(HANDED_OVER, told.payload, FIELDS)

    assert words == ("Handed to Ben", "Next in Sales: 0 of 30 places taken")


def test_an_end_keeps_the_names_of_its_time(handed, cast, now):
    ada, cal = User.objects.get(pk=cast.ada.pk), User.objects.get(pk=cast.cal.pk)
    ada.name, cal.name = "Ada", "Cal"
    assign(leads=[handed.lead], to=cal, by=ada, now=now + HOUR, reason="Speaks Danish")
    handed.refresh_from_db()

    assert receipt_of(handed, FIELDS).ended == "Given to Cal by Ada: Speaks Danish"
    assert receipt_of(Handover.objects.open().get(), FIELDS).why == "By Ada: Speaks Danish"


def test_a_reason_that_the_program_gives_is_a_code(cast, now):
    lead = make_lead(now=now)
    assign(leads=[lead], to=cast.ben, by=cast.ann, now=now, reason=Because("by_hand"))
    handover = Handover.objects.get(lead=lead)

    assert handover.why_facts == {"by": cast.ann.pk, "by_name": "Ann", "reason": "by_hand", "facts": {}}
    assert receipt_of(handover, FIELDS).why == "By Ann: Given by hand"


def test_the_page_shows_it(handed, cast, as_user):
    page = as_user(cast.ben).get(reverse("web:lead-detail", args=[handed.lead_id])).text

    assert "Next in Sales: 0 of 30 places taken" in page
    assert '<th scope="row">From Porto</th><td>90</td>' in page


def test_the_receipt_counts_from_when_the_rep_got_the_lead(cast, as_user):
    now = timezone.now()
    lead = make_lead(grade="A", now=now - 48 * HOUR)
    User.objects.update(capacity=0)
    route([lead.pk], now=now - 48 * HOUR)
    User.objects.filter(pk=cast.ben.pk).update(capacity=1)
    share_out_pools(now=now - HOUR / 6)

    page = as_user(cast.ben).get(reverse("web:lead-detail", args=[lead.pk])).text

    assert re.search(r"<dt>Handed over</dt><dd><time [^>]*>10 min ago<", page)
    assert "<dt>Waited for a rep since</dt>" in page
    (row,) = queue(cast.ben, now=now).rows
    assert row.assigned_at == now - HOUR / 6


def test_a_receipt_of_before_reads_as_it_was_written(cast, now, as_user):
    lead = make_lead(now=now)
    handover = Handover.objects.create(
        lead=lead,
        pool=Pool.objects.get(code="sales"),
        handed_at=now,
        receipt={
            "score": 90,
            "grade": "A",
            "model": "Test",
            "model_version": 1,
            "ledger": [{"label": "From Porto", "points": 90}],
            "answers": {"budget": "Granted"},
            "source": "Website",
            "campaign": "",
            "stage": "name",
            "last_touches": [{"kind": "call", "at": "2026-06-10T09:00:00Z", "text": "Talked"}],
        },
        owner=cast.ben,
        assigned_at=now,
        due_at=now,
        why="Next in Sales: 0 of 30 places taken",
        end="recalled",
        ended_at=now + HOUR,
        end_reason="Graded C before a rep was free",
    )
    for named in (Source, Pool, User):
        named.objects.update(name="Renamed")

    receipt = receipt_of(handover, FIELDS)

    assert receipt.why == "Next in Sales: 0 of 30 places taken"
    assert receipt.ended == "Graded C before a rep was free"
    assert (receipt.source, receipt.campaign, receipt.ledger) == ("Website", "", [("From Porto", 90)])
    assert receipt.touches == [Touch("Call", "Talked", now - HOUR)]
    page = as_user(cast.ann).get(reverse("web:lead-detail", args=[lead.pk])).text
    assert "Graded C before a rep was free" in page


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ({"event": "handed_over", "pool": "Sales", "owner": "Ben", "text": "Handed to Ben"}, ("Handed to Ben", "")),
        (
            {"event": "handed_over", "pool": 1, "pool_name": "Sales", "owner": None},
            ("Waits in Sales for a free rep", ""),
        ),
        ({"event": "accepted", "text": "Accepted by Ben"}, ("Accepted by Ben", "")),
        ({"event": "accepted"}, ("Accepted", "")),
        ({"event": "rejected", "reason": "no_budget", "note": "Next year"}, ("Rejected: No budget", "Next year")),
        ({"event": "returned", "reason": "No time"}, ("Returned unworked: No time", "")),
        (
            {"event": "recalled", "reason": "faded", "facts": {"grade": "C"}},
            ("Recalled: Graded C before a rep was free", ""),
        ),
        (
            {"event": "recalled", "reason": "closed", "facts": {"disposition": "lost", "reason": "Price"}},
            ("Recalled: Lost: Price", ""),
        ),
        (
            {
                "event": "recalled",
                "reason": "closed",
                "facts": {"disposition": "lost", "reason": "no_budget", "facts": {}},
            },
            ("Recalled: Lost: No budget", ""),
        ),
        ({}, ("Handed over to sales", "")),
    ],
)
def test_a_hand_over_says_what_its_payload_holds(payload, words):
    assert HANDED_OVER.says(HANDED_OVER, payload, FIELDS) == words
