"""The settings that hold for everybody."""

import json

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from leads.models import Lead
from scoring.models import RegradeRun
from team.models import User, Workspace
from tests.factories.deeds import change_lead
from tests.factories.leads import make_lead
from tests.scoring.made import publish

URL = reverse("web:workspace")
GOOD = {
    "name": "Northwind",
    "postal_address": "1 Quay Street\nBelfast",
    "time_zone": "Europe/London",
    "phone_region": "GB",
    "currency": "GBP",
    "language": "en-gb",
}


def opened(client):
    """The settings as the page gives them to whoever opens it."""
    return {"was": json.dumps(client.get(URL).context["form"].initial["was"])}


@pytest.fixture
def saved(cast, as_user):
    """What an admin has saved; she stays signed in."""
    client = as_user(cast.ann)
    client.post(URL, GOOD | opened(client))
    return client


def test_an_admin_saves_the_workspace(saved):
    assert Workspace.objects.values(*GOOD).get() == GOOD
    page = saved.get(URL).text
    assert 'value="Northwind"' in page
    assert '<option value="GB" selected>GB (+44)</option>' in page


def test_saving_again_changes_the_one_row(saved):
    saved.post(URL, GOOD | opened(saved) | {"name": "Southwind"})

    assert [workspace.name for workspace in Workspace.objects.all()] == ["Southwind"]


@pytest.mark.parametrize(("value", "asked"), [("2026-06-10", 1), ("2026-06-10T08:00:00Z", 0)])
def test_another_zone_means_other_days_for_rules_that_name_any(cast, saved, now, value, asked):
    publish(("Came late", 5, {"field": "created_at", "op": "after", "value": value}), now=now)
    make_lead()
    RegradeRun.objects.all().delete()

    saved.post(URL, GOOD | opened(saved) | {"name": "Southwind"})
    assert RegradeRun.objects.count() == 0
    saved.post(URL, GOOD | opened(saved) | {"time_zone": "Asia/Tokyo"})
    assert RegradeRun.objects.filter(requested_by=cast.ann).count() == asked


@pytest.mark.parametrize("login", ["ada", "ben", "mia"])
def test_others_are_kept_out(cast, as_user, login):
    client = as_user(getattr(cast, login))

    assert client.get(URL).status_code == 403
    assert client.post(URL, GOOD).status_code == 403
    assert not Workspace.objects.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": " "}, "This field is required."),
        ({"time_zone": "Mars/Base"}, "Mars/Base is not one of the available choices."),
        ({"phone_region": "ZZ"}, "ZZ is not one of the available choices."),
        ({"currency": "eur"}, "Give the three capital letters of a currency, such as EUR."),
        ({"language": "xx"}, "xx is not one of the available choices."),
    ],
)
def test_a_bad_value_is_said_and_nothing_changes(saved, change, said):
    page = saved.post(URL, GOOD | {"name": "Other"} | change)

    assert page.status_code == 422
    assert said in page.text
    assert Workspace.objects.get().name == "Northwind"


def test_what_somebody_else_saved_meanwhile_is_told_and_what_was_typed_stays(saved, cast, as_user):
    before = opened(saved)
    other = as_user(cast.ann)
    other.post(URL, GOOD | before | {"name": "Southwind", "currency": "CHF"})

    page = saved.post(URL, GOOD | before | {"name": "Eastwind", "language": "de"})

    assert page.status_code == 409
    assert page.context["form"].errors == {
        "name": ["Somebody else has put “Southwind” here meanwhile. Save once more to have yours."]
    }
    assert 'value="Eastwind"' in page.text
    assert Workspace.objects.values_list("name", "language").get() == ("Southwind", "en-gb")

    typed = {name: page.context["form"][name].value() for name in ["was", *GOOD]}
    assert saved.post(URL, typed).status_code == 302
    assert Workspace.objects.values_list("name", "language", "currency").get() == ("Eastwind", "de", "CHF")


def test_what_one_left_alone_stays_as_somebody_else_has_put_it(saved):
    before = opened(saved)
    saved.post(URL, GOOD | before | {"currency": "CHF"})

    assert saved.post(URL, GOOD | before | {"name": "Eastwind"}).status_code == 302
    assert Workspace.objects.values_list("name", "currency").get() == ("Eastwind", "CHF")


def test_the_same_from_both_is_no_conflict(saved):
    before = opened(saved)
    for _ in range(2):
        assert saved.post(URL, GOOD | before | {"name": "Eastwind"}).status_code == 302


@pytest.mark.parametrize("was", ["", "{", "[]", '{"name": 1}'])
def test_without_what_it_was_nothing_is_overwritten(saved, was):
    page = saved.post(URL, GOOD | {"was": was, "name": "Eastwind"})

    assert page.status_code in {409, 422}
    assert Workspace.objects.get().name == "Northwind"


def test_saving_what_one_opened_changes_nothing(saved):
    postal = GOOD["postal_address"].replace("\n", "\r\n")
    saved.post(URL, GOOD | opened(saved) | {"postal_address": postal})

    assert Workspace.objects.values(*GOOD).get() == GOOD


def test_there_is_one_workspace(saved):
    with pytest.raises(IntegrityError), transaction.atomic():
        Workspace.objects.create(pk=2, name="Second")


def test_until_it_is_saved_the_settings_hold(db, settings):
    settings.PHONE_REGION = "DE"

    assert Workspace.objects.current().phone_region == "DE"


def test_a_new_phone_region_reads_new_numbers_alone(cast, as_user, now):
    lead = make_lead(email="pat@example.com", phone="030 1234567", now=now)
    Lead.objects.filter(pk=lead.pk).update(phone_key="+49301234567")

    client = as_user(cast.ann)

    page = client.post(URL, GOOD | opened(client), follow=True)
    change_lead(lead=lead, changes={"first_name": "Pat"}, by=cast.ann, now=now)
    new = make_lead(phone="020 7946 0018", email="new@example.com", now=now)

    assert "From now on a number without a country is read as one of GB." in page.text
    lead.refresh_from_db()
    assert (lead.phone_key, new.phone_key) == ("+49301234567", "+442079460018")
    change_lead(lead=lead, changes={"phone": "020 7946 0019"}, by=cast.ann, now=now)
    assert lead.phone_key == "+442079460019"


def test_new_people_and_campaigns_begin_with_it(saved):
    saved.post(reverse("admin:team_user_add"), {"email": "new@example.com", "name": "New", "usable_password": "false"})
    form = saved.get(reverse("admin:leads_campaign_add")).text

    assert User.objects.get(email="new@example.com").time_zone == "Europe/London"
    assert 'value="GBP"' in form


def test_the_page_to_sign_in_names_it(saved):
    saved.logout()

    assert "<h1>Sign in to Northwind</h1>" in saved.get(reverse("web:sign-in")).text


@pytest.mark.parametrize("was", ["[" * 20_000, '{"name": ' * 500, r'{"name": "\u0000"}', "[[]]", "9" * 5000])
def test_whatever_the_settings_are_said_to_have_been_the_page_answers(cast, as_user, was):
    assert as_user(cast.ann).post(URL, GOOD | {"was": was}).status_code in {302, 409, 422}
