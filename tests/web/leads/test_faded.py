"""A lead whose grade no longer is for sales: taken back before it was accepted, marked after."""

import pytest
from django.urls import reverse
from django.utils import timezone

from leads.models import Lead
from routing.actions import accept
from team.models import User
from tests.factories.deeds import settle
from tests.factories.routing import city, publish_cities


@pytest.fixture
def kiel(cast, now):
    """An A lead that the policy has handed to ben."""
    publish_cities(by=cast.ann, now=now)
    User.objects.filter(pk=cast.cal.pk).update(capacity=0)
    lead = city("Kiel")
    settle([lead], now=now)
    return lead


def to_jena(client, lead, **more):
    values = {"field": "city", "city": "Jena", "was-city": '"Kiel"', **more}
    return client.post(reverse("web:lead-edit", args=[lead.pk]), values, follow=True)


@pytest.mark.parametrize("more", [{}, {"tab": "to_accept"}])
def test_who_loses_a_lead_by_her_own_edit_is_told_and_goes_on(cast, as_user, kiel, more):
    page = to_jena(as_user(cast.ben), kiel, **more)

    assert page.status_code == 200
    assert "it is no longer graded for sales" in page.content.decode()
    assert Lead.objects.get(pk=kiel.pk).side == "marketing"


def test_an_accepted_one_stays_and_queue_lead_page_and_work_mode_mark_it(cast, as_user, kiel):
    accept(lead=kiel, by=cast.ben, now=timezone.now())
    client = as_user(cast.ben)

    to_jena(client, kiel)

    assert Lead.objects.get(pk=kiel.pk).owner == cast.ben
    for address in (
        reverse("web:queue") + "?tab=today",
        reverse("web:lead-detail", args=[kiel.pk]),
        reverse("web:work-lead", args=[kiel.pk]),
    ):
        assert "No longer an A or B" in client.get(address).content.decode()
