from importlib import import_module

import pytest
from django.db import connection

from leads import rules
from leads.actions.other_keys import add_key
from leads.actions.record import refresh_search
from leads.changes import changing
from leads.models import Lead, LeadSearch
from leads.models import lead as lead_module
from tests.factories.deeds import change_lead
from tests.factories.leads import make_lead


@pytest.fixture
def zoe(cast, now):
    make_lead(now=now, first_name="John", last_name="Smith", email="john@other.org", company="Zebra")
    return make_lead(
        now=now,
        first_name="Zoë",
        last_name="Müller-Lüdenscheidt",
        email="zoe.m+trade@acme-works.co.uk",
        company="Äcme Werke GmbH",
        phone="+49 (0)30 123-4567",
    )


@pytest.mark.parametrize(
    "text",
    [
        "zoe",
        "ZOË",
        "zo",
        "muller",
        "Müll",
        "ludens zoe",
        "acme",
        "werke gmbh zoe",
        "zoe.m+trade@acme-works.co.uk",
        "acme-works",
        "trade",
        "+49 30 1234567",
        "030 123 4567",
        "030/1234",
        "004930123",
        "4930",
        "4567",
        "34567",
        "1234567",
        "123-4567",
        "zoe 4567",
        "+49 (0)30 / 123 45-67",
        "(030) 123\u20134567",
        "49 30 1234567",
        "\uff0b49 30 1234567",
        "\u0660\u0663\u0660 1234567",
        "  zoe   ",
        "zoe & | ! ( : * '",
    ],
)
def test_search_finds(zoe, text):
    assert [lead.pk for lead in Lead.objects.search(text)] == [zoe.pk]


@pytest.mark.parametrize(
    "text", ["", "   ", "&|!", "zoex", "oe", "zoe smith", "567", "234566", "+4830 1234567", "'); DROP TABLE leads_lead"]
)
def test_search_does_not_find(zoe, text):
    assert list(Lead.objects.search(text)) == []


NUMBER = "089 / 123456-78"
SPELLINGS = (
    "+49 89 12345678",
    "0049/89/12345678",
    "+49 (0)89 123456-78",
    "(089) 12345678",
    "498912345678",
    "8912345678",
)


def by_page(now, cast):
    return make_lead(now=now, phone=NUMBER)


def by_an_edit(now, cast):
    lead = make_lead(now=now)
    change_lead(lead=lead, changes={"phone": NUMBER}, by=cast.mia, now=now)
    return lead


def as_another_number(now, cast):
    lead = make_lead(now=now, phone="030 555555")
    with changing([lead], by=cast.mia, now=now) as change:
        add_key(change, lead=lead, kind="phone", value=NUMBER)
    return lead


@pytest.mark.parametrize("came_in", [by_page, by_an_edit, as_another_number])
def test_a_number_is_found_in_any_spelling_and_by_its_last_digits_however_it_came_in(cast, now, settings, came_in):
    settings.PHONE_REGION = "DE"
    make_lead(now=now, phone="+49 89 12345670", last_name="Neighbour")
    lead = came_in(now, cast)
    for text in (*SPELLINGS, "5678", "345678", "12345678"):
        assert list(Lead.objects.search(text)) == [lead], text


def test_a_number_that_says_nothing_of_its_country_is_found_by_one_that_does(cast, now, settings):
    settings.PHONE_REGION = "US"
    lead = make_lead(now=now, phone=NUMBER)
    assert lead.phone_key == ""
    for text in (*SPELLINGS, "5678"):
        assert list(Lead.objects.search(text)) == [lead], text


def test_a_zero_that_is_part_of_a_number_is_found_with_it_and_without(cast, now):
    lead = make_lead(now=now, phone="+39 06 1234567")
    assert lead.phone_key == "+39061234567"
    for text in ("+39 06 1234567", "0039061234567", "06 1234567", "4567"):
        assert list(Lead.objects.search(text)) == [lead], text


def test_a_number_is_found_by_its_extension_too(cast, now, settings):
    settings.PHONE_REGION = "US"
    lead = make_lead(now=now, phone="415-555-2671 ext. 1234")
    assert lead.phone_key == "+14155552671"
    for text in ("1234", "+1 415 555 2671", "2671"):
        assert list(Lead.objects.search(text)) == [lead], text


@pytest.mark.parametrize("text", ["5678", "+49 89 12345678"])
def test_the_end_of_a_number_is_found_through_the_word_index(cast, now, text):
    make_lead(now=now, phone="+49 89 12345678")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")

    plan = Lead.objects.search(text).order_by("-score", "-pk")[:50].explain()

    assert "lead_search_vector" in plan


def test_documents_of_before_get_their_numbers_from_the_end(committed, cast, now, settings):
    settings.PHONE_REGION = "US"
    leads = [make_lead(now=now, phone=phone) for phone in ("030 555555", NUMBER, "415-555-2671 ext. 1234", "")]
    with changing(leads[:1], by=cast.mia, now=now) as change:
        add_key(change, lead=leads[0], kind="phone", value="+49 89 12345678")
    written = LeadSearch.objects.order_by("pk").values_list("document", flat=True)
    whole = [set(document.split()) for document in written]
    for search in LeadSearch.objects.all():
        search.document = " ".join(word for word in search.document.split() if word[0] not in "<0")
        search.save(update_fields=["document"])
    (fill,) = import_module("leads.migrations.0031_numbers_from_their_end").Migration.operations

    for _ in range(2):
        with connection.schema_editor(atomic=False) as editor:
            fill.database_forwards("leads", editor, None, None)
        assert [set(document.split()) for document in written.all()] == whole


def test_search_follows_a_change(zoe, cast, now):
    change_lead(lead=zoe, changes={"last_name": "Schmitt", "company": "Umbrella"}, by=cast.mia, now=now)

    assert list(Lead.objects.search("muller")) == []
    assert list(Lead.objects.search("acme gmbh")) == []
    assert list(Lead.objects.search("schmitt umbrella")) == [zoe]


def test_search_looks_at_a_bounded_number_of_hits(cast, now, monkeypatch):
    monkeypatch.setattr(lead_module, "SEARCH_LIMIT", 2)
    for _ in range(3):
        make_lead(now=now)

    assert Lead.objects.search("pat").count() == 2


def test_the_limit_counts_hits_among_the_leads_searched(cast, now, monkeypatch):
    for _ in range(3):
        make_lead(now=now)
    hers = [make_lead(now=now, owner=cast.ben) for _ in range(2)]
    for _ in range(3):
        make_lead(now=now, owner=cast.cal)
    monkeypatch.setattr(lead_module, "SEARCH_LIMIT", 2)

    assert set(Lead.objects.visible_to(cast.ben).search("pat")) == set(hers)
    assert Lead.objects.filter(owner=cast.cal).search("pat").count() == 2


def test_matching_words_finds_all_of_them_whatever_a_list_shows(cast, now, monkeypatch):
    monkeypatch.setattr(lead_module, "SEARCH_LIMIT", 1)
    hers = [make_lead(now=now, owner=cast.ben) for _ in range(3)]
    make_lead(now=now, owner=cast.cal)

    assert set(Lead.objects.visible_to(cast.ben).matching_words("pat")) == set(hers)
    assert list(Lead.objects.matching_words("&|!")) == []


def test_search_ordered_by_score_finds_through_the_word_index(cast, now):
    make_lead(now=now, first_name="Zebulon", last_name="Rare")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")

    plan = Lead.objects.search("zebulon").order_by("-score", "-pk")[:50].explain()

    assert "lead_search_vector" in plan


def test_refresh_search_of_a_set_is_two_statements(cast, now, django_assert_num_queries):
    leads = [make_lead(now=now) for _ in range(3)]
    Lead.objects.update(first_name="Changed")

    with django_assert_num_queries(2):
        refresh_search(lead_ids=[lead.pk for lead in leads])

    assert Lead.objects.search("changed").count() == 3


def test_words_of_text_and_of_a_document_are_folded_alike():
    for text in ("Straße", "ÅNGSTRÖM", "ﬁne", "İstanbul", "İpek Æsir", "Ǆ", "naïve"):
        document = rules.search_document(text).split(" ")
        assert all(word in document for (word,) in rules.search_words(text))
