import pytest
from django.db import connection

from leads import rules
from leads.actions.record import refresh_search
from leads.models import Lead
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
        "  zoe   ",
        "zoe & | ! ( : * '",
    ],
)
def test_search_finds(zoe, text):
    assert [lead.pk for lead in Lead.objects.search(text)] == [zoe.pk]


@pytest.mark.parametrize("text", ["", "   ", "&|!", "zoex", "oe", "zoe smith", "1234567", "'); DROP TABLE leads_lead"])
def test_search_does_not_find(zoe, text):
    assert list(Lead.objects.search(text)) == []


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
        assert all(word in document for word in rules.search_words(text))
