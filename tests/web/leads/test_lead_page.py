import datetime
import re

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from leads.actions.task import add_task
from leads.activities import Because, kinds
from leads.models import Activity, FieldDefinition, Lead, Task
from leads.queries import TIMELINE_PAGE
from routing.enums import HandoverEnd
from routing.models import Handover
from team.models import User
from tests.factories.deeds import record_activities, set_disposition
from tests.factories.leads import make_field, make_lead
from tests.scoring.made import CITY, publish
from tests.web.fragments import bare


def url(name, lead, *more):
    return reverse(f"web:{name}", args=[lead.pk, *more])


@pytest.fixture
def lead(cast):
    return make_lead(
        owner=cast.ben,
        grade="A",
        score=80,
        first_name="Ines",
        last_name="Moreau",
        company="Atelier",
        now=timezone.now(),
    )


def visits(lead, count):
    now = timezone.now()
    record_activities(
        rows=[
            {
                "lead_id": lead.pk,
                "kind": kinds.VISIT.code,
                "occurred_at": now - datetime.timedelta(days=1, minutes=number),
                "payload": {"url": f"/page/{number}"},
            }
            for number in range(count)
        ],
        now=now,
    )


@pytest.mark.parametrize(
    ("reason", "words"), [(Because("bad_timing"), "Bad timing"), ("Moved to <Peru>", "Moved to &lt;Peru&gt;")]
)
def test_the_reason_of_a_disposition_is_shown_in_words(cast, as_user, lead, reason, words):
    set_disposition(leads=[lead], to="lost", reason=reason, by=cast.ada, now=timezone.now())
    page = as_user(cast.ada).get(url("lead-detail", lead)).text
    assert f"<dt>Lost</dt><dd>{words}</dd>" in page


def test_who_may_read_a_lead(cast, as_user, lead):
    answers = {name: as_user(getattr(cast, name)).get(url("lead-detail", lead)).status_code for name in vars(cast)}
    assert answers == {"ada": 200, "ben": 200, "cal": 404, "mia": 200, "ann": 200}


def test_a_reader_is_offered_no_way_to_write(cast, as_user, lead):
    page = as_user(cast.mia).get(url("lead-detail", lead))
    assert page.context["writable"] is False
    assert b'hx-post="/leads/' not in page.content


WRITES = {
    "lead-log": {"kind": "call", "note": "x"},
    "task-add": {"kind": "call", "title": "x", "due_at": "2027-01-01T10:00"},
    "lead-accept": {},
    "lead-return": {"reason": "x"},
    "lead-reject": {"reason": "no_budget"},
    "lead-edit": {"field": "phone", "phone": "1", "was-phone": "null"},
}


@pytest.mark.parametrize("name", WRITES)
def test_writing_is_for_those_who_may(cast, as_user, lead, unchanged, name):
    with unchanged():
        assert as_user(cast.cal).post(url(name, lead), WRITES[name]).status_code == 404
        assert as_user(cast.mia).post(url(name, lead), WRITES[name]).status_code == 403
        assert as_user(cast.ben).get(url(name, lead)).status_code == 405


@pytest.mark.parametrize("count", [1, 3])
def test_the_number_of_queries_is_fixed(cast, as_user, lead, count, django_assert_num_queries):
    for _ in range(count):
        make_lead(owner=cast.ben, first_name="Ines", last_name="Moreau", company="Atelier", email="ines@x.example")
        due = timezone.now() + datetime.timedelta(days=1)
        add_task(lead=lead, kind="call", title="Call", due_at=due, assignee=cast.ben, by=cast.ben, now=timezone.now())
    visits(lead, count)
    client = as_user(cast.ben)
    with django_assert_num_queries(17):
        page = client.get(url("lead-detail", lead))
    assert (len(page.context["tasks"]), len(page.context["duplicates"])) == (count, count)


@pytest.mark.parametrize(("count", "says"), [(10, 0), (11, 1)])
def test_where_not_all_who_may_be_the_same_are_shown_the_page_says_so(cast, as_user, lead, count, says):
    for _ in range(count):
        make_lead(first_name="Ines", last_name="Moreau", company="Atelier")
    page = as_user(cast.mia).get(url("lead-detail", lead)).content.decode()
    assert page.count('<small class="d-block text-secondary">Same name and company') == 10
    assert page.count("These are the 10 oldest; there are more.") == says


def test_a_question_whose_field_is_out_of_use_is_no_longer_asked(cast, as_user, lead, now):
    publish(("In Porto", 5, CITY), question_set="btd", now=now)
    FieldDefinition.objects.filter(code="budget").update(is_active=False)
    page = as_user(cast.ben).get(url("lead-detail", lead))
    assert list(page.context["answers_form"].codes) == ["timeframe", "decision_maker"]
    assert [field.code for field, _ in page.context["answers"]] == ["budget", "timeframe", "decision_maker"]


def test_the_fragment_stands_in_the_page(cast, as_user, lead):
    client = as_user(cast.ben)
    page = client.get(url("lead-detail", lead))
    fragment = client.get(url("lead-detail", lead), headers={"HX-Request": "true", "HX-Target": "timeline"})
    assert bare(fragment.content) in bare(page.content)


def test_the_timeline_goes_on_where_it_ended(cast, as_user, lead):
    visits(lead, TIMELINE_PAGE + 3)
    client = as_user(cast.ben)
    first = client.get(url("lead-detail", lead), {"show": "marketing"})
    more = client.get(
        url("lead-detail", lead),
        {"show": "marketing", "after": first.context["place"]},
        headers={"HX-Request": "true", "HX-Target": "timeline-more"},
    )
    shown = re.findall(r'id="event-(\d+)"', first.content.decode() + more.content.decode())
    newest_first = Activity.objects.filter(kind="visit").order_by("-occurred_at").values_list("pk", flat=True)
    assert [int(pk) for pk in shown] == list(newest_first)
    assert b"Show older" in first.content
    assert b"Show older" not in more.content


@pytest.mark.parametrize("query", [{"show": "secrets"}, {"after": "nowhere"}, {"edit": "owner"}, {"edit": "score"}])
def test_what_is_no_part_of_the_page_is_not_found(cast, as_user, lead, query):
    assert as_user(cast.ben).get(url("lead-detail", lead), query).status_code == 404


def test_a_machine_s_click_is_said_to_be_one(cast, as_user, lead):
    row = {"lead_id": lead.pk, "kind": "email_clicked", "occurred_at": timezone.now(), "is_machine": True}
    record_activities(rows=[row], now=timezone.now())
    page = as_user(cast.ben).get(url("lead-detail", lead)).content.decode()
    assert "event-machine" in page
    assert "by a machine" in page


@pytest.mark.clock
def test_logging_a_call_is_the_first_touch(cast, as_user, lead):
    as_user(cast.ben).post(url("lead-log", lead), {"kind": "call", "note": "Wants an offer"})
    call = Activity.objects.get(kind=kinds.CALL.code)
    assert (call.actor, call.payload) == (cast.ben, {"note": "Wants an offer"})
    assert Handover.objects.get(lead=lead).first_touch_at == call.occurred_at


@pytest.mark.parametrize("data", [{"kind": "note"}, {"kind": "visit", "note": "x"}, {}])
def test_a_log_that_says_nothing_is_refused(cast, as_user, lead, unchanged, data):
    with unchanged():
        assert as_user(cast.ben).post(url("lead-log", lead), data).status_code == 422


@pytest.mark.clock
def test_a_next_step_is_added_and_done(cast, as_user, lead):
    client = as_user(cast.ben)
    client.post(url("task-add", lead), {"kind": "call", "title": "Call back", "due_at": "2027-01-01T10:00"})
    task = Task.objects.get()
    assert (task.title, task.assignee, task.done_at) == ("Call back", cast.ben, None)
    client.post(url("task-done", lead, task.pk))
    task.refresh_from_db()
    assert task.done_by == cast.ben


@pytest.mark.parametrize(
    ("moment", "proposed"),
    [
        # In Berlin half an hour before the short day begins, and half an hour after the long one has begun.
        ("2027-03-27T22:30Z", "2027-03-28T09:00"),
        ("2027-10-30T22:30Z", "2027-11-01T09:00"),
    ],
)
def test_tomorrow_is_the_next_day_when_the_clocks_change(cast, as_user, lead, moment, proposed):
    User.objects.filter(pk=cast.ben.pk).update(time_zone="Europe/Berlin")
    with time_machine.travel(datetime.datetime.fromisoformat(moment)):
        page = as_user(cast.ben).get(url("lead-detail", lead)).content.decode()
    assert re.findall(r'name="due_at" required value="([^"]*)"', page) == [proposed]


def test_a_task_of_another_lead_is_not_found(cast, as_user, lead, unchanged):
    other = make_lead(owner=cast.cal, grade="A", score=70)
    due = timezone.now()
    task = add_task(lead=other, kind="call", title="x", due_at=due, assignee=cast.cal, by=cast.cal, now=due)
    with unchanged():
        assert as_user(cast.ben).post(url("task-done", lead, task.pk)).status_code == 404
        assert as_user(cast.ben).post(url("task-done", other, task.pk)).status_code == 404


def test_a_bad_task_keeps_what_was_typed(cast, as_user, lead, unchanged):
    with unchanged():
        page = as_user(cast.ben).post(url("task-add", lead), {"kind": "call", "title": "Half typed", "due_at": "soon"})
    assert page.status_code == 422
    assert b"Half typed" in page.content


def test_accept(cast, as_user, lead):
    as_user(cast.ben).post(url("lead-accept", lead))
    assert Handover.objects.get(lead=lead).accepted_at is not None


@pytest.mark.clock
def test_returning_sends_the_rep_to_her_queue(cast, as_user, lead):
    answer = as_user(cast.ben).post(url("lead-return", lead), {"reason": "Not my region"})
    assert answer.headers["Location"] == reverse("web:queue")
    assert Handover.objects.get(lead=lead).end == HandoverEnd.RETURNED
    assert as_user(cast.ben).get(url("lead-detail", lead)).status_code == 404


@pytest.mark.parametrize("tab", ["", "all"])
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true", "HX-Target": "lead"}])
def test_an_untouched_lead_cannot_be_rejected_and_the_reason_stays_chosen(cast, as_user, lead, unchanged, tab, headers):
    with unchanged():
        page = as_user(cast.ben).post(url("lead-reject", lead), {"reason": "no_budget", "tab": tab}, headers=headers)
    text = page.content.decode()
    assert page.status_code == 422
    assert "cannot be rejected" in text
    assert '<option value="no_budget" selected>' in text
    assert ("outcome-form" in text) == bool(tab)


@pytest.mark.parametrize("tab", ["", "all"])
def test_a_reason_that_is_too_long_is_not_lost(cast, as_user, lead, unchanged, tab):
    reason = "Not my region " * 15
    with unchanged():
        page = as_user(cast.ben).post(url("lead-return", lead), {"reason": reason, "tab": tab})
    text = page.content.decode()
    assert page.status_code == 422
    assert f'value="{reason}"' in text
    assert "at most 200 characters" in text
    assert '<details class="menu" open>' in text
    assert ("outcome-form" in text) == bool(tab)


def test_a_worked_lead_is_rejected_with_a_reason(cast, as_user, lead):
    client = as_user(cast.ben)
    client.post(url("lead-log", lead), {"kind": "call"})
    client.post(url("lead-reject", lead), {"reason": "no_budget"})
    assert Handover.objects.get(lead=lead).end == HandoverEnd.REJECTED


def test_quick_entry_makes_a_graded_lead(cast, as_user, model):
    answer = as_user(cast.mia).post(
        reverse("web:lead-new"),
        {
            "first_name": "Nora",
            "last_name": "Berg",
            "email": "nora@berg.example",
            "company": "Berg",
            "budget": "approved",
            "timeframe": "within_3_months",
            "decision_maker": "decides",
            "note": "Met at the fair",
        },
    )
    lead = Lead.objects.get()
    assert answer.headers["Location"] == reverse("web:lead-detail", args=[lead.pk])
    assert (lead.grade, lead.side) == ("A", "sales")
    assert lead.owner in {cast.ben, cast.cal}
    assert Activity.objects.get(kind="note").payload == {"note": "Met at the fair"}


def test_quick_entry_without_a_name_says_what_is_missing(cast, as_user, model, unchanged):
    with unchanged():
        page = as_user(cast.mia).post(reverse("web:lead-new"), {"city": "Oslo"})
    assert page.status_code == 422
    assert b"A lead needs a name" in page.content
    assert b"Oslo" in page.content


def test_a_bad_address_is_said_at_its_field(cast, as_user, model):
    page = as_user(cast.mia).post(reverse("web:lead-new"), {"first_name": "A", "email": "no address"})
    assert page.context["form"].errors.keys() == {"email"}


def test_custom_fields_are_shown_by_their_label(cast, as_user):
    make_field("hall_size", type="integer")
    lead = make_lead(owner=cast.ben, grade="A", score=80, hall_size=12000)
    page = as_user(cast.ben).get(url("lead-detail", lead)).content.decode()
    assert "Hall size" in page
    assert "12,000" in page
