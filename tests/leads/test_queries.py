import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.models import Activity, Lead, OtherKey
from leads.queries import beside_of, capped_count, condition_of, lead_with_names, timeline
from team.models import Pool
from tests.factories.deeds import record_activities
from tests.factories.leads import make_campaign, make_lead, make_source

MINUTE = datetime.timedelta(minutes=1)


def fill(lead, kinds, now):
    rows = [{"lead_id": lead.pk, "kind": kind, "occurred_at": now} for kind in kinds]
    record_activities(rows=rows, now=now)


def test_timeline_pages_by_key_even_where_times_are_equal(cast, now, django_assert_num_queries):
    lead, other = make_lead(now=now - MINUTE), make_lead(now=now)
    fill(lead, ["visit"] * 7, now)
    fill(other, ["visit"] * 3, now)

    seen, after, pages = [], "", 0
    while after or not pages:
        with django_assert_num_queries(1):
            page = timeline(lead, after=after, size=3)
        seen += [activity.pk for activity in page.activities]
        after, pages = page.next, pages + 1

    assert pages == 3
    assert seen == list(lead.activities.order_by("-occurred_at", "-pk").values_list("pk", flat=True))
    assert len(seen) == 8


def test_timeline_keeps_its_place_when_something_new_happens(cast, now):
    lead = make_lead(now=now - MINUTE)
    fill(lead, ["visit"] * 3, now)
    first = timeline(lead, size=2)
    fill(lead, ["call"], now + MINUTE)

    kinds = [activity.kind for activity in timeline(lead, size=2, after=first.next).activities]

    assert kinds == ["visit", "stage_changed"]


def test_timeline_shows_what_is_under_the_chips(cast, now):
    lead = make_lead(now=now)
    fill(lead, ["visit", "call", "imported", "field_changed"], now + MINUTE)

    def kinds(*chips):
        return {activity.kind for activity in timeline(lead, chips=chips).activities}

    assert kinds("contact") == {"call"}
    assert kinds("marketing", "system") == {"visit", "imported"}
    assert kinds("changes") == {"field_changed", "stage_changed"}
    assert kinds() == {"visit", "call", "imported", "field_changed", "stage_changed"}


@pytest.mark.parametrize("bad", [{"chips": ["secret"]}, {"after": "yesterday"}, {"after": "20260610T100000.000000-x"}])
def test_timeline_refuses_nonsense(cast, now, bad):
    with pytest.raises(ValueError, match="no p"):
        timeline(make_lead(now=now), **bad)


def test_capped_count(cast, now):
    for _ in range(3):
        make_lead(now=now)

    assert str(capped_count(Lead.objects.all(), cap=3)) == "3"
    assert str(capped_count(Lead.objects.all(), cap=2)) == "2+"
    assert str(capped_count(Lead.objects.none())) == "0"
    assert str(capped_count(Activity.objects.order_by("kind"), cap=1000)) == "3"


def test_duplicates_by_each_key_and_only_visible_ones(cast, now, django_assert_num_queries):
    person = {"first_name": "Jo", "last_name": "Doe", "email": "jo@example.com", "phone": "+49 30 1234567"}
    lead = make_lead(now=now, company="Acme", owner=cast.ben, **person)
    by_email = make_lead(now=now, email="JO@example.com", owner=cast.ben)
    by_phone = make_lead(now=now, last_name="X", phone="0049 30 123 45 67")
    by_name = make_lead(now=now, first_name="jo", last_name="DOE", company="ACME")
    make_lead(now=now, first_name="Jo", last_name="Doe", company="Other")
    make_lead(now=now, last_name="Unrelated")
    by_all = make_lead(now=now, company="Acme", **person)

    assert cast.mia.roles  # loads the roles, as signing in does
    with django_assert_num_queries(2):
        found = beside_of(lead, cast.mia).duplicates

    assert [(duplicate.lead.pk, duplicate.shares) for duplicate in found] == [
        (by_email.pk, ("e-mail",)),
        (by_phone.pk, ("phone",)),
        (by_name.pk, ("name and company",)),
        (by_all.pk, ("e-mail", "phone", "name and company")),
    ]
    assert [duplicate.lead.pk for duplicate in beside_of(lead, cast.ben).duplicates] == [by_email.pk]
    assert beside_of(lead, cast.cal).duplicates == []


def test_of_many_who_share_a_number_beside_their_main_ones_each_is_found(cast, now, django_assert_num_queries):
    lead = make_lead(now=now, last_name="Doe", phone="+49301234567")
    others = [make_lead(now=now, last_name=f"Other {number}") for number in range(600)]
    hers = make_lead(now=now, last_name="Hers", owner=cast.ben)
    for each in (lead, *others, hers):
        OtherKey.objects.create(lead=each, kind="phone", value="+4930999", key="+4930999")

    assert cast.mia.roles  # loads the roles, as signing in does
    with django_assert_num_queries(2):
        beside = beside_of(lead, cast.mia)
    assert [other.lead_id for other in beside.other_keys] == [lead.pk]
    assert [duplicate.lead for duplicate in beside.duplicates] == others[:10]
    assert beside.has_more_duplicates
    # The last of those who share it is the only one that her owner sees.
    beside = beside_of(lead, cast.ben)
    assert [(duplicate.lead, duplicate.shares) for duplicate in beside.duplicates] == [(hers, ("phone",))]
    assert not beside.has_more_duplicates


def test_nobody_is_looked_for_without_keys(cast, now, django_assert_num_queries):
    lead = make_lead(now=now, last_name="Doe")

    assert cast.mia.roles  # loads the roles, as signing in does
    with django_assert_num_queries(1):
        assert beside_of(lead, cast.mia) == ([], [], False)


def test_duplicates_use_the_indexes(cast, now):
    lead = make_lead(now=now, first_name="Jo", email="jo@example.com", phone="+49301234567", company="Acme")
    assert cast.mia.roles  # loads the roles, as signing in does

    with connection.cursor() as cursor:
        # The tables are so small that reading them whole would be as good.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")
        with CaptureQueriesContext(connection) as captured:
            beside_of(lead, cast.mia)
        cursor.execute(f"EXPLAIN {captured.captured_queries[-1]['sql']}")
        plan = "".join(line for (line,) in cursor.fetchall())

    indexes = ("lead_by_email", "lead_by_phone", "lead_by_other_key", "lead_by_company")
    assert [name for name in indexes if name not in plan] == []


def test_a_queryset_says_what_it_filters_by(cast):
    assert condition_of(Lead.objects.visible_to(cast.mia)) == ("TRUE", [])
    sql, values = condition_of(Lead.objects.visible_to(cast.ben))
    assert (sql, list(values)) == ('"leads_lead"."owner_id" = %s', [cast.ben.pk])
    assert condition_of(Lead.objects.none()) == ("FALSE", [])


def test_a_lead_comes_with_the_names_beside_her(cast, now, django_assert_num_queries):
    source, pool = make_source(), Pool.objects.get(code="sales")
    campaign = make_campaign(source=source)
    lead = make_lead(now=now, company="Acme", owner=cast.ben, source=source, campaign=campaign)
    waiting = make_lead(now=now, pool=pool)

    with django_assert_num_queries(2):
        found, waits = lead_with_names(lead.pk), lead_with_names(waiting.pk)
        names = [str(one) for one in (found.company, found.owner, found.source, found.campaign, waits.pool)]

    assert names == ["Acme", str(cast.ben), str(source), str(campaign), str(pool)]
    assert (found.pool, waits.owner) == (None, None)
    lead.refresh_from_db()
    attnames = [field.attname for field in Lead._meta.concrete_fields]
    assert [getattr(found, name) for name in attnames] == [getattr(lead, name) for name in attnames]
    # Other columns are the real ones, too.
    assert (found.owner.time_zone, found.owner.capacity) == (cast.ben.time_zone, cast.ben.capacity)


def test_a_lead_with_nobody_beside_her_and_one_that_is_gone(db, now, django_assert_num_queries):
    lead = make_lead(now=now)

    with django_assert_num_queries(1):
        found = lead_with_names(lead.pk)
        assert (found.company, found.owner, found.pool, found.source, found.campaign) == (None,) * 5
    assert lead_with_names(lead.pk + 1) is None
    assert lead_with_names(10**30) is None
