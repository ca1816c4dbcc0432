import re

import pytest
from django.urls import reverse
from django.utils import timezone

from leads.activities import kinds
from leads.models import Activity, Lead, Task
from routing.models import Handover
from tests.factories.leads import make_lead


def place(lead, tab="all"):
    return f"{reverse('web:work-lead', args=[lead.pk])}?tab={tab}"


@pytest.fixture
def line(cast):
    """Three leads of ben's, best first."""
    now = timezone.now()
    return [make_lead(owner=cast.ben, grade="A", score=score, now=now, last_name=f"L{score}") for score in (90, 80, 70)]


def outcome_url(lead):
    return reverse("web:work-outcome", args=[lead.pk])


def test_work_opens_the_first_lead(cast, as_user, line):
    assert as_user(cast.ben).get(reverse("web:work")).headers["Location"] == place(line[0], "to_accept")


def test_work_without_leads_says_so(cast, as_user):
    assert b"That was the last one" in as_user(cast.ben).get(reverse("web:work")).content


@pytest.mark.clock
def test_next_and_previous(cast, as_user, line):
    page = as_user(cast.ben).get(place(line[1]))
    assert (page.context["previous_url"], page.context["next_url"]) == (place(line[0]), place(line[2]))
    assert "All mine, 3 left" in page.text


@pytest.mark.clock
def test_what_is_left_is_counted_and_not_the_place_of_a_lead_in_a_line_that_gets_shorter(cast, as_user, line):
    client = as_user(cast.ben)
    assert "To accept, 3 left" in client.get(place(line[0], "to_accept")).text
    client.post(outcome_url(line[0]), {"outcome": "talked", "tab": "to_accept"})
    assert "To accept, 2 left" in client.get(place(line[1], "to_accept")).text


@pytest.mark.clock
def test_one_press_logs_the_outcome_and_goes_on(cast, as_user, line):
    answer = as_user(cast.ben).post(
        outcome_url(line[0]), {"outcome": "talked", "next_in_days": "7", "note": "Likes it", "tab": "all"}
    )
    assert answer.headers["Location"] == place(line[1])
    call = Activity.objects.get(kind=kinds.CALL.code)
    assert (call.lead, call.actor, call.payload["note"]) == (line[0], cast.ben, "Likes it")
    assert Handover.objects.get(lead=line[0]).first_touch_at is not None
    assert (Task.objects.get().due_at - timezone.now()).days in (6, 7, 8)


def test_the_last_lead_leads_to_the_end_of_the_line(cast, as_user, line):
    answer = as_user(cast.ben).post(outcome_url(line[2]), {"outcome": "talked", "tab": "all"})
    assert answer.headers["Location"] == f"{reverse('web:work')}?tab=all"


@pytest.mark.clock
def test_an_outcome_that_ends_it_gives_the_lead_back(cast, as_user, line):
    as_user(cast.ben).post(outcome_url(line[0]), {"outcome": "not_interested", "tab": "all"})
    assert Lead.objects.get(pk=line[0].pk).side == "marketing"


def test_a_note_alone_is_kept(cast, as_user, line):
    as_user(cast.ben).post(outcome_url(line[0]), {"outcome": "", "note": "Back on Monday", "tab": "all"})
    assert Activity.objects.get(kind=kinds.NOTE.code).payload == {"note": "Back on Monday"}
    assert Handover.objects.get(lead=line[0]).first_touch_at is None


def test_nothing_said_only_goes_on(cast, as_user, line, unchanged):
    with unchanged():
        assert as_user(cast.ben).post(outcome_url(line[0]), {"tab": "all"}).headers["Location"] == place(line[1])


@pytest.mark.parametrize("data", [{"outcome": "sold"}, {"outcome": "talked", "next_in_days": "-3"}])
def test_a_bad_outcome_is_said_and_nothing_changes(cast, as_user, line, unchanged, data):
    with unchanged():
        assert as_user(cast.ben).post(outcome_url(line[0]), data | {"tab": "all"}).status_code == 422


@pytest.mark.parametrize(("chosen", "checked"), [("7", "7"), ("", "")])
def test_a_refused_outcome_keeps_the_next_step_and_the_note(cast, as_user, line, chosen, checked):
    data = {"outcome": "sold", "next_in_days": chosen, "note": "Half typed", "tab": "all"}
    text = as_user(cast.ben).post(outcome_url(line[0]), data).content.decode()
    assert re.findall(r'name="next_in_days" value="(-?[0-9]*)" checked', text) == [checked]
    assert 'value="Half typed"' in text


def test_what_is_done_in_the_head_stays_in_work_mode(cast, as_user, line):
    client = as_user(cast.ben)
    accepted = client.post(reverse("web:lead-accept", args=[line[0].pk]), {"tab": "all"})
    assert accepted.headers["Location"] == place(line[0])
    returned = client.post(reverse("web:lead-return", args=[line[0].pk]), {"tab": "all", "reason": "Not my region"})
    assert returned.headers["Location"] == f"{reverse('web:work')}?tab=all"
    assert client.post(reverse("web:lead-accept", args=[line[1].pk]), {"tab": "//evil"}).headers["Location"] == (
        reverse("web:lead-detail", args=[line[1].pk])
    )


def test_another_reps_lead_is_not_found(cast, as_user, line, unchanged):
    with unchanged():
        client = as_user(cast.cal)
        assert client.get(place(line[0])).status_code == 404
        assert client.post(outcome_url(line[0]), {"outcome": "talked"}).status_code == 404


def test_a_marketer_does_not_work_leads(cast, as_user, line, unchanged):
    with unchanged():
        client = as_user(cast.mia)
        assert client.get(place(line[0])).status_code == 403
        assert client.post(outcome_url(line[0]), {"outcome": "talked"}).status_code == 403


def test_methods(cast, as_user, line):
    assert as_user(cast.ben).get(outcome_url(line[0])).status_code == 405
    assert as_user(cast.ben).post(place(line[0])).status_code == 405


@pytest.mark.parametrize("count", [1, 3])
def test_the_number_of_queries_is_fixed(cast, as_user, count, django_assert_num_queries):
    now = timezone.now()
    leads = [make_lead(owner=cast.ben, grade="A", score=90, now=now) for _ in range(count)]
    client = as_user(cast.ben)
    with django_assert_num_queries(13):
        client.get(place(leads[0]))
