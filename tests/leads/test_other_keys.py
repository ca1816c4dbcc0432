import pytest

from leads.actions.other_keys import add_key, make_main
from leads.changes import changing
from leads.fields import Key
from leads.models import OtherKey
from tests.factories.leads import make_lead

pytestmark = pytest.mark.django_db


def test_a_number_keeps_its_key_as_it_becomes_the_main_one_under_another_phone_region(settings, now):
    settings.PHONE_REGION = "DE"
    lead = make_lead(phone="030 7654321")
    with changing([lead], by=None, now=now) as change:
        other = add_key(change, lead=lead, kind=Key.PHONE, value="0171 2345678")

    settings.PHONE_REGION = "US"
    with changing([lead], by=None, now=now) as change:
        make_main(change, other=other)

    lead.refresh_from_db()
    assert (lead.phone, lead.phone_key) == ("0171 2345678", "+491712345678")
    assert OtherKey.objects.values_list("value", "key").get() == ("030 7654321", "+49307654321")
