"""What a company or a source is told to be concerns everybody who is there."""

import pytest
from django.urls import reverse

from leads.actions.company import save_company
from leads.models import ChangeRow, Company, DirtyLead, Lead, Source
from tests.client import HouseClient
from tests.factories.leads import make_lead, make_source

pytestmark = pytest.mark.django_db


def marked():
    return set(DirtyLead.objects.values_list("lead_id", flat=True))


@pytest.fixture
def works():
    """Two people of one company and one of another, none of them marked."""
    people = [make_lead(company="Works"), make_lead(company="Works"), make_lead(company="Others")]
    DirtyLead.objects.all().delete()
    return people


def test_whoever_works_there_is_marked_when_a_page_changes_a_fact(works, now):
    first, second, _ = works
    company = Company.objects.get(name="Works")
    company.employees = 500
    since = ChangeRow.objects.count()

    save_company(company=company, by=None, now=now)

    assert marked() == {first.pk, second.pk}
    assert {tuple(row.fields) for row in ChangeRow.objects.order_by("id")[since:]} == {("employees",)}


def test_a_company_saved_as_it_was_marks_nobody(works, now):
    save_company(company=Company.objects.get(name="Works"), by=None, now=now)
    assert marked() == set()


def test_whoever_came_from_a_source_is_marked_when_it_is_of_another_kind(cast):
    fair, other = make_source("fair"), make_source("other")
    hers, _ = make_lead(source=fair), make_lead(source=other)
    DirtyLead.objects.all().delete()
    client = HouseClient()
    client.force_login(cast.ann)
    url = reverse("admin:leads_source_change", args=[fair.pk])

    client.post(url, {"name": "The fair", "kind": fair.kind})
    assert marked() == set()
    client.post(url, {"name": "The fair", "kind": "trade_show"})
    assert marked() == {hers.pk}
    assert Source.objects.get(pk=fair.pk).kind == "trade_show"
    assert Lead.objects.get(pk=hers.pk).source_id == fair.pk
