import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from capture.importing.actions.receiving import keep_file, keep_mapping, opened, plan_for, start_import
from capture.importing.actions.running import continue_import
from capture.importing.enums import ImportStatus
from capture.importing.models import Import, RememberedMapping
from leads.models import FieldDefinition, Lead, Source
from tests.factories.leads import give, make_campaign, make_source

LIST = "Email,Name,Shoe size\nann@example.com,Ann Ames,38\nnot-an-address,,40\n"


def upload(client, content=LIST, name="people.csv", **extra):
    file = SimpleUploadedFile(name, content if isinstance(content, bytes) else content.encode())
    return client.post(reverse("web:import-new"), {"file": file} | extra)


@pytest.fixture
def mia(client, cast):
    client.force_login(cast.mia)
    return client


def mapped(run, **choices):
    columns = {"Email": "email", "Name": "full_name"} | choices
    return {f"column_{index}": columns.get(name, "") for index, name in enumerate(run.header)}


def test_wizard_from_upload_to_undo(mia, cast):
    response = upload(mia)
    run = Import.objects.get()
    assert response.url == reverse("web:import-map", args=[run.pk])
    page = mia.get(response.url).content.decode()
    assert "UTF-8" in page
    assert "ann@example.com" in page

    tried = mia.post(response.url, mapped(run, **{"Shoe size": "+"}))
    assert tried.status_code == 200
    assert [count for _, count in tried.context["counts"]] == [1, 0, 0, 1]
    assert "not-an-address" in tried.content.decode()
    assert Lead.objects.count() == 0
    assert FieldDefinition.objects.filter(code="shoe_size").count() == 0

    started = mia.post(reverse("web:import-start", args=[run.pk]))
    assert started.url == reverse("web:import-detail", args=[run.pk])
    run.refresh_from_db()
    assert run.status == ImportStatus.READY
    assert RememberedMapping.objects.count() == 1
    moving = mia.get(started.url).content.decode()
    assert 'hx-trigger="every 1s"' in moving

    continue_import(run_id=run.pk, clock=timezone.now)
    done = mia.get(started.url).content.decode()
    assert "hx-trigger" not in done
    lead = Lead.objects.get()
    assert (lead.first_name, lead.fields) == ("Ann", {"shoe_size": 38})
    assert reverse("web:lead-detail", args=[lead.pk]) in done
    run.refresh_from_db()
    assert (run.created_by, run.created, run.rejected) == (cast.mia, 1, 1)

    mia.post(reverse("web:import-change", args=[run.pk, "undo"]))
    continue_import(run_id=run.pk, clock=timezone.now)
    run.refresh_from_db()
    assert run.status == ImportStatus.UNDONE
    assert Lead.objects.count() == 0
    assert "1 people removed" in mia.get(started.url).content.decode()


def test_error_file_can_be_corrected_and_uploaded_again(mia):
    upload(mia, "Email,Name,Note\nbad,,=1+1\nann@example.com,Ann,ok\n")
    run = Import.objects.get()
    mia.post(reverse("web:import-map", args=[run.pk]), mapped(run))
    mia.post(reverse("web:import-start", args=[run.pk]))
    continue_import(run_id=run.pk, clock=timezone.now)
    response = mia.get(reverse("web:import-errors", args=[run.pk]))
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    header, row = text.splitlines()
    assert header == "Email,Name,Note,Row in the file,What was wrong"
    assert row.startswith("bad,,'=1+1,1,\"Email: “bad” is no e-mail address.")
    again = upload(mia, text.replace("bad", "zoe@example.com", 1).encode("utf-8-sig"))
    assert again.status_code == 302


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "empty"),
        (b"\x00\x01\x02\x03" * 100, "binary"),
        ("ann@example.com,Ann\nben@example.com,Ben\n", "no header"),
        ("a,b\n", "no rows"),
    ],
)
def test_unreadable_upload_says_why_and_keeps_nothing(mia, content, reason):
    response = upload(mia, content)
    assert response.status_code == 422
    assert reason in response.content.decode()
    assert Import.objects.count() == 0


def test_upload_over_the_limit_is_refused(mia, settings):
    settings.UPLOAD_MAX_BYTES = 10
    response = upload(mia)
    assert response.status_code == 422
    assert "larger than" in response.content.decode()


def test_file_without_header_is_read_when_asked(mia):
    upload(mia, "ann@example.com,Ann\n", no_header="on")
    run = Import.objects.get()
    assert run.header == ["Column 1", "Column 2"]
    assert run.rows_total == 1


def test_mapping_that_names_nobody_is_refused(mia):
    upload(mia)
    run = Import.objects.get()
    response = mia.post(reverse("web:import-map", args=[run.pk]), {"column_2": "+"})
    assert response.status_code == 422
    assert "No column tells who a person is" in response.content.decode()


def test_upload_can_be_put_away(mia):
    upload(mia)
    run = Import.objects.get()
    mia.post(reverse("web:import-discard", args=[run.pk]))
    assert Import.objects.count() == 0
    assert not run.file.storage.exists(run.file.name)


def test_pause_resume_cancel(mia):
    upload(mia)
    run = Import.objects.get()
    mia.post(reverse("web:import-map", args=[run.pk]), mapped(run))
    mia.post(reverse("web:import-start", args=[run.pk]))
    states = []
    for change in ("pause", "resume", "cancel", "resume"):
        mia.post(reverse("web:import-change", args=[run.pk, change]))
        run.refresh_from_db()
        states.append(run.status)
    assert states == ["paused", "ready", "cancelled", "cancelled"]
    assert not continue_import(run_id=run.pk, clock=timezone.now)
    assert Lead.objects.count() == 0


def test_polled_state_is_part_of_the_page(mia):
    upload(mia)
    run = Import.objects.get()
    mia.post(reverse("web:import-map", args=[run.pk]), mapped(run))
    mia.post(reverse("web:import-start", args=[run.pk]))
    url = reverse("web:import-detail", args=[run.pk])
    page = mia.get(url).content.decode()
    fragment = mia.get(url, headers={"HX-Request": "true"}).content.decode()
    assert fragment.strip() in page
    continue_import(run_id=run.pk, clock=timezone.now)
    assert mia.get(url, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"


def test_list_shows_imports_and_what_to_do_without_any(mia, django_assert_num_queries):
    assert "Nothing has been imported yet" in mia.get(reverse("web:import-list")).content.decode()
    for rows in (1, 3):
        while Import.objects.count() < rows:
            upload(mia)
        with django_assert_num_queries(5):
            page = mia.get(reverse("web:import-list")).content.decode()
        assert page.count("people.csv") == rows


@pytest.mark.parametrize("who", ["ada", "ben", "cal"])
def test_sales_may_not_import(client, cast, bring, who):
    run = bring(LIST, by=cast.mia, work=False)
    client.force_login(getattr(cast, who))
    pages = [
        ("get", reverse("web:import-list")),
        ("get", reverse("web:import-new")),
        ("get", reverse("web:import-detail", args=[run.pk])),
        ("get", reverse("web:import-map", args=[run.pk])),
        ("get", reverse("web:import-errors", args=[run.pk])),
        ("post", reverse("web:import-start", args=[run.pk])),
        ("post", reverse("web:import-discard", args=[run.pk])),
        ("post", reverse("web:import-change", args=[run.pk, "cancel"])),
    ]
    assert [getattr(client, method)(url).status_code for method, url in pages] == [403] * len(pages)
    run.refresh_from_db()
    assert run.status == ImportStatus.READY


def test_methods_that_are_not_meant_are_refused(mia, cast, bring):
    run = bring(LIST, by=cast.mia, work=False)
    assert mia.post(reverse("web:import-list")).status_code == 405
    assert mia.post(reverse("web:import-detail", args=[run.pk])).status_code == 405
    assert mia.get(reverse("web:import-start", args=[run.pk])).status_code == 405
    assert mia.get(reverse("web:import-change", args=[run.pk, "undo"])).status_code == 405


def test_starting_twice_leads_to_the_import_that_runs(mia):
    upload(mia)
    run = Import.objects.get()
    mia.post(reverse("web:import-map", args=[run.pk]), mapped(run))
    mia.post(reverse("web:import-start", args=[run.pk]))
    Import.objects.update(status=ImportStatus.RUNNING)
    for name in ("import-start", "import-map", "import-discard"):
        response = mia.post(reverse(f"web:{name}", args=[run.pk]), mapped(run))
        assert (response.status_code, response.url) == (302, reverse("web:import-detail", args=[run.pk]))
    assert Import.objects.get().status == ImportStatus.RUNNING


def test_a_start_that_comes_late_changes_nothing(db, write, now):
    with opened(write(LIST)) as file:
        plan = plan_for(file.table.header, file.sample)
        run = keep_file(file=file, path=file.table.path, file_name="people.csv", by=None, now=now)
    late = Import.objects.get()
    assert start_import(run=run, plan=plan, now=now)
    Import.objects.update(status=ImportStatus.RUNNING)
    assert not start_import(run=late, plan=plan, now=now)
    keep_mapping(run=late, mapping={"columns": {}}, source=None, campaign=None)
    run.refresh_from_db()
    assert run.status == ImportStatus.RUNNING
    assert run.mapping["columns"]["Email"] == "email"


def test_fields_for_all_skipped_columns_by_one_button(mia):
    upload(mia, "Email,Seats,Always,Nothing,City\na@x.example,3,same,,Ulm\nb@x.example,4,same,,\n")
    run = Import.objects.get()
    url = reverse("web:import-map", args=[run.pk])
    assert 'name="create_fields"' in mia.get(url).content.decode()
    chosen = mapped(run, City="city")
    response = mia.post(url, chosen | {"create_fields": "yes"})
    assert response.status_code == 200
    form = response.context["form"]
    values = {name: form[f"column_{index}"].value() for index, name in enumerate(run.header)}
    assert values == {"Email": "email", "Seats": "+", "Always": "", "Nothing": "", "City": "city"}
    tried = mia.post(url, {f"column_{index}": value for index, value in enumerate(values.values())})
    assert [(new.code, new.type) for new in tried.context["plan"].new_fields] == [("seats", "integer")]


def test_dry_run_shows_the_ids_and_red_only_for_rejected_rows(mia):
    upload(mia, "Email,Number\na@x.example,Q-17\n")
    run = Import.objects.get()
    url = reverse("web:import-map", args=[run.pk])
    page = mia.post(url, mapped(run, Number="external_id")).content.decode()
    assert "Q-17</td>" in page
    assert "import-count-created" in page
    assert "import-count-rejected" not in page
    assert "External id" not in mia.post(url, mapped(run)).content.decode()


def test_the_dry_run_says_fields_and_answers_by_their_labels(mia):
    upload(mia, "Email,Budget,Shoe size\nann@example.com,No budget,38\n")
    url = reverse("web:import-map", args=[Import.objects.get().pk])
    tried = mia.post(url, mapped(Import.objects.get(), Budget="budget", **{"Shoe size": "+"}))
    assert [fields for _, fields in tried.context["examples"]] == [[("Budget", "No budget"), ("Shoe size", "38")]]


def test_the_dry_run_shows_people_as_they_would_come_in(mia):
    upload(mia, "Email,Name,Phone,Company,Shoe size\nann@x.example,Ann Ames,+47 21 55 50 10,Berg,38\n")
    run = Import.objects.get()
    columns = {"Phone": "phone", "Company": "company", "Shoe size": "+"}
    page = mia.post(reverse("web:import-map", args=[run.pk]), mapped(run, **columns)).content.decode()
    for cell in ("Ann Ames</th>", "ann@x.example</td>", "+47 21 55 50 10</td>", "Berg</td>", "Shoe size: 38</span>"):
        assert cell in page


def test_undo_says_whom_it_left_with_sales_and_links_to_them(mia, cast, bring):
    run = bring("Email,Last name\na@x.example,Ames\nb@x.example,Berg\n", by=cast.mia)
    give(Lead.objects.get(email="b@x.example"), owner=cast.ben)
    url = reverse("web:import-detail", args=[run.pk])
    assert "People who are with sales by now stay" in mia.get(url).content.decode()
    mia.post(reverse("web:import-change", args=[run.pk, "undo"]))
    continue_import(run_id=run.pk, clock=timezone.now)
    page = mia.get(url).content.decode()
    link = f"{reverse('web:lead-list')}?of_import={run.pk}&amp;side=sales"
    assert f'1 kept, of whom <a href="{link}">1 with sales</a>' in page
    assert "With sales, so not marketing&#x27;s to change" in page
    assert "Undo the rest" in page
    listed = mia.get(link.replace("&amp;", "&"))
    assert [lead.last_name for lead, _ in listed.context["rows"]] == ["Berg"]

    mia.force_login(cast.ben)
    assert mia.get(link.replace("&amp;", "&")).status_code == 400


def test_what_was_retired_since_it_was_chosen_is_named_and_another_can_be_chosen(mia):
    fair, other = make_source("fair"), make_source("web")
    upload(mia)
    run = Import.objects.get()
    columns = reverse("web:import-map", args=[run.pk])
    assert mia.post(columns, mapped(run) | {"source": fair.pk}).status_code == 200
    Source.objects.filter(pk=fair.pk).update(retired_at=timezone.now())

    page = mia.post(reverse("web:import-start", args=[run.pk]), follow=True)
    assert page.redirect_chain == [(columns, 302)]
    text = page.content.decode()
    assert text.count("The source “Fair” is retired: nobody new is given it.") == 1
    assert "ann@example.com" in text
    still = mia.post(columns, mapped(run) | {"source": fair.pk})
    assert still.status_code == 422
    assert "What was chosen here is no longer offered." in still.content.decode()

    mia.post(columns, mapped(run) | {"source": other.pk})
    mia.post(reverse("web:import-start", args=[run.pk]))
    continue_import(run_id=run.pk, clock=timezone.now)
    assert Lead.objects.get().source == other


def test_a_campaign_with_a_retired_source_is_refused_where_it_is_chosen(mia):
    campaign = make_campaign("spring", source=make_source("fair"))
    Source.objects.update(retired_at=timezone.now())
    upload(mia)
    run = Import.objects.get()

    response = mia.post(reverse("web:import-map", args=[run.pk]), mapped(run) | {"campaign": campaign.pk})
    assert response.status_code == 422
    assert "The source “Fair” of this campaign is retired" in response.content.decode()


def test_the_page_of_an_import_that_went_back_to_be_mapped_leads_there(mia):
    fair = make_source("fair")
    upload(mia)
    run = Import.objects.get()
    mia.post(reverse("web:import-map", args=[run.pk]), mapped(run) | {"source": fair.pk})
    detail = mia.post(reverse("web:import-start", args=[run.pk])).url
    Source.objects.update(retired_at=timezone.now())
    continue_import(run_id=run.pk, clock=timezone.now)

    assert mia.get(detail, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    page = mia.get(detail, follow=True)
    assert page.redirect_chain == [(reverse("web:import-map", args=[run.pk]), 302)]
    assert "The source “Fair” is retired" in page.content.decode()


def test_undo_says_what_became_of_companies(mia, cast, bring):
    run = bring("Email,Company\nann@x.example,C++ Ltd\nbo@x.example,C# Ltd\n", by=cast.mia)
    mia.post(reverse("web:import-change", args=[run.pk, "undo"]))
    assert continue_import(run_id=run.pk, clock=timezone.now)
    page = mia.get(reverse("web:import-detail", args=[run.pk])).content.decode()
    assert "2 new companies removed, as nobody is left there." in page
    assert "so does what was filled in about companies" in page
