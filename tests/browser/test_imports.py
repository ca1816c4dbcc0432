"""A marketer brings a list in, with the mouse and without JavaScript."""

import pytest
from django.utils import timezone

from capture.importing.actions.running import continue_import
from capture.importing.models import Import
from leads.models import Lead

LIST = "Email,First name,Company,Shoe size\nann@list.example,Ann,Acme,38\nbad,,,40\nben@list.example,Ben,Acme,x\n"


@pytest.fixture
def people(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path / "media"
    path = tmp_path / "people.csv"
    path.write_text(LIST)
    return path


def bring(page, people, look=lambda name: None):
    page.goto("/imports/")
    look("list")
    page.get_by_role("link", name="Import a file").first.click()
    look("new")
    page.get_by_label("CSV or Excel file").set_input_files(people)
    page.get_by_role("button", name="Check the file").click()
    page.get_by_label("Shoe size").select_option("Create a field")
    look("map")
    page.get_by_role("button", name="Try it without importing").click()
    look("try")
    page.get_by_role("button", name="Import 3 rows").click()
    page.wait_for_url("**/imports/*/")
    look("moving")


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_a_list_comes_in(visit, scene, people, javascript):
    visitor = visit(scene.mia, javascript=javascript)
    page = visitor.page
    bring(page, people)
    run = Import.objects.get()
    continue_import(run_id=run.pk, clock=timezone.now)
    if not javascript:
        page.reload()
    page.get_by_role("link", name="Ann").wait_for()
    assert page.get_by_text("is no e-mail address").is_visible()
    brought = Lead.objects.filter(email__endswith="@list.example")
    assert set(brought.values_list("first_name", flat=True)) == {"Ann", "Ben"}
