"""Every page, light and dark, on a phone and at a desk: no complaints, no overflow, the basics of access."""

from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone

from routing.queries import queue
from tests.browser.chromium import DESK, PHONE

CHECK = (Path(__file__).parent / "basics.js").read_text()


def places(scene):
    lead = queue(scene.ben, now=timezone.now()).rows[0]
    theirs = [
        (scene.ben, "/queue/?tab=to_accept"),
        (scene.ben, "/queue/?tab=all"),
        (scene.ben, "/queue/?tab=waiting"),
        (scene.ben, reverse("web:work-lead", args=[lead.pk])),
        (scene.ben, reverse("web:lead-detail", args=[lead.pk])),
        (scene.ben, f"{reverse('web:lead-detail', args=[lead.pk])}?edit=address"),
        (scene.mia, reverse("web:lead-detail", args=[lead.pk])),
        (scene.ben, "/profile/"),
        (scene.ben, "/notices/"),
        (scene.ada, "/leads/"),
        (scene.mia, "/leads/new/"),
        (scene.mia, "/leads/?q=nobodyofthisname"),
        (scene.mia, "/imports/"),
        (scene.mia, "/imports/new/"),
        (scene.ann, "/status/"),
        (scene.ann, "/answers/"),
        (scene.ann, "/answers/budget/"),
        (scene.ann, "/workspace/"),
        (scene.ann, "/mail/"),
    ]
    return [(user, path) for user, path in theirs]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_every_page_holds_the_basics(visit, scene, viewport, scheme):
    found = {}
    for user in (scene.ben, scene.ada, scene.mia, scene.ann):
        page = visit(user, viewport=viewport, scheme=scheme).page
        for _, path in (place for place in places(scene) if place[0] == user):
            page.goto(path)
            page.evaluate("for (const one of document.querySelectorAll('main details:not(.menu)')) one.open = true")
            found[path] = page.evaluate(CHECK)
            page.keyboard.press("Tab")
    assert {path: complaints for path, complaints in found.items() if complaints} == {}


def test_the_focus_is_seen_wherever_it_goes(visit, scene):
    page = visit(scene.ben).page
    page.goto("/queue/?tab=to_accept")
    for _ in range(20):
        page.keyboard.press("Tab")
        seen = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert seen == "solid", page.evaluate("document.activeElement.outerHTML")


def test_the_theme_follows_the_choice_and_else_the_device(visit, scene):
    ground = "getComputedStyle(document.body).backgroundColor"
    page = visit(scene.ben, scheme="dark").page
    page.goto("/profile/")
    dark = page.evaluate(ground)
    page.get_by_label("Light", exact=True).check()
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_load_state()
    light = page.evaluate(ground)
    assert (dark, light) == ("rgb(20, 23, 24)", "rgb(247, 248, 248)")
