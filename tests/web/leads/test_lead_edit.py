import pytest
from django.urls import reverse
from django.utils import timezone

from leads.actions.answers import rename_answers, retire_answer
from leads.enums import FieldType
from leads.fields import CODES, TYPED
from leads.models import Activity, FieldDefinition, Lead
from tests.factories.deeds import change_lead
from tests.factories.leads import make_field, make_lead
from web.leads.facts import as_original, said

HTMX = {"HX-Request": "true", "HX-Target": "lead"}


@pytest.fixture
def lead(cast):
    return make_lead(
        owner=cast.ben, grade="B", score=60, first_name="Ines", last_name="Moreau", phone="030 1", now=timezone.now()
    )


def url(lead):
    return reverse("web:lead-edit", args=[lead.pk])


def edit(code, value, was):
    return {"field": code, code: value, f"was-{code}": as_original(was)}


def test_a_fact_is_opened_for_editing_in_place(cast, as_user, lead):
    client = as_user(cast.ben)
    url = reverse("web:lead-detail", args=[lead.pk])
    page = client.get(url, {"edit": "phone"})
    part = client.get(url, {"edit": "phone"}, headers={"HX-Request": "true", "HX-Target": "x"})
    assert b'name="phone" value="030 1"' in part.content
    assert b'name="phone" value="030 1"' in page.content


def test_a_reader_cannot_open_a_fact(cast, as_user, lead):
    assert as_user(cast.mia).get(reverse("web:lead-detail", args=[lead.pk]), {"edit": "phone"}).status_code == 404


def test_saving_writes_the_change_once(cast, as_user, lead):
    as_user(cast.ben).post(url(lead), edit("phone", "030 2", "030 1"))
    assert Lead.objects.get(pk=lead.pk).phone == "030 2"
    assert Activity.objects.get(kind="field_changed").payload == {"changed": {"phone": ["030 1", "030 2"]}}


def test_an_answer_regrades_in_the_same_request(cast, as_user, model):
    lead = make_lead(
        first_name="A", budget="Approved", decision_maker="Decides", company="Firm", email="a@firm.example"
    )
    as_user(cast.mia).post(
        url(lead),
        {"field": ["timeframe"], "timeframe": "within_3_months", "was-timeframe": "null"},
    )
    lead.refresh_from_db()
    assert (lead.grade, lead.side) == ("A", "sales")


def test_two_editors_of_one_field_are_shown_both_versions(cast, as_user, lead, unchanged):
    change_lead(lead=lead, changes={"phone": "030 99"}, by=cast.ada, now=timezone.now())
    client = as_user(cast.ben)
    with unchanged():
        answer = client.post(url(lead), edit("phone", "030 2", "030 1"), headers=HTMX)
    assert answer.status_code == 409
    (row,) = answer.context["conflict"]["rows"]
    assert (row["mine"], row["now"], row["original"]) == ("030 2", "030 99", "030 1")


def test_the_dialog_s_own_form_settles_it(cast, as_user, lead):
    change_lead(lead=lead, changes={"phone": "030 99"}, by=cast.ada, now=timezone.now())
    client = as_user(cast.ben)
    conflict = client.post(url(lead), edit("phone", "030 2", "030 1")).context["conflict"]
    fields = {"field": conflict["codes"], **dict(conflict["hidden"])}
    client.post(url(lead), fields | {"keep-phone": "now"})
    assert Lead.objects.get(pk=lead.pk).phone == "030 99"
    client.post(url(lead), fields | {"keep-phone": "mine"})
    assert Lead.objects.get(pk=lead.pk).phone == "030 2"


def test_two_editors_of_different_fields_do_not_meet(cast, as_user, lead):
    change_lead(lead=lead, changes={"last_name": "Moreau-Petit"}, by=cast.ada, now=timezone.now())
    answer = as_user(cast.ben).post(
        url(lead),
        edit("first_name", "Inès", "Ines")
        | {"field": ["first_name", "last_name"]}
        | {"last_name": "Moreau", "was-last_name": as_original("Moreau")},
    )
    lead.refresh_from_db()
    assert answer.status_code == 302
    assert (lead.first_name, lead.last_name) == ("Inès", "Moreau-Petit")


def test_two_editors_who_agree_do_not_meet(cast, as_user, lead):
    change_lead(lead=lead, changes={"phone": "030 2"}, by=cast.ada, now=timezone.now())
    assert as_user(cast.ben).post(url(lead), edit("phone", "030 2", "030 1")).status_code == 302


def test_a_bad_value_is_kept_and_said(cast, as_user, lead, unchanged):
    with unchanged():
        answer = as_user(cast.ben).post(url(lead), edit("email", "nowhere", "") | {"edit": "email"})
    assert answer.status_code == 422
    assert b"nowhere is not an e-mail address." in answer.content
    assert b'value="nowhere"' in answer.content


@pytest.mark.parametrize("code", ["owner", "score", "grade", "stage", "side", "id", "disposition", "no_such_field"])
def test_what_is_not_typed_in_cannot_be(cast, as_user, lead, unchanged, code):
    with unchanged():
        assert as_user(cast.ben).post(url(lead), edit(code, "1", "")).status_code == 404


@pytest.mark.parametrize(
    ("type", "choices", "typed", "stored"),
    [
        ("text", (), "shelf", "shelf"),
        ("integer", (), "12", 12),
        ("number", (), "1.5", 1.5),
        ("boolean", (), "false", False),
        ("date", (), "2026-05-01", "2026-05-01"),
        ("datetime", (), "2026-05-01T10:00", "2026-05-01T10:00:00+00:00"),
        ("choice", ("x", "y"), "y", "y"),
        ("choices", ("x", "y"), ["y"], ["y"]),
    ],
)
def test_every_type_of_custom_field_is_edited_and_then_unchanged(cast, as_user, lead, type, choices, typed, stored):
    make_field("extra", type=type, answers=choices)
    client = as_user(cast.ben)
    client.post(url(lead), {"field": "extra", "extra": typed, "was-extra": "null"})
    lead.refresh_from_db()
    assert lead.fields["extra"] == stored
    # Saved again as it stands, nothing is different.
    form = client.get(reverse("web:lead-detail", args=[lead.pk]), {"edit": "extra"}).context["edit_form"]
    again = {"field": "extra", "extra": typed, "was-extra": form.initial["was-extra"]}
    page = client.post(url(lead), again, follow=True)
    assert [str(message) for message in page.context["messages"]][-1] == "Nothing was different."


def test_tags_and_permissions(cast, as_user, lead):
    client = as_user(cast.ben)
    client.post(url(lead), edit("tags", "fair, vip , fair", []))
    client.post(
        url(lead),
        {
            "field": ["do_not_call", "do_not_email"],
            "do_not_call": "on",
            "was-do_not_call": "false",
            "was-do_not_email": "false",
        },
    )
    lead.refresh_from_db()
    assert (lead.tags, lead.do_not_call, lead.do_not_email) == (["fair", "vip"], True, False)


def test_a_retired_answer_stays_selected_and_is_kept(cast, as_user, model):
    lead = make_lead(first_name="A", email="a@firm.example", budget="Approved")
    retire_answer(field=FieldDefinition.objects.get(code="budget"), code="approved", now=timezone.now())
    client = as_user(cast.mia)

    page = client.get(reverse("web:lead-detail", args=[lead.pk]))
    form = page.context["answers_form"]
    assert ("approved", "Approved (retired)") in form.fields["budget"].choices
    assert b'<option value="approved" selected>Approved (retired)</option>' in page.content
    posted = {name: form[name].value() or "" for name in form.fields} | {"timeframe": "later_or_never"}
    client.post(url(lead), {"field": list(form.codes)} | posted)

    lead.refresh_from_db()
    assert lead.fields == {"budget": "approved", "timeframe": "later_or_never"}


def test_a_retired_answer_is_not_offered_to_somebody_else(cast, as_user, model):
    lead = make_lead(first_name="A", email="a@firm.example", budget="Planned")
    retire_answer(field=FieldDefinition.objects.get(code="budget"), code="approved", now=timezone.now())

    answer = as_user(cast.mia).post(url(lead), edit("budget", "approved", "planned"))

    assert answer.status_code == 422
    assert Lead.objects.get(pk=lead.pk).fields == {"budget": "planned"}


def test_the_timeline_says_what_an_answer_was_called_then(cast, as_user, model):
    lead = make_lead(first_name="A", email="a@firm.example", budget="Planned")
    change_lead(lead=lead, changes={"budget": "approved"}, by=cast.ada, now=timezone.now())
    old = Activity.objects.get(kind="field_changed")
    Activity.objects.create(
        lead=lead,
        kind="field_changed",
        occurred_at=old.occurred_at,
        recorded_at=old.occurred_at,
        payload={"changed": {"budget": ["Not yet", "Planned"]}},
    )
    rename_answers(field=FieldDefinition.objects.get(code="budget"), labels={"approved": "Granted"}, now=timezone.now())

    page = as_user(cast.mia).get(reverse("web:lead-detail", args=[lead.pk]))

    texts = {event.text for event in page.context["events"]}
    assert {"Budget: Planned → Approved", "Budget: Not yet → Planned"} <= texts
    assert ("approved", "Granted") in page.context["answers_form"].fields["budget"].choices


@pytest.mark.parametrize(
    ("type", "stored", "sent"),
    [
        ("number", 5, "5"),
        ("number", 5, "5.0"),
        ("number", 5.0, "5"),
        ("number", -0.5, "-0.5"),
        ("integer", 12, "12"),
        ("boolean", False, "false"),
        ("date", "2026-06-10", "2026-06-10"),
        ("datetime", "2026-06-10T08:00:30.5+00:00", "2026-06-10T08:00"),
        ("text", "one\ntwo", "one\r\ntwo"),
        ("choices", ["b", "a"], ["a", "b"]),
        ("choice", "b", "b"),
    ],
)
def test_what_is_opened_and_saved_unchanged_is_not_changed(cast, as_user, lead, type, stored, sent):
    """Whatever form a control gives to a value: neither written, nor in the way of who changes it meanwhile."""
    field = make_field("size", type, answers=["A", "B"] if "choice" in type else ())
    Lead.objects.filter(pk=lead.pk).update(fields={"size": stored})
    client = as_user(cast.ben)

    page = client.get(reverse("web:lead-detail", args=[lead.pk]), {"edit": "size"})
    form = page.context["edit_form"]
    shown = form["size"].value()
    assert client.post(url(lead), edit("size", sent, stored)).status_code == 302
    assert Lead.objects.get(pk=lead.pk).fields == {"size": stored}
    assert not Activity.objects.filter(kind="field_changed").exists()
    assert repr(shown) != "5.0"

    other = {"number": 7, "integer": 7, "boolean": True, "date": "2026-01-01", "text": "else", "choices": ["a"]}
    other |= {"datetime": "2026-01-01T00:00:00+00:00", "choice": "a"}
    Lead.objects.filter(pk=lead.pk).update(fields={"size": other[field.type]})
    assert client.post(url(lead), edit("size", sent, stored)).status_code == 302
    assert Lead.objects.get(pk=lead.pk).fields == {"size": other[field.type]}


def test_a_whole_number_is_said_as_one():
    assert (said(5.0), said(5), said(0.5), as_original(5.0)) == ("5", "5", "0.5", "5")


@pytest.mark.parametrize("code", sorted(CODES))
def test_whatever_field_is_named_in_an_edit_it_is_saved_or_refused(cast, as_user, lead, code):
    answer = as_user(cast.ben).post(url(lead), {"field": code, code: "1", f"was-{code}": "null"})

    assert answer.status_code in ({200, 302, 409, 422} if code in TYPED else {404})


ORIGINALS = [
    "[" * 20_000,
    "[" * 90 + "]" * 90,
    "9" * 5000,
    r'"\ud800"',
    '{"a": [1]}',
    '[[1], {"c": 1}]',
    '"2026-13-01"',
    '"9999-12-31T23:59:59-14:00"',
    '"x"',
]


@pytest.mark.parametrize("was", ORIGINALS, ids=lambda was: was[:20])
@pytest.mark.parametrize("type", FieldType.values)
def test_whatever_an_editor_is_said_to_have_started_from_the_page_answers(cast, as_user, lead, type, was):
    field = make_field("extra", type, answers=["One", "Two"] if "choice" in type else [])
    values = {"integer": 7, "number": 7, "boolean": True, "date": "2026-02-03", "datetime": "2026-02-03T04:05:06+00:00"}
    stored = {"choice": "one", "choices": ["one"]}.get(type, values.get(type, "text"))
    change_lead(lead=lead, changes={field.code: stored, "city": "Ulm"}, by=cast.ada, now=timezone.now())
    typed = {"boolean": "false", "date": "2026-02-04", "datetime": "2026-02-04 04:05"}

    for code, value in (("extra", "two" if "choice" in type else typed.get(type, "8")), ("city", "Bonn")):
        answer = as_user(cast.ben).post(url(lead), {"field": code, code: value, f"was-{code}": was})
        assert answer.status_code in {409, 422}
