import pytest
from django.urls import reverse
from django.utils import timezone

from leads.models import Lead
from leads.models import lead as lead_module
from routing.actions import assign
from team.enums import Role
from tests.cast import make_user
from tests.factories.leads import make_lead

URL = reverse("web:lead-assign")
UNDO = reverse("web:assign-undo")


@pytest.fixture
def leads(cast):
    return [make_lead(owner=cast.ben, grade="A", score=score, last_name=f"L{score}") for score in (70, 80, 90)]


def owners(leads):
    owner_of = dict(Lead.objects.values_list("pk", "owner__name"))
    return [owner_of[lead.pk] for lead in leads]


def test_the_preview_counts_and_names_and_changes_nothing(cast, as_user, leads, unchanged):
    with unchanged():
        page = as_user(cast.ada).post(URL, {"lead": [leads[0].pk, leads[1].pk], "to": cast.cal.pk})
    assert page.context["total"] == 2
    assert [lead.last_name for lead in page.context["examples"]] == ["L80", "L70"]


def test_going_ahead_gives_the_ticked_leads(cast, as_user, leads):
    as_user(cast.ada).post(URL, {"lead": [leads[0].pk, leads[1].pk], "to": cast.cal.pk, "go": "2"})
    assert owners(leads) == ["Cal", "Cal", "Ben"]


def test_going_ahead_with_all_that_the_filters_find(cast, as_user, leads):
    as_user(cast.ada).post(URL, {"everything": "1", "query": "score_from=80", "to": cast.cal.pk, "go": "2"})
    assert owners(leads) == ["Ben", "Cal", "Cal"]


def test_who_came_since_the_preview_is_previewed_first(cast, as_user, leads, unchanged):
    asked = {"everything": "1", "query": "score_from=80", "to": cast.cal.pk}
    assert as_user(cast.ada).post(URL, asked).context["total"] == 2
    make_lead(owner=cast.ben, grade="A", score=95)
    with unchanged():
        page = as_user(cast.ada).post(URL, asked | {"go": "2"})
    assert "now there are 3" in page.content.decode()
    as_user(cast.ada).post(URL, asked | {"go": "3"})
    assert Lead.objects.filter(owner=cast.cal).count() == 3


def test_all_that_a_search_finds_are_more_than_a_list_shows(cast, as_user, leads, monkeypatch):
    monkeypatch.setattr(lead_module, "SEARCH_LIMIT", 1)
    asked = {"everything": "1", "query": "q=l&score_to=80", "to": cast.cal.pk}
    page = as_user(cast.ada).post(URL, asked)
    assert page.context["total"] == 2
    assert [lead.last_name for lead in page.context["examples"]] == ["L80", "L70"]
    as_user(cast.ada).post(URL, asked | {"go": "2"})
    assert owners(leads) == ["Cal", "Cal", "Ben"]


def test_undo_gives_them_back(cast, as_user, leads):
    client = as_user(cast.ada)
    page = client.post(URL, {"lead": [leads[0].pk], "to": cast.cal.pk, "go": "1"}, follow=True)
    assert page.context["undo_count"] == 1
    client.post(UNDO)
    assert owners(leads) == ["Ben", "Ben", "Ben"]
    assert b"There is nothing to undo" in client.post(UNDO, follow=True).content


def test_undo_leaves_whom_somebody_else_has_given_on(cast, as_user, leads, now):
    dan = make_user("dan", Role.REP)
    client = as_user(cast.ada)
    client.post(URL, {"lead": [lead.pk for lead in leads], "to": cast.cal.pk, "go": "3"})
    assign(leads=[leads[0]], to=dan, by=cast.ann, now=timezone.now(), reason="Speaks Danish")
    for to in (dan, cast.cal):  # Back with cal, but under another hand-over.
        assign(leads=[leads[1]], to=to, by=cast.ann, now=timezone.now(), reason="Speaks Danish")
    client.post(UNDO)
    assert owners(leads) == ["Dan", "Cal", "Ben"]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"everything": "1", "query": "grade=Z"},
        {"everything": "1", "query": "q=nobody"},
        {"lead": ["x"]},
        {"everything": "1", "query": "grad=A"},
    ],
)
def test_what_finds_nobody_gives_nobody(cast, as_user, leads, unchanged, data):
    with unchanged():
        answer = as_user(cast.ada).post(URL, data | {"to": cast.cal.pk, "go": "1"})
    assert answer.status_code == 302


def test_only_reps_are_given_leads(cast, as_user, leads, unchanged):
    with unchanged():
        as_user(cast.ada).post(URL, {"lead": [leads[0].pk], "to": cast.mia.pk, "go": "1"})


def test_a_manager_gives_sales_side_leads_only(cast, as_user, unchanged):
    lead = make_lead(grade="C", score=30)
    with unchanged():
        as_user(cast.ada).post(URL, {"lead": [lead.pk], "to": cast.cal.pk, "go": "1"})


def test_reps_and_marketers_give_nothing(cast, as_user, leads, unchanged):
    with unchanged():
        for user in (cast.ben, cast.mia):
            for url in (URL, UNDO):
                data = {"lead": [leads[0].pk], "to": cast.cal.pk, "go": "1"}
                assert as_user(user).post(url, data).status_code == 403
    assert as_user(cast.ada).get(URL).status_code == 405
    assert as_user(cast.ada).get(UNDO).status_code == 405
