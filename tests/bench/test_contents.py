import datetime

import pytest

from bench.contents import contents, same
from leads.models import Activity, Lead
from tests.factories.leads import make_lead


def test_what_differs_in_ids_and_moments_alone_is_the_same(db, now):
    make_lead(first_name="Pat", external_system="crm", external_id="1")
    before = contents()
    Lead.objects.update(created_at=now + datetime.timedelta(days=1))

    assert contents() == before
    same(before, contents())


@pytest.mark.parametrize("values", [{"city": "Kiel"}, {"fields": {"budget": "approved"}}, {"tags": ["fair"]}])
def test_another_value_of_a_lead_stops_the_measure(db, values):
    make_lead(first_name="Pat")
    before = contents()
    Lead.objects.update(**values)

    with pytest.raises(SystemExit, match="leads_lead"):
        same(before, contents())


def test_a_row_that_is_missing_by_hand_stops_the_measure(db, now):
    lead = make_lead(first_name="Pat")
    by_hand = contents()
    Activity.objects.create(lead=lead, kind="note", occurred_at=now, recorded_at=now, payload={})

    with pytest.raises(SystemExit, match="leads_activity"):
        same(by_hand, contents())
