"""External ids that were stored before they had a key of their own."""

import importlib

import pytest
from django.db import connection

from insights.invariants import check_all
from leads.models import Activity, ExternalId, OtherKey
from tests.factories.leads import make_lead

migration = importlib.import_module("leads.migrations.0020_external_ids")


@pytest.mark.django_db
def test_an_id_of_two_leads_stays_with_the_one_whose_main_one_it_is_and_the_other_is_told():
    first = make_lead(external_system="crm", external_id="7")
    second = make_lead(external_system="crm", external_id="8")
    with connection.cursor() as cursor:
        cursor.execute(migration.SQUASHED.LET_IDS_GO)
        cursor.execute("DELETE FROM leads_externalid")
        for key in ("7", "9"):
            OtherKey.objects.create(lead=second, kind="external_id", system="crm", value=key, key=key)
        for statement in (migration.LOCK, migration.CLEAR, migration.ENTER, migration.SQUASHED.KEEP_IDS):
            cursor.execute(statement)

    assert sorted(ExternalId.objects.values_list("key", "lead")) == [
        ("7", first.pk),
        ("8", second.pk),
        ("9", second.pk),
    ]
    told = Activity.objects.filter(kind="field_changed").values_list("lead", "payload")
    assert list(told) == [(second.pk, {"changed": {"other_external_ids": ["7", None]}})]
    assert [finding for finding in check_all() if finding.count] == []
