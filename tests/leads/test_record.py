import datetime

import pytest
from django.core.exceptions import ValidationError

from leads.actions.record import companies_by_name
from leads.enums import FieldType, Stage
from leads.models import Activity, Company, DirtyLead, Lead, LeadSearch, Transition
from tests.factories.deeds import change_lead, create_lead
from tests.factories.leads import make_campaign, make_field, make_lead


def test_create_lead_writes_record_history_search_and_mark(cast, now):
    make_field("seats", FieldType.INTEGER)
    campaign = make_campaign()

    lead = create_lead(
        values={
            "first_name": " Zoë ",
            "last_name": "Müller",
            "email": "Zoe.Mueller@Example.com",
            "phone": "+49 30 1234567",
            "company": "Äcme  GmbH",
            "tags": ["vip", "vip", "show"],
            "seats": 50_000,
        },
        by=cast.mia,
        now=now,
        campaign=campaign,
    )

    lead = Lead.objects.get(pk=lead.pk)
    assert (lead.first_name, lead.last_name) == ("Zoë", "Müller")
    assert (lead.email, lead.email_key) == ("Zoe.Mueller@Example.com", "zoe.mueller@example.com")
    assert (lead.phone_key, lead.name_key) == ("+49301234567", "zoë müller")
    assert (lead.company.name, lead.company.name_key) == ("Äcme GmbH", "äcme gmbh")
    assert (lead.tags, lead.fields) == (["vip", "show"], {"seats": 50_000})
    assert (lead.source, lead.campaign) == (campaign.source, campaign)
    assert (lead.stage, lead.side, lead.created_at, lead.stage_since) == ("name", "marketing", now, now)
    first = Transition.objects.get(lead=lead)
    assert (first.seq, first.from_stage, first.to_stage, first.at) == (1, None, "name", now)
    assert (first.actor, first.reason) == (cast.mia, "entered")
    assert Activity.objects.get(lead=lead).payload == {"from": None, "to": "name", "reason": "entered", "facts": {}}
    assert DirtyLead.objects.get(lead=lead).marked_at == now
    assert LeadSearch.objects.get(lead=lead).document == (
        "zoe muller mueller example com acme gmbh 49301234567 301234567 <76543210394"
    )


def test_create_lead_of_minimal_values(db, now):
    lead = create_lead(values={"phone": "555 12"}, by=None, now=now)

    assert (lead.phone, lead.phone_key, lead.email_key, lead.company, lead.fields) == ("555 12", "", "", None, {})


@pytest.mark.parametrize("values", [{}, {"company": "Acme"}, {"city": "Berlin", "email": ""}])
def test_a_lead_without_anything_to_know_her_by_is_refused(db, now, values):
    with pytest.raises(ValidationError, match="A lead needs a name"):
        create_lead(values=values, by=None, now=now)


@pytest.mark.parametrize(
    ("code", "value", "message"),
    [
        ("email", "jo@", "jo@ is not an e-mail address."),
        ("email", "a@b.de, c@d.de", "a@b.de, c@d.de is not an e-mail address."),
        ("first_name", "x" * 101, "Ensure this value has at most 100 characters (it has 101)."),
        ("city", "Ber\0lin", "This text holds a character that cannot be kept."),
        ("time_zone", "Mars/Base", "Mars/Base is not a time zone, such as Europe/Berlin."),
        ("contract_on", "soon", "“soon” value has an invalid date format. It must be in YYYY-MM-DD format."),
        ("company", "!!!", "Give the company's name in at most 200 letters and digits."),
        ("do_not_email", "perhaps", "“perhaps” value must be either True or False."),
        ("external_id", "7", "An external id needs the name of the system it is from."),
        ("stage", "customer", "stage is no field that can be set."),
        ("score", 100, "score is no field that can be set."),
        ("owner", 1, "owner is no field that can be set."),
        ("shoe_size", 44, "shoe_size is no field that can be set."),
        ("seats", "many", "Give a whole number."),
        ("seats", True, "Give a whole number."),
        ("seats", 1.5, "Give a whole number."),
        ("price", float("nan"), "Give a number."),
        ("trial", "yes", "Give yes or no."),
        ("begun", "yesterday", "Invalid isoformat string: 'yesterday'"),
        ("seen", datetime.datetime(2026, 1, 1), "Give a date and time with a time zone."),  # noqa: DTZ001 (naive)
        ("colour", "green", "green is none of the answers."),
        ("colours", ["red", "green"], "green is none of the answers."),
    ],
)
def test_a_bad_value_is_refused_by_field(cast, now, code, value, message):
    make_typed_fields()

    with pytest.raises(ValidationError) as raised:
        create_lead(values={"last_name": "Roe"} | {code: value}, by=cast.mia, now=now)

    field = "external_system" if code == "external_id" else code
    assert raised.value.message_dict == {field: [message]}
    assert not Lead.objects.exists()


def test_every_bad_field_is_named_at_once(cast, now):
    with pytest.raises(ValidationError) as raised:
        create_lead(values={"email": "x", "score": 1, "time_zone": "x"}, by=cast.mia, now=now)

    assert list(raised.value.message_dict) == ["email", "score", "time_zone"]


def make_typed_fields():
    for code in ("seats", "price", "trial", "begun", "seen", "colour", "colours"):
        kinds = {
            "seats": FieldType.INTEGER,
            "price": FieldType.NUMBER,
            "trial": FieldType.BOOLEAN,
            "begun": FieldType.DATE,
            "seen": FieldType.DATETIME,
            "colour": FieldType.CHOICE,
            "colours": FieldType.CHOICES,
        }
        make_field(code, kinds[code], answers=["red", "blue"] if code.startswith("colour") else [])


def test_custom_fields_are_kept_in_the_form_of_their_type(cast, now):
    make_typed_fields()
    east = datetime.timezone(datetime.timedelta(hours=2))

    lead = create_lead(
        values={
            "last_name": "Roe",
            "seats": 7.0,
            "price": 2.5,
            "trial": False,
            "begun": datetime.date(2026, 6, 1),
            "seen": datetime.datetime(2026, 6, 1, 12, tzinfo=east),
            "colour": "red",
            "colours": ["blue", "red"],
        },
        by=cast.mia,
        now=now,
    )

    lead.refresh_from_db()
    assert lead.fields == {
        "seats": 7,
        "price": 2.5,
        "trial": False,
        "begun": "2026-06-01",
        "seen": "2026-06-01T10:00:00+00:00",
        "colour": "red",
        "colours": ["red", "blue"],
    }


def test_a_field_that_is_no_longer_used_cannot_be_set(cast, now):
    field = make_field("seats", FieldType.INTEGER)
    field.is_active = False
    field.save()

    with pytest.raises(ValidationError, match="seats is no field that can be set"):
        create_lead(values={"last_name": "Roe", "seats": 1}, by=cast.mia, now=now)


def test_an_external_id_that_is_taken_is_refused(cast, now):
    make_lead(now=now, last_name="One", external_system="crm", external_id="7")

    with pytest.raises(ValidationError) as raised:
        make_lead(now=now, last_name="Two", external_system="crm", external_id="7")

    assert raised.value.message_dict == {"external_id": ["Another lead has this external id."]}


def test_change_lead_records_old_and_new(cast, now):
    make_field("seats", FieldType.INTEGER)
    lead = make_lead(now=now, last_name="Roe", city="Berlin", company="Acme", phone="+49301234567", seats=5)
    DirtyLead.objects.all().delete()
    later = now + datetime.timedelta(hours=1)

    result = change_lead(
        lead=lead,
        changes={
            "last_name": "Doe",
            "city": "Berlin",
            "company": "Umbrella",
            "phone": "",
            "contract_on": datetime.date(2026, 6, 1),
            "seats": None,
        },
        by=cast.mia,
        now=later,
    )

    assert result.fields == ("last_name", "company", "phone", "contract_on", "seats")
    activity = Activity.objects.get(lead=lead, kind="field_changed")
    assert (activity.actor, activity.occurred_at) == (cast.mia, later)
    assert activity.payload == {
        "changed": {
            "last_name": ["Roe", "Doe"],
            "company": ["Acme", "Umbrella"],
            "phone": ["+49301234567", ""],
            "contract_on": [None, "2026-06-01"],
            "seats": [5, None],
        }
    }
    assert (lead.last_name, lead.company.name) == ("Doe", "Umbrella")
    stored = Lead.objects.get(pk=lead.pk)
    assert (stored.name_key, stored.phone_key, stored.fields, stored.changed_at) == ("doe", "", {}, later)
    assert LeadSearch.objects.get(lead=lead).document == "doe umbrella"
    assert DirtyLead.objects.get().marked_at == later


def test_change_lead_twice_is_once(cast, now):
    lead = make_lead(now=now, last_name="Roe", company="Acme GmbH")
    changes = {"last_name": "Doe", "company": "ACME  gmbh"}

    assert change_lead(lead=lead, changes=changes, by=cast.mia, now=now).fields == ("last_name",)
    assert not change_lead(lead=lead, changes=changes, by=cast.mia, now=now)

    assert Activity.objects.filter(kind="field_changed").count() == 1
    assert Company.objects.get().name == "Acme GmbH"


def test_change_lead_sees_what_somebody_else_changed_meanwhile(cast, now):
    lead = make_lead(now=now, first_name="Jo", city="Bonn")
    stale = Lead.objects.get(pk=lead.pk)
    change_lead(lead=lead, changes={"city": "Köln"}, by=cast.mia, now=now)

    change_lead(lead=stale, changes={"first_name": "Joe"}, by=cast.ann, now=now)

    assert (stale.first_name, stale.city) == ("Joe", "Köln")
    assert Lead.objects.values_list("first_name", "city").get() == ("Joe", "Köln")


def test_every_change_moves_changed_at_on_whatever_the_clock_says(cast, now):
    lead = make_lead(now=now, first_name="Jo")

    change_lead(lead=lead, changes={"city": "Bonn"}, by=cast.mia, now=now)
    first = lead.changed_at
    change_lead(lead=lead, changes={"city": "Köln"}, by=cast.mia, now=now - datetime.timedelta(hours=1))

    assert now < first < lead.changed_at == Lead.objects.get(pk=lead.pk).changed_at


def test_a_customer_keeps_contract_and_money(cast, now):
    paid = {"contract_on": now.date(), "first_paid_on": now.date()}
    lead = make_lead(now=now, last_name="Roe", stage=Stage.CUSTOMER, **paid)

    with pytest.raises(ValidationError) as raised:
        change_lead(lead=lead, changes={"contract_on": None}, by=cast.mia, now=now)

    assert raised.value.message_dict == {
        "first_paid_on": ["A customer needs the date of the contract and of the first payment."]
    }


def test_companies_by_name_makes_each_once(db, now, django_assert_num_queries):
    Company.objects.create(name="Acme", name_key="acme", created_at=now)

    with django_assert_num_queries(3):
        known = companies_by_name(["ACME", "Über  AG", "über ag.", "", "!!!"], now=now)

    assert known == dict(Company.objects.values_list("name_key", "pk"))
    assert list(Company.objects.values_list("name", "name_key")) == [("Acme", "acme"), ("Über AG", "über ag")]
    with django_assert_num_queries(1):
        assert companies_by_name(["acme"], now=now) == {"acme": known["acme"]}
