"""Quick entry of somebody who is known already."""

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from leads.models import Activity, Lead
from tests.factories.leads import make_lead

URL = reverse("web:lead-new")


@pytest.mark.parametrize("typed", [{"email": " NORA@berg.example"}, {"phone": "+49 30 1234567"}])
def test_who_is_known_and_visible_is_linked_to(cast, as_user, unchanged, typed):
    known = make_lead(first_name="Nora", email="nora@berg.example", phone="+49 (0)30 1234567", owner=cast.ben)
    client = as_user(cast.ben)
    with unchanged():
        page = client.post(URL, {"first_name": "Norah", "city": "Oslo", **typed})
    assert page.status_code == 422
    assert f'href="{known.get_absolute_url()}"' in page.content.decode()
    assert page.context["form"]["city"].value() == "Oslo"


@pytest.mark.parametrize("side", ["marketing", "sales"])
def test_who_is_known_to_others_is_noted_and_not_shown(cast, as_user, side):
    owner = cast.cal if side == "sales" else None
    known = make_lead(first_name="Nora", last_name="Secret", email="nora@berg.example", owner=owner)
    before = Lead.objects.values().get()
    client = as_user(cast.ben)
    typed = {"last_name": "Berg", "email": "nora@berg.example", "city": "Oslo", "note": "Met at the fair"}
    answer = client.post(URL, typed)
    (message,) = get_messages(answer.wsgi_request)
    assert str(message) == f"This person is known already; {side} is told."
    assert answer.headers["Location"] == URL
    assert Lead.objects.values().get() == before
    note = Activity.objects.get(lead=known, kind="note")
    assert note.actor == cast.ben
    for text in ("Entered again by Ben.", "Last name: Berg", "City: Oslo", "Met at the fair"):
        assert text in note.payload["note"]
    assert "Secret" not in client.get(URL).content.decode()


def test_one_that_may_be_seen_goes_before_one_that_may_not(cast, as_user, unchanged):
    make_lead(email="nora@berg.example", owner=cast.cal)
    hers = make_lead(first_name="Nora", phone="+49 (0)30 1234567", owner=cast.ben)
    with unchanged():
        page = as_user(cast.ben).post(URL, {"email": "nora@berg.example", "phone": "004930 1234567"})
    assert page.context["known"] == hers


def test_neither_address_nor_number_matches_nobody(cast, as_user):
    make_lead(first_name="Nora", last_name="Berg", company="Berg")
    as_user(cast.ben).post(URL, {"first_name": "Nora", "last_name": "Berg"})
    assert Lead.objects.count() == 2
