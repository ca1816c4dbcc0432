import csv
import datetime
import io

import pytest
from django.db import connection
from django.http import QueryDict
from django.urls import reverse

from leads.actions.record import refresh_search
from leads.models import FieldDefinition, Lead
from leads.models import lead as lead_module
from leads.queries import COUNT_CAP
from tests.factories.deeds import log_activity
from tests.factories.leads import NOW, make_campaign, make_field, make_lead, make_source
from tests.web.fragments import bare
from web.leads import lists
from web.leads.columns import STANDARD, all_columns
from web.leads.keyset import PAGE
from web.models import SavedView

URL = reverse("web:lead-list")
EXPORT = reverse("web:lead-export")


def names(page):
    return [lead.last_name for lead, _ in page.context["rows"]]


def crowd(count, **values):
    """`count` scored leads at once, past the actions: only how they are listed counts."""
    return Lead.objects.bulk_create(
        [
            Lead(
                first_name="Pat",
                last_name=f"L{number}",
                email_key=f"l{number}@x.example",
                score=number % 7,
                grade="C",
                score_version=1,
                scored_at=NOW,
                stage_since=NOW,
                created_at=NOW,
                changed_at=NOW,
                **values,
            )
            for number in range(count)
        ]
    )


def test_everybody_sees_what_is_hers(cast, as_user):
    make_lead(owner=cast.ben, last_name="Bens")
    make_lead(owner=cast.cal, last_name="Cals")
    make_lead(last_name="Marketings")
    seen = {name: sorted(names(as_user(getattr(cast, name)).get(URL))) for name in ("ada", "ben", "cal", "mia")}
    assert seen == {
        "ada": ["Bens", "Cals"],
        "ben": ["Bens"],
        "cal": ["Cals"],
        "mia": ["Bens", "Cals", "Marketings"],
    }


@pytest.mark.parametrize("count", [1, 3])
def test_the_number_of_queries_is_fixed(cast, as_user, count, django_assert_num_queries):
    for _ in range(count):
        make_lead(owner=cast.ben, company="Firm", source=make_source())
    SavedView.objects.create(user=cast.ada, name="Mine", query="grade=A")
    client = as_user(cast.ada)
    with django_assert_num_queries(8):
        assert len(client.get(URL).context["rows"]) == count


@pytest.mark.parametrize("is_owned", [True, False])
def test_every_column_is_read_with_the_list(cast, as_user, is_owned, django_assert_num_queries):
    field, campaign = make_field("shelf"), make_campaign()
    for _ in range(3):
        lead = make_lead(owner=cast.ben if is_owned else None, company="Firm", source=make_source(), campaign=campaign)
        Lead.objects.filter(pk=lead.pk).update(fields={"shelf": "x"})
    client = as_user(cast.mia)
    for code in all_columns([field]):
        with django_assert_num_queries(7):
            assert len(client.get(URL, {"col": code}).context["rows"]) == 3


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"grade": "A"}, ["Hot"]),
        ({"grade": ["A", "C"]}, ["Hot", "Cool"]),
        ({"grade": "none"}, ["New"]),
        ({"stage": "qualified"}, ["Hot"]),
        ({"side": "sales"}, ["Hot"]),
        ({"disposition": "lost"}, ["Cool"]),
        ({"source": "fair"}, ["Cool"]),
        ({"score_from": "40"}, ["Hot"]),
        ({"score_to": "39"}, ["Cool", "New"]),
        ({"tags": "vip"}, ["Hot"]),
        ({"tags": "ViP"}, ["Hot"]),
        ({"tags": "vip, fair"}, []),
        ({"q": "hot"}, ["Hot"]),
        ({"q": "nobody"}, []),
        ({"entered_from": "2026-06-10", "entered_to": "2026-06-10"}, ["Hot", "Cool", "New"]),
        ({"entered_from": "2026-06-11"}, []),
        ({"entered_to": "2026-06-09"}, []),
        ({"grade": ["none", "C"]}, ["Cool", "New"]),
        ({"side": "marketing"}, ["Cool", "New"]),
        ({}, ["Hot", "Cool", "New"]),
    ],
)
def test_filters(cast, as_user, query, found):
    fair = make_source("fair")
    make_lead(last_name="Hot", first_name="A", grade="A", score=80, stage="qualified", owner=cast.ben, tags=["vip"])
    make_lead(last_name="Cool", first_name="A", grade="C", score=30, disposition="lost", source=fair)
    make_lead(last_name="New", first_name="A")
    query = {name: fair.pk if name == "source" else value for name, value in query.items()}
    assert names(as_user(cast.mia).get(URL, query)) == found


@pytest.mark.parametrize(
    "query",
    [
        {"grade": "Z"},
        {"stage": "nowhere"},
        {"owner": "1 OR 1=1"},
        {"owner": "99999999999999999999"},
        {"source": "x"},
        {"score_from": "many"},
        {"score_from": "99999999999"},
        {"entered_from": "tomorrow"},
        {"entered_from": "99999-01-01"},
        {"entered_to": "9999-12-31"},
        {"entered_to": "2201-01-01"},
        {"entered_from": "0001-01-01"},
        {"entered_from": "1899-12-31"},
        {"sort": "owner__password"},
        {"after": "'; drop table"},
        {"before": "1"},
        {"owner__password__startswith": "a"},
        {"grad": "A"},
        {"q": "x" * 201},
        {"q": "a\x00b"},
        {"tags": "a\x00b"},
        {"tags": "x" * 501},
        {"tags": ", ".join(map(str, range(501)))},
    ],
)
def test_a_bad_filter_is_said_and_shows_nobody(cast, as_user, query):
    make_lead(last_name="Secret")
    page = as_user(cast.mia).get(URL, query)
    assert page.status_code == 400
    assert page.context["rows"] == []
    assert b"These filters do not hold" in page.content
    if "sort" not in query and "after" not in query and "before" not in query:
        assert as_user(cast.ann).get(EXPORT, query).status_code == 400


@pytest.mark.parametrize("sort", ["best", "worst", "newest", "oldest"])
def test_pages_follow_each_other_without_gap_or_overlap(cast, as_user, sort):
    crowd(2 * PAGE + 5)
    client = as_user(cast.mia)
    page = client.get(URL, {"sort": sort})
    pages = [page]
    while page.context["after_query"]:
        page = client.get(f"{URL}?{page.context['after_query']}")
        pages.append(page)
    order = {"best": ("-score", "-pk"), "worst": ("score", "pk"), "newest": ("-pk",), "oldest": ("pk",)}[sort]
    assert sum([names(one) for one in pages], []) == list(
        Lead.objects.order_by(*order).values_list("last_name", flat=True)
    )
    back = client.get(f"{URL}?{pages[2].context['before_query']}")
    assert names(back) == names(pages[1])
    first = client.get(f"{URL}?{back.context['before_query']}")
    assert names(first) == names(pages[0])
    assert first.context["before_query"] == ""


@pytest.mark.parametrize("sort", ["best", "worst", "newest"])
def test_pages_of_a_common_filter_follow_each_other_without_gap_or_overlap(cast, as_user, monkeypatch, sort):
    monkeypatch.setattr(lists, "COUNT_CAP", 3)
    hers = crowd(2 * PAGE + 5, disposition="lost", disposition_reason="Price")
    crowd(10)
    client = as_user(cast.mia)
    pages = [client.get(URL, {"sort": sort, "disposition": "lost"})]
    while pages[-1].context["after_query"]:
        pages.append(client.get(f"{URL}?{pages[-1].context['after_query']}"))
    assert pages[0].context["found"].count == "3+"
    order = {"best": ("-score", "-pk"), "worst": ("score", "pk"), "newest": ("-pk",)}[sort]
    lost = Lead.objects.filter(pk__in=[lead.pk for lead in hers])
    assert sum([names(one) for one in pages], []) == list(lost.order_by(*order).values_list("last_name", flat=True))
    assert names(client.get(f"{URL}?{pages[2].context['before_query']}")) == names(pages[1])


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("grade=A", "lead_by_facets"),
        ("grade=none", "lead_by_facets"),
        ("grade=none&grade=B", "lead_by_facets"),
        ("side=sales", "lead_by_"),
        ("owner={owner}", "lead_by_owner"),
        ("stage=customer&stage=prospect", "lead_by_facets"),
        ("disposition=lost", "lead_by_facets"),
        ("source={source}", "lead_by_facets"),
        ("campaign={campaign}", "lead_by_facets"),
        ("tags=vip", "lead_by_tag_in_any_case"),
        ("entered_from=2030-01-01", "lead_by_entry"),
        ("score_from=900", "lead_by_"),
    ],
)
def test_a_filter_that_finds_nobody_looks_into_an_index(cast, query, index):
    crowd(300)
    campaign = make_campaign()
    asked = QueryDict(query.format(source=campaign.source_id, campaign=campaign.pk, owner=cast.ben.pk))
    filters = lists.LeadFilter(asked, queryset=Lead.objects.all())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE leads_lead")
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert filters.is_valid()
    assert index in filters.qs.order_by().values_list("pk")[: COUNT_CAP + 1].explain()


def test_many_are_counted_to_a_thousand(cast, as_user):
    crowd(COUNT_CAP + 1)
    page = as_user(cast.mia).get(URL)
    assert page.context["found"].count == "1,000+"
    assert len(page.context["rows"]) == PAGE


def test_a_search_narrows_after_the_other_filters(cast, as_user, monkeypatch):
    refresh_search(lead_ids=[lead.pk for lead in crowd(3)])
    make_lead(first_name="Pat", last_name="Hers", owner=cast.ben, grade="A")
    monkeypatch.setattr(lead_module, "SEARCH_LIMIT", 1)
    assert names(as_user(cast.ben).get(URL, {"q": "pat"})) == ["Hers"]
    assert names(as_user(cast.mia).get(URL, {"q": "pat", "grade": "A"})) == ["Hers"]


def test_a_search_cut_off_says_so(cast, as_user):
    refresh_search(lead_ids=[lead.pk for lead in crowd(COUNT_CAP + 1)])
    page = as_user(cast.mia).get(URL, {"q": "pat"})
    assert page.context["found"].count == "1,000+"
    assert len(page.context["rows"]) == PAGE


def test_the_fragment_stands_in_the_page(cast, as_user):
    make_lead(last_name="One")
    client = as_user(cast.mia)
    page = client.get(URL)
    fragment = client.get(URL, headers={"HX-Request": "true", "HX-Target": "leads"})
    assert bare(fragment.content) in bare(page.content)


def test_chosen_columns_are_shown(cast, as_user):
    make_field("hall_size", type="integer")
    make_lead(last_name="One", first_name="A", hall_size=12000, city="Oslo")
    page = as_user(cast.mia).get(URL, {"col": ["city", "hall_size"]})
    ((_, cells),) = page.context["rows"]
    assert [cell.text for cell in cells] == ["Oslo", "12,000"]


def test_a_call_is_no_change_of_details_which_is_what_the_list_tells_the_age_of(cast, as_user):
    lead = make_lead(owner=cast.ben, now=NOW)
    log_activity(lead=lead, kind="call", by=cast.ben, now=NOW + datetime.timedelta(hours=3))
    page = as_user(cast.ben).get(URL, {"col": "changed_at"})
    ((_, cells),) = page.context["rows"]
    assert [(cell.column.label, cell.moment) for cell in cells] == [("Details changed at", NOW)]
    assert "Details changed at" in page.text


def test_an_old_link_finds_renamed_columns_and_says_which_are_gone(cast, as_user):
    make_lead(last_name="One")
    client = as_user(cast.mia)
    page = client.get(URL, {"col": ["created", "city", "changed", "hall_size", "<b>"], "sort": "newest"})
    assert page.status_code == 200
    assert page.context["chosen"] == {"created_at", "city", "changed_at"}
    assert len(page.context["rows"]) == 1
    text = page.content.decode()
    assert "columns that are no longer there: hall_size, &lt;b&gt;." in text
    # Whatever is made of this page asks for what there is.
    assert page.context["query"] == "col=created_at&col=city&col=changed_at&sort=newest"

    page = client.get(URL, {"col": "hall_size"})
    assert (page.status_code, page.context["chosen"]) == (200, set(STANDARD))
    assert "asks for a column that is no longer there" in page.content.decode()


def test_a_view_of_a_renamed_column_is_saved_under_its_name_of_today(cast, as_user):
    as_user(cast.ben).post(reverse("web:view-save"), {"name": "Old", "query": "col=created&col=city"})
    assert SavedView.objects.get().query == "col=created_at&col=city"


def test_a_view_is_saved_shared_and_found_again(cast, as_user):
    client = as_user(cast.ben)
    answer = client.post(
        reverse("web:view-save"), {"name": "Hot ones", "query": "grade=A&after=5_5&evil=1", "is_shared": "on"}
    )
    assert answer.headers["Location"] == f"{URL}?grade=A"
    assert [view.query for view in as_user(cast.cal).get(URL).context["views"]] == ["grade=A"]


def test_a_view_of_ones_own_is_not_shown_to_others(cast, as_user):
    SavedView.objects.create(user=cast.ben, name="Mine", query="grade=A")
    assert as_user(cast.cal).get(URL).context["views"] == []


@pytest.mark.parametrize("query", ["grade=Z", "sort=owner__password", "col=password", "col=city&col=gone"])
def test_what_the_list_would_refuse_is_not_saved(cast, as_user, unchanged, query):
    with unchanged():
        as_user(cast.ben).post(reverse("web:view-save"), {"name": "Bad", "query": query})


def test_a_view_opens_without_the_columns_that_are_gone(cast, as_user):
    SavedView.objects.create(user=cast.ben, name="Old", query="grade=A&col=city&col=hall_size")
    client = as_user(cast.ben)
    (view,) = client.get(URL).context["views"]
    page = client.get(f"{URL}?{view.query}")
    assert page.status_code == 200
    assert page.context["chosen"] == {"city"}
    assert page.context["filters"].form.cleaned_data["grade"] == ["A"]


def test_only_its_owner_deletes_a_view(cast, as_user):
    view = SavedView.objects.create(user=cast.ben, name="Mine", query="grade=A", is_shared=True)
    url = reverse("web:view-delete", args=[view.pk])
    assert as_user(cast.cal).post(url).status_code == 404
    assert as_user(cast.ben).get(url).status_code == 405
    assert SavedView.objects.count() == 1
    as_user(cast.ben).post(url)
    assert SavedView.objects.count() == 0


def exported(client, **query):
    answer = client.get(EXPORT, query)
    return answer, list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))


def test_export_holds_what_the_filters_find(cast, as_user):
    make_lead(last_name="Hot", first_name="A", grade="A", score=80, owner=cast.ben)
    make_lead(last_name="Cool", first_name="A", grade="C", score=30, owner=cast.ben)
    make_lead(last_name="Hidden", first_name="A")
    answer, rows = exported(as_user(cast.ada), grade="A")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert [row["last_name"] for row in rows] == ["Hot"]
    assert [row["last_name"] for row in exported(as_user(cast.ada))[1]] == ["Hot", "Cool"]


def test_export_of_a_search_holds_everybody_found(cast, as_user, monkeypatch):
    monkeypatch.setattr(lead_module, "SEARCH_LIMIT", 1)
    for name in ("One", "Two", "Three"):
        make_lead(first_name="Pat", last_name=name, owner=cast.ben, grade="A")
    make_lead(first_name="Pat", last_name="Cool", owner=cast.ben, grade="C")
    make_lead(first_name="Pat", last_name="Hidden", grade="A")
    rows = exported(as_user(cast.ada), q="pat", grade="A")[1]
    assert [row["last_name"] for row in rows] == ["One", "Two", "Three"]


def test_export_is_a_permission(cast, as_user):
    assert as_user(cast.ben).get(EXPORT).status_code == 403
    assert as_user(cast.ada).post(EXPORT).status_code == 405


def test_the_panel_of_filters_comes_when_it_is_opened(cast, as_user):
    make_lead(last_name="Hot", first_name="A", tags=["vip"])
    client = as_user(cast.mia)
    page = client.get(URL, {"tags": "vip", "stage": ["name", "lead"], "q": "hot"})
    assert b'id="id_tags"' not in page.content
    # Until then what is set goes along with a search.
    for name, value in (("tags", "vip"), ("stage", "name"), ("stage", "lead")):
        assert f'<input type="hidden" name="{name}" value="{value}">'.encode() in page.content
    asked = f"{URL}?{page.context['panel_query']}"
    panel = client.get(asked, headers={"HX-Request": "true", "HX-Target": "filter-panel"})
    whole = client.get(asked)
    assert b'id="leads"' not in panel.content
    assert 'value="vip"' in panel.content.decode()
    assert bare(panel.content) in bare(whole.content)
    assert names(whole) == ["Hot"]


def test_rows_show_what_people_typed_as_text(cast, as_user):
    make_field("odd")
    FieldDefinition.objects.update(label="{0} <b>odd</b> {pk}")
    make_lead(first_name="<i>Ann</i>", last_name="{url}", company="A & {0}", odd="<script>x</script> {1}")
    content = as_user(cast.mia).get(URL, {"col": ["grade", "odd"]}).content.decode()
    row = content[content.index("<tbody") : content.index("</tbody>")]
    assert "&lt;i&gt;Ann&lt;/i&gt; {url}</a><small>A &amp; {0}</small>" in row
    assert 'data-label="{0} &lt;b&gt;odd&lt;/b&gt; {pk}" class="">&lt;script&gt;x&lt;/script&gt; {1}</td>' in row
