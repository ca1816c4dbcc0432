"""Of what the words are made that a person is found by."""

from operator import attrgetter

import pytest

from leads.actions.record import refresh_search
from leads.fields import FIELDS, ValueType
from leads.intake.people import Other, Person, document_of
from leads.models import LeadSearch
from tests.factories.leads import make_lead


@pytest.mark.parametrize(
    "field",
    [field for field in FIELDS if field.type == ValueType.TEXT and hasattr(Person(), field.code)],
    ids=attrgetter("code"),
)
def test_the_fields_that_are_searched_and_no_other_make_the_words(field):
    word = "4930901820"

    assert (word in document_of(Person(**{field.code: word})).split(" ")) == field.is_searched


def test_addresses_and_numbers_beside_the_main_ones_are_words_and_ids_are_not():
    others = (
        Other("email", "", "home@x.example", "Home@x.example"),
        Other("phone", "", "+4930901820", "030 / 901820"),
        Other("external_id", "crm", "C-7", "C-7"),
    )

    assert document_of(Person(first_name="Ann", others=others)) == "ann home x example 4930901820 30901820 <0281090394"


def test_the_words_made_of_a_stored_lead_are_those_she_came_in_with(cast, now, django_assert_num_queries):
    lead = make_lead(now=now, first_name="Zoë", email="zoe@x.example", phone="+49 30 901820", company="Äcme Werke")
    came_with = LeadSearch.objects.get(lead=lead).document
    LeadSearch.objects.filter(lead=lead).update(document="x")

    refresh_search(lead_ids=[lead.pk])

    assert LeadSearch.objects.get(lead=lead).document == came_with
    assert came_with == "zoe x example acme werke 4930901820 30901820 <0281090394"
