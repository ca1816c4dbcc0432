"""Several addresses, numbers and ids of one lead: shown, added, made the main one, removed."""

import pytest
from django.urls import reverse

from leads.models import Activity, Lead, OtherKey
from tests.factories.leads import make_lead
from web.leads.facts import as_original


@pytest.fixture
def lead(cast):
    return make_lead(last_name="Berg", email="nora@berg.example", owner=cast.ben)


def add(client, lead, **typed):
    return client.post(reverse("web:key-add", args=[lead.pk]), typed)


def keys_of(lead):
    return list(lead.other_keys.values_list("kind", "system", "value", "key"))


def test_one_is_added_shown_and_found(cast, as_user, lead):
    client = as_user(cast.ben)
    answer = add(client, lead, kind="email", value=" Nora@Straße.example ")

    assert answer.status_code == 302
    assert keys_of(lead) == [("email", "", "Nora@Straße.example", "nora@xn--strae-oqa.example")]
    page = client.get(reverse("web:lead-detail", args=[lead.pk])).content.decode()
    assert "Nora@Straße.example" in page
    assert "Other e-mails: empty → Nora@Straße.example" in page
    assert list(Lead.objects.search("nora@strasse.example")) == [lead]
    assert client.post(reverse("web:lead-new"), {"email": "nora@straße.example"}).context["known"] == lead


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ({"kind": "email", "value": "NORA@berg.example"}, "This lead has it already."),
        ({"kind": "email", "value": "no address"}, "no address is not an e-mail address."),
        ({"kind": "phone", "value": "123"}, "123 is not a phone number."),
        ({"kind": "external_id", "value": "7"}, "An external id needs the name of the system it is from."),
        ({"kind": "external_id", "value": "8", "system": "crm"}, "Another lead has this external id."),
        ({"kind": "fax", "value": "7"}, "Select a valid choice. fax is not one of the available choices."),
        ({"kind": "email", "value": ""}, "Give an address, a number or an id."),
    ],
)
def test_what_cannot_be_added(cast, as_user, lead, unchanged, typed, problem):
    make_lead(external_system="crm", external_id="8")
    client = as_user(cast.ben)
    with unchanged():
        page = add(client, lead, **typed)
    assert page.status_code == 422
    assert problem in page.content.decode()


def test_the_first_of_its_kind_becomes_the_main_one(cast, as_user, lead):
    add(as_user(cast.ben), lead, kind="external_id", value="7", system="crm")

    lead.refresh_from_db()
    assert (lead.external_system, lead.external_id, keys_of(lead)) == ("crm", "7", [])


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("email", ["nora@berg.example", "home@berg.example"]),
        ("phone", ["+49 30 1234567", "+49 171 1234567"]),
        ("external_id", ["7", "0042"]),
    ],
)
def test_another_is_made_the_main_one_and_the_main_one_stays_beside_it(cast, as_user, lead, kind, values):
    client = as_user(cast.ben)
    systems = {"system": "crm"} if kind == "external_id" else {}
    for value in values:
        if getattr(lead, kind) != value:
            add(client, lead, kind=kind, value=value, **systems)
    other = lead.other_keys.get()
    answer = client.post(reverse("web:key-main", args=[lead.pk, other.pk]))

    assert answer.status_code == 302
    lead.refresh_from_db()
    assert getattr(lead, kind) == values[1]
    assert [value for _, _, value, _ in keys_of(lead)] == values[:1]
    # Typed in as the main one, it is no other one any more.
    client.post(
        reverse("web:lead-edit", args=[lead.pk]), {"field": kind, kind: values[0], f"was-{kind}": f'"{values[1]}"'}
    )
    lead.refresh_from_db()
    assert (getattr(lead, kind), keys_of(lead)) == (values[0], [])


def test_one_is_removed(cast, as_user, lead):
    client = as_user(cast.ben)
    add(client, lead, kind="phone", value="+49 30 1234567")
    add(client, lead, kind="phone", value="+49 171 1234567")
    other = lead.other_keys.get()
    client.post(reverse("web:key-drop", args=[lead.pk, other.pk]))

    assert keys_of(lead) == []
    changed = Activity.objects.filter(lead=lead, kind="field_changed").latest("pk")
    assert changed.payload == {"changed": {"other_phones": ["+49 171 1234567", None]}}
    assert list(Lead.objects.search("1711234567")) == []
    assert client.post(reverse("web:key-drop", args=[lead.pk, other.pk])).status_code == 404


def test_changing_them_is_for_those_who_may(cast, as_user, lead, unchanged):
    other = OtherKey.objects.create(lead=lead, kind="email", value="a@x.example", key="a@x.example")
    paths = [("web:key-add", []), ("web:key-main", [other.pk]), ("web:key-drop", [other.pk])]
    for name, more in paths:
        url, typed = reverse(name, args=[lead.pk, *more]), {"kind": "email", "value": "b@x.example"}
        with unchanged():
            assert as_user(cast.cal).post(url, typed).status_code == 404
            assert as_user(cast.mia).post(url, typed).status_code == 403
            assert as_user(cast.ben).get(url).status_code == 405
    page = as_user(cast.mia).get(reverse("web:lead-detail", args=[lead.pk])).content.decode()
    assert "a@x.example" in page
    assert "Make main" not in page


def test_a_main_one_that_could_not_stay_beside_it_is_not_lost(cast, as_user):
    lead = make_lead(last_name="Berg", phone="ask reception", owner=cast.ben)
    other = OtherKey.objects.create(lead=lead, kind="phone", value="+49 171 1234567", key="+491711234567")
    answer = as_user(cast.ben).post(reverse("web:key-main", args=[lead.pk, other.pk]), follow=True)
    assert "ask reception is not a phone number and would be lost." in answer.content.decode()
    lead.refresh_from_db()
    assert (lead.phone, [value for _, _, value, _ in keys_of(lead)]) == ("ask reception", ["+49 171 1234567"])


def test_an_id_that_another_lead_has_beside_her_main_one_is_refused_and_what_was_typed_stays(
    cast, as_user, lead, unchanged
):
    first = make_lead(last_name="First", external_system="crm", external_id="6")
    OtherKey.objects.create(lead=first, kind="external_id", system="crm", value="7", key="7")
    client = as_user(cast.ben)
    typed = {"external_system": "crm", "external_id": "7"}
    was = {f"was-{code}": as_original("") for code in typed}
    with unchanged():
        edited = client.post(reverse("web:lead-edit", args=[lead.pk]), {"field": list(typed), **typed, **was})
        added = add(client, lead, kind="external_id", value="7", system="crm")
    assert (edited.status_code, added.status_code) == (422, 422)
    assert edited.context["edit_form"].errors == {"external_id": ["Another lead has this external id."]}
    assert "Another lead has this external id." in added.content.decode()
    assert 'value="7"' in added.content.decode()
