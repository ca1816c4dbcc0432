"""A small crowd, and exactly who meets which condition."""

import datetime

import pytest

from leads.conditions import matching
from leads.enums import Disposition, Grade, Stage
from leads.models import Lead
from team.models import Pool
from tests.leads.conditions.crowd import (
    NOW,
    add_campaign,
    add_company,
    add_field,
    add_lead,
    add_source,
    days,
    found,
)

EVERYBODY = {"zoé", "Bob", "carl", "dora", "Eve"}
TODAY = NOW.date()
DAY_START = datetime.datetime(2026, 6, 10, tzinfo=datetime.UTC)


@pytest.fixture
def crowd(cast):
    big = add_company("ACME 100% Größe", industry="Tech_nology", employees=5000, annual_revenue="1000000.50")
    small = add_company("Tiny", industry="", employees=None)
    web, fair = add_source("Website"), add_source("fair")
    pool = Pool.objects.create(code="north", name="North")
    add_field("budget", "choice", choices=["Yes", "No", "Not sure"], dimension="budget")
    add_field("seats", "integer")
    add_field("note", "text")
    add_field("paid", "boolean")
    add_field("renewal", "date")
    add_field("demo_at", "datetime")
    add_field("interests", "choices", choices=["Email", "Scoring", "Ads"])
    scored = {"score_version": 1, "scored_at": NOW - days(1)}
    add_lead(
        "zoé",
        last_name="ÅNGSTRÖM",
        email="Zoe@Example.com",
        city="ZÜRICH",
        country="Switzerland",
        company=big,
        source=web,
        campaign=add_campaign("spring-26", web),
        tags=["VIP", "Partner 50%"],
        stage=Stage.QUALIFIED,
        grade=Grade.A,
        score=90,
        side="sales",
        owner=cast.ben,
        created_at=NOW - days(30),
        fields={
            "budget": "Yes",
            "seats": 50,
            "note": "50% off_now",
            "paid": True,
            "renewal": "2026-07-10",
            "demo_at": "2026-06-10T00:00:00Z",
            "interests": ["Email", "Scoring"],
        },
        **scored,
    )
    add_lead(
        "Bob",
        city="Zurich",
        job_title="Head of 100% Sales",
        company=small,
        source=fair,
        tags=["vip"],
        stage=Stage.LEAD,
        grade=Grade.B,
        score=60,
        side="sales",
        pool=pool,
        created_at=NOW - days(30) - datetime.timedelta(microseconds=1),
        do_not_email=True,
        fields={"budget": "no", "seats": 49.5, "note": "500 off now", "paid": False, "interests": ["ads"]},
        **scored,
    )
    add_lead(
        "carl",
        city="50%_\\",
        stage=Stage.SUSPECT,
        grade=Grade.D,
        disposition=Disposition.RECYCLED,
        disposition_reason="bad timing",
        recycle_on=TODAY + days(7),
        fields={"budget": "Not sure", "seats": 0, "note": "", "renewal": "2026-06-10", "interests": []},
        **scored,
    )
    add_lead(
        "dora",
        recycle_on=TODAY - days(7),
        created_at=DAY_START,
        # Every value is of another type than its field's.
        fields={
            "budget": 5,
            "seats": "50",
            "note": ["50% off"],
            "paid": "true",
            "renewal": "2026-02-31",
            "demo_at": "2026-06-10",
            "interests": "Email",
        },
    )
    add_lead("Eve", recycle_on=TODAY, created_at=DAY_START - datetime.timedelta(microseconds=1))


def test_of(field, op, *value):
    return {"field": field, "op": op, **({"value": value[0]} if value else {})}


test_of.__test__ = False

EXAMPLES = [
    # text: any case, accents count, no wildcard
    (test_of("first_name", "is", "ZOÉ"), {"zoé"}),
    (test_of("first_name", "is", "zoe"), set()),
    (test_of("city", "is", "zürich"), {"zoé"}),
    (test_of("city", "in", ["zürich", "ZURICH", "nowhere"]), {"zoé", "Bob"}),
    (test_of("city", "not_in", ["zürich", "ZURICH"]), {"carl", "dora", "Eve"}),
    (test_of("city", "contains", "%"), {"carl"}),
    (test_of("city", "contains", "_"), {"carl"}),
    (test_of("city", "ends_with", "\\"), {"carl"}),
    (test_of("city", "starts_with", "zU"), {"Bob"}),
    (test_of("city", "starts_with", "Z_"), set()),
    (test_of("city", "filled"), {"zoé", "Bob", "carl"}),
    (test_of("city", "empty"), {"dora", "Eve"}),
    (test_of("city", "is_not", "zürich"), {"Bob", "carl", "dora", "Eve"}),
    (test_of("job_title", "contains", "100% s"), {"Bob"}),
    (test_of("full_name", "is", "zoé ångström"), {"zoé"}),
    (test_of("full_name", "is", "bob"), {"Bob"}),
    (test_of("email", "ends_with", "@example.COM"), {"zoé"}),
    (test_of("id", "under", 0), set()),
    # company, also where there is none
    (test_of("company", "contains", "100% GRÖ"), {"zoé"}),
    (test_of("company", "is_not", "tiny"), {"zoé", "carl", "dora", "Eve"}),
    (test_of("company", "filled"), {"zoé", "Bob"}),
    (test_of("company", "empty"), {"carl", "dora", "Eve"}),
    (test_of("industry", "is", "tech_nology"), {"zoé"}),
    (test_of("industry", "empty"), {"Bob", "carl", "dora", "Eve"}),
    (test_of("employees", "at_least", 5000), {"zoé"}),
    (test_of("employees", "under", 5000), set()),
    (test_of("employees", "empty"), {"Bob", "carl", "dora", "Eve"}),
    (test_of("annual_revenue", "over", 1000000.49), {"zoé"}),
    (test_of("annual_revenue", "is", 1000000.5), {"zoé"}),
    # references
    (test_of("source", "is", "website"), {"zoé"}),
    (test_of("source", "is_not", "website"), {"Bob", "carl", "dora", "Eve"}),
    (test_of("source", "in", ["website", "FAIR"]), {"zoé", "Bob"}),
    (test_of("source", "filled"), {"zoé", "Bob"}),
    (test_of("campaign", "is", "spring-26"), {"zoé"}),
    (test_of("campaign", "empty"), {"Bob", "carl", "dora", "Eve"}),
    (test_of("owner", "is", "BEN@example.com"), {"zoé"}),
    (test_of("owner", "empty"), {"Bob", "carl", "dora", "Eve"}),
    (test_of("pool", "is", "north"), {"Bob"}),
    # lifecycle
    (test_of("stage", "at_least", "lead"), {"zoé", "Bob"}),
    (test_of("stage", "at_most", "suspect"), {"carl", "dora", "Eve"}),
    (test_of("stage", "is", "name"), {"dora", "Eve"}),
    (test_of("disposition", "is_not", "open"), {"carl"}),
    (test_of("disposition", "in", ["recycled", "lost"]), {"carl"}),
    (test_of("disposition_reason", "contains", "TIMING"), {"carl"}),
    (test_of("side", "is", "sales"), {"zoé", "Bob"}),
    (test_of("grade", "at_least", "B"), {"zoé", "Bob"}),
    (test_of("grade", "at_most", "B"), {"Bob", "carl"}),
    (test_of("grade", "is_not", "A"), {"Bob", "carl", "dora", "Eve"}),
    (test_of("grade", "empty"), {"dora", "Eve"}),
    (test_of("score", "between", [60, 90]), {"zoé", "Bob"}),
    (test_of("score", "over", 60), {"zoé"}),
    (test_of("score", "in", [60, 90.0, 1.5]), {"zoé", "Bob"}),
    (test_of("do_not_email", "is", True), {"Bob"}),
    (test_of("do_not_email", "is_not", True), EVERYBODY - {"Bob"}),
    # dates and times
    (test_of("recycle_on", "within_days", 7), {"dora", "Eve"}),
    (test_of("recycle_on", "within_days", 6), {"Eve"}),
    (test_of("recycle_on", "next_days", 7), {"carl", "Eve"}),
    (test_of("recycle_on", "next_days", 6), {"Eve"}),
    (test_of("recycle_on", "more_than_days_ago", 6), {"dora"}),
    (test_of("recycle_on", "more_than_days_ago", 7), set()),
    (test_of("recycle_on", "is", "2026-06-10"), {"Eve"}),
    (test_of("recycle_on", "is_not", "2026-06-10"), EVERYBODY - {"Eve"}),
    (test_of("recycle_on", "before", "2026-06-10"), {"dora"}),
    (test_of("recycle_on", "after", "2026-06-10"), {"carl"}),
    (test_of("recycle_on", "between", ["2026-06-03", "2026-06-10"]), {"dora", "Eve"}),
    (test_of("created_at", "within_days", 30), EVERYBODY - {"Bob"}),
    (test_of("created_at", "more_than_days_ago", 30), {"Bob"}),
    (test_of("created_at", "before", "2026-06-10"), {"zoé", "Bob", "Eve"}),
    (test_of("created_at", "after", "2026-06-09"), {"carl", "dora"}),
    (test_of("created_at", "after", "2026-06-10T00:00:00Z"), {"carl"}),
    (test_of("created_at", "before", "2026-06-10T02:00:00+02:00"), {"zoé", "Bob", "Eve"}),
    (test_of("created_at", "is", "2026-06-09"), {"Eve"}),
    (test_of("created_at", "between", ["2026-06-09", "2026-06-09"]), {"Eve"}),
    (test_of("created_at", "between", ["2026-06-10T00:00:00Z", "2026-06-10T10:00"]), {"carl", "dora"}),
    (test_of("scored_at", "empty"), {"dora", "Eve"}),
    # tags
    (test_of("tags", "has_any", ["vip", "x"]), {"zoé", "Bob"}),
    (test_of("tags", "has_all", ["Vip", "partner 50%"]), {"zoé"}),
    (test_of("tags", "has_none", ["VIP"]), {"carl", "dora", "Eve"}),
    (test_of("tags", "has_any", ["partner"]), set()),
    (test_of("tags", "empty"), {"carl", "dora", "Eve"}),
    # own fields; dora's values count as none
    ({"answer": "budget", "op": "is", "value": "yes"}, {"zoé"}),
    ({"answer": "budget", "op": "in", "value": ["No", "Not sure"]}, {"Bob", "carl"}),
    ({"answer": "budget", "op": "empty"}, {"dora", "Eve"}),
    (test_of("budget", "is_not", "Yes"), EVERYBODY - {"zoé"}),
    (test_of("budget", "contains", "SURE"), {"carl"}),
    (test_of("seats", "at_least", 50), {"zoé"}),
    (test_of("seats", "under", 50), {"Bob", "carl"}),
    (test_of("seats", "is", 49.5), {"Bob"}),
    (test_of("seats", "is", 0), {"carl"}),
    (test_of("seats", "empty"), {"dora", "Eve"}),
    (test_of("seats", "between", [0, 49.5]), {"Bob", "carl"}),
    (test_of("note", "contains", "50% off_"), {"zoé"}),
    (test_of("note", "starts_with", "50"), {"zoé", "Bob"}),
    (test_of("note", "filled"), {"zoé", "Bob"}),
    (test_of("paid", "is", True), {"zoé"}),
    (test_of("paid", "is", False), {"Bob"}),
    (test_of("paid", "is_not", False), EVERYBODY - {"Bob"}),
    (test_of("paid", "filled"), {"zoé", "Bob"}),
    (test_of("renewal", "next_days", 30), {"zoé", "carl"}),
    (test_of("renewal", "next_days", 29), {"carl"}),
    (test_of("renewal", "filled"), {"zoé", "carl"}),
    (test_of("demo_at", "is", "2026-06-10"), {"zoé"}),
    (test_of("demo_at", "within_days", 1), {"zoé"}),
    (test_of("demo_at", "empty"), EVERYBODY - {"zoé"}),
    (test_of("interests", "has_any", ["email", "Ads"]), {"zoé", "Bob"}),
    (test_of("interests", "has_all", ["Email", "Scoring"]), {"zoé"}),
    (test_of("interests", "has_none", ["Email"]), EVERYBODY - {"zoé"}),
    (test_of("interests", "filled"), {"zoé", "Bob"}),
    # groups
    ({"all": [test_of("side", "is", "sales"), test_of("city", "is", "Zurich")]}, {"Bob"}),
    ({"any": [test_of("grade", "is", "A"), test_of("grade", "is", "D")]}, {"zoé", "carl"}),
    ({"not": {"any": [test_of("grade", "is", "A"), test_of("company", "is", "tiny")]}}, {"carl", "dora", "Eve"}),
]


def test_examples_match_exactly_these_leads(crowd):
    wrong = {}
    for tree, expected in EXAMPLES:
        opposite = {"not": tree}
        if found(tree) != expected or found(opposite) != EVERYBODY - expected:
            wrong[str(tree)] = (found(tree), found(opposite))

    assert wrong == {}


EVIL = [
    "'; DROP TABLE leads_lead; --",
    "' OR '1'='1",
    "\\'); SELECT pg_sleep(9); --",
    "%s",
    "%(x)s %% %",
    "{0} {}",
    "$1 $$",
    '"',
    "\u202e\n\r\t",
    "😀",
    "*) OR 1=1",
    "'{}'::jsonb",
]


@pytest.mark.parametrize("field", ["city", "note", "company"])
def test_injection_strings_are_only_text(crowd, field):
    for number, text in enumerate(EVIL):
        values = {"city": {"city": text}, "note": {"fields": {"note": text}}, "company": {}}[field]
        add_lead(f"odd {number}", **values, **({"company": add_company(text)} if field == "company" else {}))

    for number, text in enumerate(EVIL):
        assert found({"field": field, "op": "is", "value": text}) == {f"odd {number}"}
        for op in ("contains", "starts_with", "ends_with"):
            assert f"odd {number}" in found({"field": field, "op": op, "value": text})
    assert found({"field": field, "op": "in", "value": EVIL}) == {f"odd {number}" for number in range(len(EVIL))}


def test_injection_in_lists_and_payload_paths_is_only_text(crowd):
    evil = "a'); DROP TABLE leads_lead; --"
    lead = Lead.objects.get(first_name="Eve")
    lead.tags = [evil, "NULL", "{a,b}", 'q"uote']
    lead.save(update_fields=["tags"])

    assert found({"field": "tags", "op": "has_all", "value": [evil, "null", "{A,B}", 'Q"UOTE']}) == {"Eve"}
    assert found({"field": "city", "op": "in", "value": [evil, "%s"]}) == set()


def test_matching_keeps_what_the_queryset_already_says(crowd):
    sales = Lead.objects.filter(side="sales")

    names = matching(sales, {"field": "stage", "op": "is_not", "value": "lead"}, now=NOW).values_list("first_name")

    assert list(names) == [("zoé",)]
