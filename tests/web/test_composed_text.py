"""Text that is typed comes in as form NFC."""

import unicodedata

import pytest
from django.urls import reverse

from leads.models import Lead
from tests.factories.leads import make_lead

DECOMPOSED = unicodedata.normalize("NFD", "Zoë Ägidius")


def test_what_is_typed_into_a_form_is_kept_in_form_nfc(cast, client):
    client.force_login(cast.ben)
    client.post(reverse("web:lead-new"), {"last_name": DECOMPOSED, "city": "Zu\u0308rich", "note": "e\u0301"})

    lead = Lead.objects.get()
    assert (lead.last_name, lead.city) == ("Zoë Ägidius", "Zürich")
    assert lead.activities.get(kind="note").payload == {"note": "é"}


def test_what_is_looked_for_is_found_in_either_form(cast, client):
    lead = make_lead(tags=["Zürich"])
    client.force_login(cast.mia)
    page = client.get(reverse("web:lead-list"), {"tags": "Zu\u0308rich"})
    assert reverse("web:lead-detail", args=[lead.pk]) in page.content.decode()


@pytest.mark.parametrize("page", ["admin:leads_source_changelist", "admin:leads_lead_changelist"])
def test_an_address_with_nul_makes_no_sense_to_the_admin(cast, client, page):
    client.force_login(cast.ann)
    assert client.get(reverse(page), {"kind__exact": "a\0b", "q": "\0"}).status_code == 400


def test_passwords_stay_as_they_were_typed(cast, client):
    password = f"{DECOMPOSED} is long"
    cast.ben.set_password(password)
    cast.ben.save()
    answer = client.post(reverse("web:sign-in"), {"username": cast.ben.email, "password": password})
    assert answer.status_code == 302
    assert client.session["_auth_user_id"] == str(cast.ben.pk)
