"""An import of marketing and the leads that are with sales."""

import pytest
from django.utils import timezone

from capture.importing.actions.receiving import opened, plan_for
from capture.importing.actions.rehearsal import rehearse
from capture.importing.models import ImportProblem
from leads.models import Lead
from tests.capture.importing.conftest import counts
from tests.factories.leads import give

pytestmark = pytest.mark.django_db

MAPPING = {
    "columns": {
        "Email": "email",
        "Phone": "phone",
        "Company": "company",
        "City": "city",
        "Title": "job_title",
        "Tags": "tags",
        "Seats": {"field": "seats", "type": "integer"},
        "No mail": "do_not_email",
    }
}
HEADER = "Email,Phone,Company,City,Title,Tags,Seats,No mail\n"


@pytest.fixture
def lead(bring, cast):
    """Ann, of whom everything but the title is known, with ben."""
    bring(f"{HEADER}ann@x.example,4155550101,Acme,Ulm,,a,1,\n", mapping=MAPPING, create_fields=True)
    return give(Lead.objects.get(), owner=cast.ben).lead


def known(lead):
    lead.refresh_from_db()
    return lead.phone, lead.company.name, lead.city, lead.job_title, lead.tags, lead.fields, lead.do_not_email


OTHER = f"{HEADER}ann@x.example,4155550199,Other,Bonn,Chief,b,2,yes\n"


def test_a_marketer_fills_what_is_empty_and_changes_nothing(lead, bring, cast):
    run = bring(OTHER, mapping=MAPPING, by=cast.mia)
    assert counts(run) == (0, 1, 0, 0)
    assert known(lead) == ("4155550101", "Acme", "Ulm", "Chief", ["a"], {"seats": 1}, True)
    problem = ImportProblem.objects.get(run=run)
    assert problem.message == "With sales: kept City, Phone, Company, Tags, seats."
    assert (problem.number, problem.rejects) == (1, False)


def test_a_row_that_fills_nothing_is_unchanged(lead, bring, cast):
    run = bring("Email,City\nann@x.example,Bonn\n", by=cast.mia)
    assert counts(run) == (0, 0, 1, 0)
    assert known(lead)[2] == "Ulm"
    assert ImportProblem.objects.get(run=run).message == "With sales: kept City."


def test_a_row_that_says_what_is_known_has_no_problem(lead, bring, cast):
    run = bring("Email,City,Tags\nann@x.example,Ulm,a\n", by=cast.mia)
    assert counts(run) == (0, 0, 1, 0)
    assert not ImportProblem.objects.filter(run=run).exists()


@pytest.mark.parametrize("who", ["ann", None])
def test_an_admin_and_the_command_line_change_them(lead, bring, cast, who):
    run = bring(OTHER, mapping=MAPPING, by=who and getattr(cast, who))
    assert counts(run) == (0, 1, 0, 0)
    assert known(lead) == ("4155550101", "Other", "Bonn", "Chief", ["a", "b"], {"seats": 2}, True)
    assert not ImportProblem.objects.filter(run=run).exists()


def test_a_marketer_changes_those_of_marketing(bring, cast):
    bring("Email,City\nann@x.example,Ulm\n", by=cast.mia)
    bring("Email,City\nann@x.example,Bonn\n", by=cast.mia)
    assert Lead.objects.get().city == "Bonn"


def test_the_dry_run_says_the_same(lead, write, cast):
    with opened(write("Email,City\nann@x.example,Bonn\nann@x.example,Rom\n")) as file:
        plan = plan_for(file.table.header, file.sample)
        tried = rehearse(table=file.table, plan=plan, sha256="", now=timezone.now(), by=cast.mia)
    assert tuple(tried.counts.values()) == (0, 0, 2, 0)
    assert [message for _, _, message, _ in tried.problems] == ["With sales: kept City."] * 2
