import datetime
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from leads.models import Lead
from routing.models import Handover
from routing.queries import queue
from tests.factories.leads import make_lead
from tests.web.fragments import bare

URL = reverse("web:queue")
HTMX = {"HX-Request": "true", "HX-Target": "queue-live"}


def test_a_rep_sees_her_own_leads_only(cast, as_user):
    mine = make_lead(owner=cast.ben, grade="A", score=80, last_name="Mine")
    make_lead(owner=cast.cal, grade="A", score=90, last_name="Theirs")
    page = as_user(cast.ben).get(URL)
    assert page.status_code == 200
    assert [lead.pk for lead in page.context["leads"]] == [mine.pk]


def test_a_marketer_has_no_queue(cast, as_user):
    assert as_user(cast.mia).get(URL).status_code == 403


def test_a_stranger_is_sent_to_sign_in(client, db):
    assert client.get(URL).headers["Location"] == f"{reverse('web:sign-in')}?next=/queue/"


def test_an_unknown_tab_is_not_found(cast, as_user):
    assert as_user(cast.ben).get(URL, {"tab": "everything"}).status_code == 404


def test_writing_methods_are_refused(cast, as_user):
    assert as_user(cast.ben).post(URL).status_code == 405
    assert as_user(cast.ben).get(reverse("web:queue-accept")).status_code == 405


@pytest.mark.parametrize("count", [1, 3])
def test_the_number_of_queries_is_fixed(cast, as_user, count, django_assert_num_queries):
    for _ in range(count):
        make_lead(owner=cast.ben, grade="A", score=80, company="Firm")
    client = as_user(cast.ben)
    with django_assert_num_queries(6):
        assert len(client.get(URL, {"tab": "to_accept"}).context["leads"]) == count


def test_a_row_says_who_and_why(cast, as_user):
    lead = make_lead(owner=cast.ben, grade="A", score=80, first_name="Ada", last_name="Byron", company="Engines & Co")
    page = as_user(cast.ben).get(URL).content.decode()
    for text in ("Ada Byron", "Engines &amp; Co", "Not touched yet", f'id="accept-{lead.pk}"'):
        assert text in page


@pytest.mark.clock
def test_the_fragment_stands_in_the_page(cast, as_user):
    make_lead(owner=cast.ben, grade="A", score=80)
    client = as_user(cast.ben)
    page, fragment = client.get(URL), client.get(URL, headers=HTMX)
    assert bare(fragment.content) in bare(page.content)
    assert "HX-Request" in fragment.headers["Vary"]


@pytest.mark.clock
def test_an_unchanged_list_is_not_sent_again(cast, as_user, django_assert_num_queries):
    make_lead(owner=cast.ben, grade="A", score=80)
    client = as_user(cast.ben)
    version = client.get(URL).context["version"]
    with django_assert_num_queries(4):
        same = client.get(URL, {"tab": "to_accept", "seen": version}, headers=HTMX)
    make_lead(owner=cast.ben, grade="B", score=60, last_name="Arrived")
    news = client.get(URL, {"tab": "to_accept", "seen": version}, headers=HTMX)
    assert same.status_code == 204
    assert news.status_code == 200
    assert b"Arrived" in news.content


def test_accepting_the_ticked_leads(cast, as_user):
    leads = [make_lead(owner=cast.ben, grade="A", score=80) for _ in range(3)]
    answer = as_user(cast.ben).post(
        reverse("web:queue-accept"), {"lead": [leads[0].pk, leads[1].pk], "tab": "to_accept"}
    )
    assert answer.headers["Location"] == f"{URL}?tab=to_accept"
    accepted = Handover.objects.filter(accepted_at__isnull=False).values_list("lead_id", flat=True)
    assert sorted(accepted) == [leads[0].pk, leads[1].pk]


def test_accepting_takes_the_same_statements_for_one_lead_and_for_five(cast, as_user):
    client, counts = as_user(cast.ben), []
    for number in (1, 5):
        leads = [make_lead(owner=cast.ben, grade="A", score=80) for _ in range(number)]
        with CaptureQueriesContext(connection) as queries:
            client.post(reverse("web:queue-accept"), {"lead": [lead.pk for lead in leads]})
        counts.append(len(queries))
        assert Handover.objects.filter(lead__in=leads, accepted_at__isnull=False).count() == number
    assert counts[0] == counts[1]


def test_a_row_s_own_button_accepts_that_row_alone(cast, as_user):
    leads = [make_lead(owner=cast.ben, grade="A", score=80) for _ in range(2)]
    as_user(cast.ben).post(reverse("web:queue-accept"), {"lead": [leads[0].pk], "only": leads[1].pk})
    assert [handover.lead_id for handover in Handover.objects.filter(accepted_at__isnull=False)] == [leads[1].pk]


def test_another_reps_lead_is_not_accepted(cast, as_user, unchanged):
    lead = make_lead(owner=cast.cal, grade="A", score=80)
    with unchanged():
        page = as_user(cast.ben).post(reverse("web:queue-accept"), {"lead": [lead.pk]}, follow=True)
    assert [str(message) for message in page.context["messages"]] == ["1 of them had gone elsewhere meanwhile."]


@pytest.mark.parametrize("ids", [[], ["x"], ["9" * 30], ["-1"]])
def test_nonsense_is_accepted_by_nobody(cast, as_user, unchanged, ids):
    make_lead(owner=cast.ben, grade="A", score=80)
    with unchanged():
        assert as_user(cast.ben).post(reverse("web:queue-accept"), {"lead": ids}).status_code == 302


@pytest.mark.clock
def test_the_time_left_is_said(cast, as_user):
    # A lead of this maker is due four hours after it is handed over.
    now = timezone.now()
    make_lead(owner=cast.ben, grade="A", score=80, now=now - datetime.timedelta(hours=1, minutes=50))
    assert b"2 h left" in as_user(cast.ben).get(URL).content
    make_lead(owner=cast.ben, grade="A", score=80, now=now - datetime.timedelta(hours=5, minutes=10))
    assert b"1 h over" in as_user(cast.ben).get(URL).content


def test_an_empty_queue_says_what_comes_next(cast, as_user):
    assert b"Done for today" in as_user(cast.ben).get(URL).content
    assert b"Nothing to accept" in as_user(cast.ben).get(URL, {"tab": "to_accept"}).content


def test_large_numbers_of_leads_go_there_and_back(cast, as_user):
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('leads_lead', 'id'), 1234567)")
    lead = make_lead(owner=cast.ben, grade="A", score=80)
    client = as_user(cast.ben)
    (value,) = re.findall(r'name="lead" value="([^"]*)"', client.get(URL).content.decode())
    client.post(reverse("web:queue-accept"), {"lead": value})
    assert Handover.objects.get(lead=lead).accepted_at is not None


def test_names_are_text_not_markup(cast, as_user):
    make_lead(owner=cast.ben, grade="A", score=80, first_name="<img src=x onerror=alert(1)>", last_name="Bobby")
    assert b"<img" not in as_user(cast.ben).get(URL).content


@pytest.mark.clock
def test_counts_and_tabs_agree(cast, as_user):
    for _ in range(2):
        make_lead(owner=cast.ben, grade="A", score=80)
    page = as_user(cast.ben).get(URL)
    assert {code: count for code, _, count in page.context["tabs"]} == queue(cast.ben, now=timezone.now()).counts
    assert Lead.objects.filter(owner=cast.ben).count() == 2
