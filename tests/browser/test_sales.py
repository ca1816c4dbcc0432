"""A rep at her desk, in a real browser."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from leads.models import Activity, Lead, OtherKey
from routing.models import Handover
from routing.queries import queue
from tests.browser.chromium import DESK, PHONE
from tests.browser.scene import DAY
from tests.cast import PASSWORD
from tests.factories.deeds import change_lead
from tests.factories.leads import make_lead


def tab_count(page, tab):
    return page.locator(f"#tab-{tab} .count")


def test_signing_in_leads_to_the_queue(visit, scene):
    page = visit(None).page
    page.goto("/sign-in/")
    page.fill("input[name=username]", "ben@example.com")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("My queue")


def test_accepting_leaves_the_page_where_it_is(visit, scene):
    page = visit(scene.ben).page
    page.goto("/queue/?tab=to_accept")
    waiting = queue(scene.ben, now=timezone.now()).counts["to_accept"]
    expect(tab_count(page, "to_accept")).to_have_text(str(waiting))
    page.get_by_role("button", name=re.compile("^Accept .")).nth(1).click()
    expect(tab_count(page, "to_accept")).to_have_text(str(waiting - 1))
    expect(page.locator("#messages")).to_contain_text("Accepted 1 lead.")
    page.get_by_label("All on this page").check()
    page.keyboard.press("a")
    expect(page.get_by_role("heading", name="Nothing to accept")).to_be_visible()
    assert not Handover.objects.open().filter(owner=scene.ben, accepted_at=None).exists()


def test_a_new_lead_turns_up_within_two_seconds_and_disturbs_nothing(visit, scene):
    page = visit(scene.ben).page
    page.goto("/queue/?tab=to_accept")
    first = page.locator("input[name=lead]").first
    first.check()
    first.focus()
    ticked = first.get_attribute("id")
    now = timezone.now()
    make_lead(owner=scene.ben, grade="A", score=99, first_name="Zelda", last_name="Arrives", now=now - DAY)
    expect(page.get_by_role("link", name="Zelda Arrives")).to_be_visible(timeout=3000)
    expect(page.locator(f"#{ticked}")).to_be_checked()
    expect(page.locator(f"#{ticked}")).to_be_focused()
    assert page.locator(".queue-row").first.locator("a").first.inner_text() == "Zelda Arrives"


def test_the_queue_by_keyboard(visit, scene):
    page = visit(scene.ben).page
    page.goto("/queue/?tab=to_accept")
    page.keyboard.press("j")
    page.keyboard.press("j")
    rows = page.locator(".queue-row")
    expect(rows.nth(1).locator(".queue-who a")).to_be_focused()
    page.keyboard.press("x")
    expect(rows.nth(1).locator("input[name=lead]")).to_be_checked()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("gl?xj")
    expect(page.locator("#search")).to_have_value("gl?xj")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("l")
    expect(page.get_by_role("heading", level=1)).to_have_text("Leads")


def test_shortcuts_can_be_switched_off(visit, scene):
    scene.ben.shortcuts = False
    scene.ben.save()
    page = visit(scene.ben).page
    page.goto("/queue/?tab=to_accept")
    page.keyboard.press("?")
    page.keyboard.press("j")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert page.locator("[data-current]").count() == 0


@pytest.mark.clock
def test_work_mode_by_keyboard(visit, scene):
    line = [lead.pk for lead in queue(scene.ben, now=timezone.now()).rows]
    page = visit(scene.ben).page
    page.goto("/work/?tab=all")
    page.wait_for_url(f"**/work/{line[0]}/?tab=all")
    page.keyboard.press("j")
    page.wait_for_url(f"**/work/{line[1]}/?tab=all")
    page.keyboard.press("k")
    page.wait_for_url(f"**/work/{line[0]}/?tab=all")
    page.get_by_role("button", name="Accept").wait_for()
    # The address stays the same; the keys work once the page is there whole.
    with page.expect_navigation():
        page.keyboard.press("a")
    expect(page.locator("#messages")).to_contain_text("Accepted.")
    assert Handover.objects.open().get(lead=line[0]).accepted_at is not None
    page.keyboard.press("n")
    page.keyboard.type("3 halls, not 2")
    page.keyboard.press("Escape")
    before = Activity.objects.filter(lead=line[0], kind="call").count()
    page.keyboard.press("3")
    page.wait_for_url(f"**/work/{line[1]}/?tab=all")
    expect(page.locator("#messages")).to_contain_text("talked")
    assert Activity.objects.filter(lead=line[0], kind="call").count() == before + 1
    page.keyboard.press("n")
    page.keyboard.type("Only a note")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/work/{line[2]}/?tab=all")
    assert Activity.objects.get(lead=line[1], kind="note").payload == {"note": "Only a note"}


def test_a_fact_is_edited_in_place(visit, scene):
    lead = Lead.objects.get(pk=queue(scene.ben, now=timezone.now()).rows[0].pk)
    page = visit(scene.ben).page
    page.goto(reverse("web:lead-detail", args=[lead.pk]))
    page.locator("#edit-phone").click()
    field = page.get_by_role("textbox", name="Phone")
    expect(field).to_be_focused()
    field.fill("+49 30 999")
    field.press("Escape")
    expect(page.locator("#edit-phone")).to_be_focused()
    page.locator("#edit-phone").click()
    page.get_by_role("textbox", name="Phone").fill("+49 30 123456")
    page.get_by_role("textbox", name="Phone").press("Enter")
    expect(page.locator("#fact-phone")).to_contain_text("+49 30 123456")
    expect(page.locator("#edit-phone")).to_be_focused()
    assert Lead.objects.get(pk=lead.pk).phone == "+49 30 123456"


def test_two_people_at_one_fact(visit, scene):
    lead = Lead.objects.get(pk=queue(scene.ben, now=timezone.now()).rows[0].pk)
    original = lead.phone
    visitor = visit(scene.ben)
    # The browser itself writes an answer of 409 to the console.
    visitor.expected = ["409 (Conflict)"]
    page = visitor.page
    page.goto(reverse("web:lead-detail", args=[lead.pk]))
    page.locator("#edit-phone").click()
    page.get_by_role("textbox", name="Phone").fill("+49 30 1")
    change_lead(lead=lead, changes={"phone": "+49 30 2"}, by=scene.ada, now=timezone.now())
    page.get_by_role("textbox", name="Phone").press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert dialog.evaluate("dialog => dialog.matches(':modal')")
    for text in ("+49 30 1", "+49 30 2", original):
        expect(dialog).to_contain_text(text)
    dialog.get_by_label("+49 30 1").check()
    dialog.get_by_role("button", name="Save my choice").click()
    expect(page.locator("#fact-phone")).to_contain_text("+49 30 1")
    assert Lead.objects.get(pk=lead.pk).phone == "+49 30 1"


def test_logging_a_call_and_showing_a_part_of_the_timeline(visit, scene):
    lead = Lead.objects.get(pk=queue(scene.ben, now=timezone.now()).rows[0].pk)
    page = visit(scene.ben).page
    page.goto(reverse("web:lead-detail", args=[lead.pk]))
    page.get_by_label("What was said").fill("Asked for samples")
    page.get_by_role("button", name="Log it").click()
    expect(page.locator("#timeline")).to_contain_text("Asked for samples")
    page.get_by_role("link", name="Marketing", exact=True).click()
    expect(page.locator("#timeline")).not_to_contain_text("Asked for samples")


def test_filters_and_a_saved_view(visit, scene):
    page = visit(scene.mia).page
    page.goto(reverse("web:lead-list"))
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("A", exact=True).check()
    page.get_by_role("button", name="Show these").first.click()
    hot = Lead.objects.filter(grade="A").count()
    expect(page.locator(".list-count")).to_have_text(f"{hot} lead{'s' if hot != 1 else ''}")
    assert "grade=A" in page.url
    page.get_by_text("Views", exact=True).click()
    page.get_by_label("Save this view as").fill("Hot")
    page.get_by_role("button", name="Save view").click()
    page.get_by_text("Views", exact=True).click()
    expect(page.get_by_role("link", name="Hot")).to_have_attribute("href", re.compile("grade=A"))
    # The panel has not been opened on this page, and a search keeps what it holds.
    page.goto(f"{reverse('web:lead-list')}?grade=A")
    page.get_by_label("Search by name").fill("nobody of this name")
    page.get_by_label("Search by name").press("Enter")
    expect(page.get_by_role("heading", name="Nobody fits")).to_be_visible()
    assert "grade=A" in page.url
    page.locator("details.filters summary").click()
    expect(page.get_by_label("A", exact=True)).to_be_checked()


COVERED = """(selector) => [...document.querySelectorAll(selector)].filter((button) => {
  button.scrollIntoView({ block: "center", behavior: "instant" });
  const { left, top, width, height } = button.getBoundingClientRect();
  return !button.contains(document.elementFromPoint(left + width / 2, top + height / 2));
}).map((button) => button.textContent.trim())"""


@pytest.mark.parametrize("name", ["Filters", "Columns", "Views"])
def test_on_a_phone_an_open_panel_covers_no_button(visit, scene, name):
    page = visit(scene.mia, viewport=PHONE).page
    page.goto(reverse("web:lead-list"))
    summary = page.locator(".filter-bar summary", has_text=name)
    summary.click()
    page.wait_for_load_state("networkidle")
    assert page.evaluate(COVERED, ".filter-bar summary, .filter-bar select, .page-actions a") == []
    summary.click()
    expect(page.locator(".filter-bar details[open]")).to_have_count(0)


def test_what_was_chosen_is_seen_when_the_panel_has_closed(visit, scene):
    page = visit(scene.mia, viewport=PHONE).page
    page.goto(reverse("web:lead-list"))
    expect(page.locator("#filters-used")).to_be_hidden()
    page.locator("details.filters summary").click()
    page.get_by_label("A", exact=True).check()
    page.get_by_role("button", name="Show these").first.click()
    expect(page.locator("details.filters")).not_to_have_attribute("open", "")
    expect(page.locator("#filters-used")).to_have_text("1")
    expect(page.locator(".list-count")).to_be_in_viewport()


def test_the_filters_without_javascript(visit, scene):
    page = visit(scene.mia, javascript=False).page
    page.goto(f"{reverse('web:lead-list')}?grade=A")
    page.locator("details.filters summary").click()
    page.get_by_role("link", name="All filters").click()
    expect(page.get_by_label("A", exact=True)).to_be_checked()
    page.get_by_label("B", exact=True).check()
    page.get_by_role("button", name="Show these").first.click()
    assert "grade=A&grade=B" in page.url


def test_without_javascript_everything_is_sent_too(visit, scene):
    lead = queue(scene.ben, tab="to_accept", now=timezone.now()).rows[0]
    page = visit(scene.ben, javascript=False).page
    page.goto("/queue/?tab=to_accept")
    page.locator(f"#accept-{lead.pk}").click()
    assert Handover.objects.open().get(lead=lead.pk).accepted_at is not None
    page.goto(reverse("web:lead-detail", args=[lead.pk]))
    page.locator("#edit-phone").click()
    page.get_by_role("textbox", name="Phone").fill("+49 30 5")
    page.get_by_role("button", name="Save", exact=True).click()
    assert Lead.objects.get(pk=lead.pk).phone == "+49 30 5"


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_the_buttons_of_other_addresses_stay_in_their_panel(visit, scene, viewport):
    lead = queue(scene.ben, now=timezone.now()).rows[0]
    address = "an.address.with.a.very.long.mailbox@and.a.longer.domain.example"
    OtherKey.objects.create(lead_id=lead.pk, kind="email", value=address, key=address)
    page = visit(scene.ben, viewport=viewport).page
    page.goto(reverse("web:lead-detail", args=[lead.pk]))
    panel = page.locator("section", has=page.get_by_role("heading", name="Other addresses")).bounding_box()
    for name in (f"Make {address} the main one", f"Remove {address}"):
        button = page.get_by_role("button", name=name)
        box = button.bounding_box()
        assert panel["x"] < box["x"]
        assert box["x"] + box["width"] < panel["x"] + panel["width"]
        assert button.evaluate("(one) => getComputedStyle(one.querySelector('.icon') || one).opacity") == "1"


def test_all_parts_of_the_queue_stand_on_a_phone(visit, scene):
    page = visit(scene.ben, viewport=PHONE).page
    page.goto("/queue/?tab=all")
    ends = page.locator(".tabs a").evaluate_all("all => all.map((one) => one.getBoundingClientRect().right)")
    assert len(ends) == 4
    assert max(ends) <= PHONE["width"]
