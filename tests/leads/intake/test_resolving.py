"""Whom a row may be about: by main and other keys, certain or doubtful."""

import pytest

from leads.actions.other_keys import add_key
from leads.fields import Key
from leads.intake.resolving import candidates, known_ids, matches_of
from leads.queries import beside_of
from routing.actions import changing
from tests.factories.leads import NOW, make_lead

PERSON = {"first_name": "Ann", "last_name": "Ames", "email": "ann@x.example", "phone": "+49 30 1234567"}


@pytest.fixture
def ann(db):
    lead = make_lead(**PERSON, company="Acme", external_system="crm", external_id="7")
    others = [(Key.EMAIL, "home@x.example", ""), (Key.PHONE, "+49 171 1234567", ""), (Key.EXTERNAL_ID, "0042", "shop")]
    with changing(by=None, now=NOW) as change:
        for kind, value, system in others:
            add_key(change, lead=lead, kind=kind, value=value, system=system)
    return lead


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"email": "ANN@x.example"}, (Key.EMAIL, True, ())),
        ({"email": "Home@X.example"}, (Key.EMAIL, True, ())),
        ({"email": "home@x.example", "phone": "+49 40 1"}, (Key.EMAIL, True, ())),
        ({"email": "home@x.example", "phone": "+49 40 7654321"}, (Key.EMAIL, True, (Key.PHONE,))),
        ({"phone": "0049 171 1234567"}, (Key.PHONE, True, ())),
        ({"phone": "0049 30 1234567", "email": "bo@x.example"}, (Key.PHONE, False, (Key.EMAIL,))),
        (
            {"phone": "0049 30 1234567", "email": "bo@x.example", "first_name": "ann", "last_name": "ames"},
            (Key.PHONE, True, (Key.EMAIL,)),
        ),
        ({"first_name": "Ann", "last_name": "Ames", "company": "ACME"}, (Key.NAME, True, ())),
        (
            {"first_name": "Ann", "last_name": "Ames", "company": "ACME", "email": "other@x.example"},
            (Key.NAME, False, (Key.EMAIL,)),
        ),
        ({"first_name": "Ann", "last_name": "Ames"}, None),
        ({"email": "bo@x.example", "last_name": "Ames", "company": "Acme"}, None),
    ],
)
def test_who_a_row_is(ann, row, found):
    matches = [(match.by, match.is_certain, match.conflicts) for match in matches_of(**row)]

    assert matches == ([found] if found else [])
    assert matches_of(**row, apart=ann.pk) == []


def test_sets_are_found_by_main_and_other_keys(ann):
    bo = make_lead(email="bo@x.example", external_system="shop", external_id="1")

    assert candidates(emails=["home@x.example", "bo@x.example", "no@x.example"]) == {ann.pk, bo.pk}
    assert candidates(phones=["+491711234567"], named=[(ann.company_id, "nobody")]) == {ann.pk}
    assert known_ids(system="shop", ids=["0042", "1", "2"]) == {"0042": ann.pk, "1": bo.pk}


def test_an_other_address_is_shared_like_a_main_one(ann, cast, django_assert_num_queries):
    by_email = make_lead(email="HOME@x.example")
    by_phone = make_lead(phone="+49 171 1234567", last_name="X")

    assert cast.mia.roles  # loads the roles, as signing in does
    with django_assert_num_queries(2):
        beside = beside_of(ann, cast.mia)
    assert beside.other_keys == list(ann.other_keys.all())
    shared = {found.lead.pk: found.shares for found in beside.duplicates}
    assert shared == {by_email.pk: ("e-mail",), by_phone.pk: ("phone",)}
    (found,) = beside_of(by_email, cast.mia).duplicates
    assert (found.lead, found.shares) == (ann, ("e-mail",))
