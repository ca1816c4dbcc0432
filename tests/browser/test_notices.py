"""The bell and the page of notices, as a rep uses them."""

import datetime

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import expect

from notices.models import Notice
from tests.factories.notices import make_notice


@pytest.fixture
def told(scene):
    """The scene, in which ben has read everything but two notices."""
    now = timezone.now()
    Notice.objects.update(read_at=now)
    for number in range(2):
        make_notice(scene.ben, at=now - datetime.timedelta(minutes=number), first_name="Nora", last_name=f"New{number}")
    return scene


def test_the_bell_counts_by_itself_in_the_page_and_in_the_title(visit, told):
    page = visit(told.ben).page
    page.goto("/leads/")
    bell = page.locator(".sidebar .bell")
    expect(page).to_have_title("(2) Leads · LeadFunnel")
    expect(bell.locator("b")).to_have_text("2")
    page.get_by_role("searchbox").first.focus()
    make_notice(told.ben, at=timezone.now())
    expect(page).to_have_title("(3) Leads · LeadFunnel", timeout=15_000)
    expect(bell.locator("b")).to_have_text("3")
    expect(page.locator("#bell-said")).to_have_text("3 unread notices")
    # Nothing takes the focus away.
    assert page.evaluate("document.activeElement.name") == "q"


@pytest.mark.parametrize("width", [390, 1440])
def test_what_is_new_is_offered_over_the_page_and_moves_nothing(visit, told, width):
    page = visit(told.ben).page
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/notices/")
    read = page.get_by_role("button", name="Nora New1")
    place = read.bounding_box()
    for number in range(2):
        make_notice(told.ben, at=timezone.now(), first_name="Lena", last_name=f"Late{number}")
    show = page.get_by_role("link", name="2 new · Show")
    expect(show).to_be_visible(timeout=15_000)
    assert read.bounding_box() == place
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    show.click()
    expect(page.get_by_role("button", name="Lena Late1")).to_be_visible()
    expect(show).to_have_count(0)


def test_reading_from_the_bell_to_the_lead_and_all_the_rest(visit, told):
    page = visit(told.ben).page
    page.goto("/queue/")
    page.keyboard.press("g")
    page.keyboard.press("n")
    page.wait_for_url("**/notices/")
    page.get_by_role("button", name="Nora New0").click()
    page.wait_for_url("**/leads/*/")
    expect(page).to_have_title("(1) Nora New0 · LeadFunnel")
    page.goto("/notices/")
    make_notice(told.ben, at=timezone.now(), last_name="Meanwhile")
    page.get_by_role("button", name="Mark all read").click()
    expect(page).to_have_title("(1) Notices · LeadFunnel")
    page.get_by_role("button", name="Undo").click()
    expect(page).to_have_title("(2) Notices · LeadFunnel")


def test_the_page_works_without_javascript(visit, told):
    page = visit(told.ben, javascript=False).page
    page.goto("/notices/")
    page.get_by_role("button", name="Nora New1").click()
    page.wait_for_url("**/leads/*/")
    assert page.title() == "(1) Nora New1 · LeadFunnel"


def test_a_bell_whose_session_is_over_falls_silent(visit, told):
    page = visit(told.ben).page
    page.goto("/leads/")
    Session.objects.all().delete()
    expect(page.locator("#bell-news")).to_have_count(0, timeout=15_000)
    assert page.title() == "(2) Leads · LeadFunnel"
    assert page.locator("h1").all_text_contents() == ["Leads"]
