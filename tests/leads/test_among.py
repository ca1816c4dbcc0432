from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.models import Lead
from tests.factories.leads import make_lead


def test_ids_are_one_value_of_the_statement_however_many(db):
    leads = [make_lead(first_name=name) for name in ("Ann", "Ben", "Cal")]
    ids = [leads[2].pk, leads[0].pk, 0]

    with CaptureQueriesContext(connection) as captured:
        found = list(Lead.objects.filter(pk__among=ids).order_by("pk"))

    assert found == [leads[0], leads[2]]
    assert f"ANY('{{{leads[2].pk},{leads[0].pk},0}}'::bigint[])" in captured[0]["sql"]


def test_nobody_is_among_no_ids(db):
    make_lead(first_name="Ann")

    assert list(Lead.objects.filter(pk__among=[])) == []
    assert Lead.objects.exclude(pk__among=[]).count() == 1
