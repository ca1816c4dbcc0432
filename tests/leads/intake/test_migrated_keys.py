"""The keys of what was stored before are made anew."""

import importlib

import pytest
from django.apps import apps
from django.db import connection

from leads.intake import keys
from leads.models import Company, Lead
from tests.factories.leads import NOW, make_lead

migration = importlib.import_module("leads.migrations.0012_identity_keys")
PEOPLE = [
    ("किरण", "शर्मा", "kiran@straße.de"),
    ("Zoë", "O'Neil-Müller", "Zoe@Example.com"),
    ("İpek", "J. R.", ""),
    ("かと\u3099", "", "x@xn--strae-oqa.de"),
    ("", "", "no address"),
]
COMPANIES = ["C++ Ltd", "Übermut, AG.", "Café", "Plain Ltd"]


@pytest.mark.django_db
def test_stored_keys_are_made_anew_and_a_second_time_changes_nothing():
    leads = [make_lead(last_name="Old", company=name) for name in COMPANIES]
    for lead, (first, last, email) in zip(leads + [make_lead(last_name="Old")], PEOPLE, strict=True):
        Lead.objects.filter(pk=lead.pk).update(
            first_name=first, last_name=last, email=email, name_key="old", email_key="old"
        )
    for number, company in enumerate(Company.objects.all()):
        Company.objects.filter(pk=company.pk).update(name_key=f"old {number}")
    taken = Company.objects.create(name="plain  ltd", name_key="past the program", created_at=NOW)

    for _ in range(2):
        migration.give_keys(apps, connection.schema_editor())

        for lead in Lead.objects.all():
            assert lead.name_key == keys.name_key(lead.first_name, lead.last_name)
            assert lead.email_key == keys.email_key(lead.email)
        assert {company.name: company.name_key for company in Company.objects.exclude(pk=taken.pk)} == {
            name: keys.company_key(name) for name in COMPANIES
        }
        taken.refresh_from_db()
        assert taken.name_key == "past the program"
