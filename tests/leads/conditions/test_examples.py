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
    add_field("budget", "choice", answers=["Yes", "No", "Not sure"], dimension="budget")
    add_field("seats", "integer")
    add_field("note", "text")
    add_field("paid", "boolean")
    add_field("renewal", "date")
    add_field("demo_at", "datetime")
    add_field("interests", "choices", answers=["Email", "Scoring", "Ads"])
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
            "budget": "yes",
            "seats": 50,
            "note": "50% off_now",
            "paid": True,
            "renewal": "2026-07-10",
            "demo_at": "2026-06-10T00:00:00Z",
            "interests": ["email", "scoring"],
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
        fields={"budget": "not_sure", "seats": 0, "note": "", "renewal": "2026-06-10", "interests": []},
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


def leaf(field, op, *value):
    return {"field": field, "op": op, **({"value": value[0]} if value else {})}


EXAMPLES = [
    # text: any case, accents count, no wildcard
    (leaf("first_name", "is", "ZOÉ"), {"zoé"}),
    (leaf("first_name", "is", "zoe"), set()),
    (leaf("city", "is", "zürich"), {"zoé"}),
    (leaf("city", "in", ["zürich", "ZURICH", "nowhere"]), {"zoé", "Bob"}),
    (leaf("city", "not_in", ["zürich", "ZURICH"]), {"carl", "dora", "Eve"}),
    (leaf("city", "contains", "%"), {"carl"}),
    (leaf("city", "contains", "_"), {"carl"}),
    (leaf("city", "ends_with", "\\"), {"carl"}),
    (leaf("city", "starts_with", "zU"), {"Bob"}),
    (leaf("city", "starts_with", "Z_"), set()),
    (leaf("city", "filled"), {"zoé", "Bob", "carl"}),
    (leaf("city", "empty"), {"dora", "Eve"}),
    (leaf("city", "is_not", "zürich"), {"Bob", "carl", "dora", "Eve"}),
    (leaf("job_title", "contains", "100% s"), {"Bob"}),
    (leaf("full_name", "is", "zoé ångström"), {"zoé"}),
    (leaf("full_name", "is", "bob"), {"Bob"}),
    (leaf("email", "ends_with", "@example.COM"), {"zoé"}),
    (leaf("id", "under", 0), set()),
    # company, also where there is none
    (leaf("company", "contains", "100% GRÖ"), {"zoé"}),
    (leaf("company", "is_not", "tiny"), {"zoé", "carl", "dora", "Eve"}),
    (leaf("company", "filled"), {"zoé", "Bob"}),
    (leaf("company", "empty"), {"carl", "dora", "Eve"}),
    (leaf("industry", "is", "tech_nology"), {"zoé"}),
    (leaf("industry", "empty"), {"Bob", "carl", "dora", "Eve"}),
    (leaf("employees", "at_least", 5000), {"zoé"}),
    (leaf("employees", "under", 5000), set()),
    (leaf("employees", "empty"), {"Bob", "carl", "dora", "Eve"}),
    (leaf("annual_revenue", "over", 1000000.49), {"zoé"}),
    (leaf("annual_revenue", "is", 1000000.5), {"zoé"}),
    # references
    (leaf("source", "is", "website"), {"zoé"}),
    (leaf("source", "is_not", "website"), {"Bob", "carl", "dora", "Eve"}),
    (leaf("source", "in", ["website", "FAIR"]), {"zoé", "Bob"}),
    (leaf("source", "filled"), {"zoé", "Bob"}),
    (leaf("campaign", "is", "spring-26"), {"zoé"}),
    (leaf("campaign", "empty"), {"Bob", "carl", "dora", "Eve"}),
    (leaf("owner", "is", "BEN@example.com"), {"zoé"}),
    (leaf("owner", "empty"), {"Bob", "carl", "dora", "Eve"}),
    (leaf("pool", "is", "north"), {"Bob"}),
    # lifecycle
    (leaf("stage", "at_least", "lead"), {"zoé", "Bob"}),
    (leaf("stage", "at_most", "suspect"), {"carl", "dora", "Eve"}),
    (leaf("stage", "is", "name"), {"dora", "Eve"}),
    (leaf("disposition", "is_not", "open"), {"carl"}),
    (leaf("disposition", "in", ["recycled", "lost"]), {"carl"}),
    (leaf("disposition_reason", "contains", "TIMING"), {"carl"}),
    (leaf("side", "is", "sales"), {"zoé", "Bob"}),
    (leaf("grade", "at_least", "B"), {"zoé", "Bob"}),
    (leaf("grade", "at_most", "B"), {"Bob", "carl"}),
    (leaf("grade", "is_not", "A"), {"Bob", "carl", "dora", "Eve"}),
    (leaf("grade", "empty"), {"dora", "Eve"}),
    (leaf("score", "between", [60, 90]), {"zoé", "Bob"}),
    (leaf("score", "over", 60), {"zoé"}),
    (leaf("score", "in", [60, 90.0, 1.5]), {"zoé", "Bob"}),
    (leaf("do_not_email", "is", True), {"Bob"}),
    (leaf("do_not_email", "is_not", True), EVERYBODY - {"Bob"}),
    # dates and times
    (leaf("recycle_on", "within_days", 7), {"dora", "Eve"}),
    (leaf("recycle_on", "within_days", 6), {"Eve"}),
    (leaf("recycle_on", "next_days", 7), {"carl", "Eve"}),
    (leaf("recycle_on", "next_days", 6), {"Eve"}),
    (leaf("recycle_on", "more_than_days_ago", 6), {"dora"}),
    (leaf("recycle_on", "more_than_days_ago", 7), set()),
    (leaf("recycle_on", "is", "2026-06-10"), {"Eve"}),
    (leaf("recycle_on", "is_not", "2026-06-10"), EVERYBODY - {"Eve"}),
    (leaf("recycle_on", "before", "2026-06-10"), {"dora"}),
    (leaf("recycle_on", "after", "2026-06-10"), {"carl"}),
    (leaf("recycle_on", "between", ["2026-06-03", "2026-06-10"]), {"dora", "Eve"}),
    (leaf("created_at", "within_days", 30), EVERYBODY - {"Bob"}),
    (leaf("created_at", "more_than_days_ago", 30), {"Bob"}),
    (leaf("created_at", "before", "2026-06-10"), {"zoé", "Bob", "Eve"}),
    (leaf("created_at", "after", "2026-06-09"), {"carl", "dora"}),
    (leaf("created_at", "after", "2026-06-10T00:00:00Z"), {"carl"}),
    (leaf("created_at", "before", "2026-06-10T02:00:00+02:00"), {"zoé", "Bob", "Eve"}),
    (leaf("created_at", "is", "2026-06-09"), {"Eve"}),
    (leaf("created_at", "between", ["2026-06-09", "2026-06-09"]), {"Eve"}),
    (leaf("created_at", "between", ["2026-06-10T00:00:00Z", "2026-06-10T10:00"]), {"carl", "dora"}),
    (leaf("scored_at", "empty"), {"dora", "Eve"}),
    # tags
    (leaf("tags", "has_any", ["vip", "x"]), {"zoé", "Bob"}),
    (leaf("tags", "has_all", ["Vip", "partner 50%"]), {"zoé"}),
    (leaf("tags", "has_none", ["VIP"]), {"carl", "dora", "Eve"}),
    (leaf("tags", "has_any", ["partner"]), set()),
    (leaf("tags", "empty"), {"carl", "dora", "Eve"}),
    # own fields; dora's values count as none
    ({"answer": "budget", "op": "is", "value": "yes"}, {"zoé"}),
    ({"answer": "budget", "op": "in", "value": ["No", "Not sure"]}, {"Bob", "carl"}),
    ({"answer": "budget", "op": "empty"}, {"dora", "Eve"}),
    (leaf("budget", "is_not", "Yes"), EVERYBODY - {"zoé"}),
    (leaf("seats", "at_least", 50), {"zoé"}),
    (leaf("seats", "under", 50), {"Bob", "carl"}),
    (leaf("seats", "is", 49.5), {"Bob"}),
    (leaf("seats", "is", 0), {"carl"}),
    (leaf("seats", "empty"), {"dora", "Eve"}),
    (leaf("seats", "between", [0, 49.5]), {"Bob", "carl"}),
    (leaf("note", "contains", "50% off_"), {"zoé"}),
    (leaf("note", "starts_with", "50"), {"zoé", "Bob"}),
    (leaf("note", "filled"), {"zoé", "Bob"}),
    (leaf("paid", "is", True), {"zoé"}),
    (leaf("paid", "is", False), {"Bob"}),
    (leaf("paid", "is_not", False), EVERYBODY - {"Bob"}),
    (leaf("paid", "filled"), {"zoé", "Bob"}),
    (leaf("renewal", "next_days", 30), {"zoé", "carl"}),
    (leaf("renewal", "next_days", 29), {"carl"}),
    (leaf("renewal", "filled"), {"zoé", "carl"}),
    (leaf("demo_at", "is", "2026-06-10"), {"zoé"}),
    (leaf("demo_at", "within_days", 1), {"zoé"}),
    (leaf("demo_at", "empty"), EVERYBODY - {"zoé"}),
    (leaf("interests", "has_any", ["email", "Ads"]), {"zoé", "Bob"}),
    (leaf("interests", "has_all", ["Email", "Scoring"]), {"zoé"}),
    (leaf("interests", "has_none", ["Email"]), EVERYBODY - {"zoé"}),
    (leaf("interests", "filled"), {"zoé", "Bob"}),
    # groups
    ({"all": [leaf("side", "is", "sales"), leaf("city", "is", "Zurich")]}, {"Bob"}),
    ({"any": [leaf("grade", "is", "A"), leaf("grade", "is", "D")]}, {"zoé", "carl"}),
    ({"not": {"any": [leaf("grade", "is", "A"), leaf("company", "is", "tiny")]}}, {"carl", "dora", "Eve"}),
]


def test_examples_match_exactly_these_leads(crowd):
    wrong = {}
    for tree, expected in EXAMPLES:
        opposite = {"not": tree}
        if found(tree) != expected or found(opposite) != EVERYBODY - expected:
            wrong[str(tree)] = (found(tree), found(opposite))

    assert wrong == {}


@pytest.mark.parametrize(("field", "looks"), [("company", False), ("source", False), ("industry", True)])
def test_whether_somebody_has_a_company_is_asked_of_her_own_row(crowd, field, looks):
    asked = str(matching(Lead.objects, leaf(field, "filled"), now=NOW).query)

    assert ("EXISTS" in asked) == looks


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
