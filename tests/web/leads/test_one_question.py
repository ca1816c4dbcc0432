"""The filters of the list and a condition that says the same find the same people."""

import datetime

import pytest
from django.http import QueryDict
from django.utils import timezone

from leads.conditions import matching
from leads.models import Lead
from team.models import Workspace
from tests.factories.leads import make_lead, make_source
from web.leads.filters import LeadFilter

pytestmark = pytest.mark.django_db


def listed(query):
    filters = LeadFilter(QueryDict(query), queryset=Lead.objects.order_by("pk"))
    assert filters.is_valid()
    return list(filters.qs)


def meeting(tree, now):
    return list(matching(Lead.objects.order_by("pk"), tree, now=now))


def test_a_day_is_the_same_day_whoever_asks(now):
    """Somebody in Tokyo, somebody in New York and a rule mean the day of the workspace."""
    Workspace.objects.update_or_create(pk=1, defaults={"name": "Here", "time_zone": "Europe/Berlin"})
    midnight = datetime.datetime(2026, 3, 28, 23, tzinfo=datetime.UTC)  # the shortest day of the year in Berlin
    leads = [make_lead() for _ in range(4)]
    moments = (midnight - datetime.timedelta(seconds=1), midnight, midnight + datetime.timedelta(hours=22.99))
    for lead, at in zip(leads, (*moments, midnight + datetime.timedelta(hours=23)), strict=True):
        Lead.objects.filter(pk=lead.pk).update(created_at=at)
    on_the_day = {"field": "created_at", "op": "is", "value": "2026-03-29"}
    for zone in ("Asia/Tokyo", "America/New_York", "UTC"):
        with timezone.override(zone):
            assert listed("entered_from=2026-03-29&entered_to=2026-03-29") == leads[1:3] == meeting(on_the_day, now)


def test_the_panel_says_whose_day_it_is(cast, as_user):
    Workspace.objects.update_or_create(pk=1, defaults={"name": "Here", "time_zone": "Asia/Kathmandu"})
    page = as_user(cast.mia).get("/leads/", {"panel": "1"})
    assert "Days begin and end as in Asia/Kathmandu, the workspace's time zone." in page.content.decode()


@pytest.mark.parametrize("spelling", ["fair 2026", "FAIR 2026", "Fair 2026"])
def test_a_tag_is_the_same_tag_in_any_case(spelling, now):
    lead, _ = make_lead(tags=["Fair 2026", "vip"]), make_lead(tags=["fair"])
    assert listed(f"tags={spelling}") == [lead]
    assert meeting({"field": "tags", "op": "has_any", "value": [spelling]}, now) == [lead]


@pytest.mark.parametrize("tag", ['a"b', "a\\b", "{}", "NULL", "ß", "İ", "a;b", "'"])
def test_an_odd_tag_is_found_through_the_index_as_without_it(tag, now):
    lead, _ = make_lead(tags=[tag, "x"]), make_lead(tags=["x"])
    tree = {"field": "tags", "op": "has_all", "value": [tag]}
    assert meeting(tree, now) == [lead]
    assert meeting({"not": {"not": tree}}, now) == [lead]
    assert Lead.objects.filter(tags__contains=[tag]).get() == lead


def test_filters_that_say_more_than_a_condition_may_are_refused():
    filters = LeadFilter(QueryDict(f"tags={'x' * 501}"), queryset=Lead.objects.all())
    assert not filters.is_valid()
    assert filters.form.errors["__all__"] == ["give at most 500 letters"]


def test_a_source_is_asked_by_the_list_as_by_a_rule(now):
    lead, _ = make_lead(source=make_source("fair")), make_lead()
    assert listed(f"source={lead.source_id}") == [lead]
    assert meeting({"field": "source", "op": "is", "value": lead.source_id}, now) == [lead]
