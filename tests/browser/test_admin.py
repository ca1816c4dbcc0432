"""The admin in a real browser under its own content security policy: nothing refused, nothing fetched elsewhere."""

import json

import pytest
from django.conf import settings
from django.contrib import admin as django_admin
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from leads.models import StageDefinition
from routing.models import AssignmentRule, RoutingPolicy
from scoring.actions import load_model, publish_model
from team.enums import Role
from tests.browser.chromium import PHONE
from tests.cast import make_user
from tests.factories.leads import make_lead
from tests.factories.notices import make_notice

REPORT = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`refused: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
});
"""


@pytest.fixture
def admin(committed):
    return make_user("ann", is_staff=True, is_superuser=True)


@pytest.fixture
def visitor(visit, site, admin):
    """An admin whose complaints also hold what the policy refused, what failed, and what went to another host."""
    visitor = visit(admin)
    here = (site.url, "data:")
    visitor.page.add_init_script(REPORT)
    visitor.page.on("requestfailed", lambda request: visitor.complaints.append(f"failed: {request.url}"))
    visitor.page.on(
        "request",
        lambda request: request.url.startswith(here) or visitor.complaints.append(f"elsewhere: {request.url}"),
    )
    return visitor


def open_page(visitor, path):
    answer = visitor.page.goto(path)
    visitor.page.wait_for_load_state("networkidle")
    assert answer.status == 200, path


def lists():
    return [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for model in django_admin.site._registry
    ]


def test_overview_and_every_list_and_form_to_add(visitor):
    open_page(visitor, reverse("admin:index"))
    assert visitor.page.get_by_role("link", name="Overview").count() >= 1

    for path in lists():
        open_page(visitor, path)
        if visitor.page.locator(f'a[href^="{path}add/"]').count():
            open_page(visitor, f"{path}add/")

    assert visitor.complaints == []


def test_a_form_is_filled_in_and_saved(visitor, admin):
    open_page(visitor, reverse("admin:team_user_change", args=[admin.pk]))

    visitor.page.locator("#id_name").fill("Annabel")
    visitor.page.get_by_role("button", name="Save", exact=True).click()
    visitor.page.wait_for_load_state("networkidle")

    admin.refresh_from_db()
    assert admin.name == "Annabel"
    assert visitor.page.url.endswith(reverse("admin:team_user_changelist"))


def test_menus_of_the_theme_open(visitor):
    """Alpine builds these from attributes: with a policy too strict for it they would stay shut."""
    open_page(visitor, reverse("admin:index"))

    assert visitor.page.locator("[x-cloak]").count() == 0


def test_the_policy_does_refuse(visitor, admin):
    """The tests above would notice: a script written into the page does not run."""
    open_page(visitor, reverse("admin:index"))

    visitor.page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'}))"
    )

    assert visitor.page.evaluate("window.ran") is None
    assert any("refused: script-src" in complaint for complaint in visitor.complaints)
    visitor.complaints.clear()


def test_the_condition_editor_says_what_it_holds_and_how_many_leads_meet_it(visitor, admin):
    admin.groups.add(Group.objects.get(name=Role.ADMIN))
    for city in ("Kiel", "Kiel", "Bonn"):
        make_lead(city=city)
    stage = StageDefinition.objects.get(is_current=True, stage="name")
    open_page(visitor, reverse("admin:leads_stagedefinition_change", args=[stage.pk]))
    page = visitor.page

    page.get_by_role("button", name="Add a test of a field").click()
    page.get_by_label("Field", exact=True).select_option("city")
    page.get_by_label("Operator", exact=True).select_option("contains")
    page.get_by_label("Value", exact=True).fill("Kie")

    page.get_by_text('2 leads: city contains "Kie"').wait_for()
    page.get_by_label("Value", exact=True).fill("")
    page.get_by_text("value: ").wait_for()
    assert visitor.complaints == []


def test_an_assignment_rule_fits_on_a_phone(visit, admin):
    policy = RoutingPolicy.objects.get(is_active=True)
    is_german = {"field": "country", "op": "is", "value": "Germany"}
    AssignmentRule.objects.create(
        policy=policy, position=1, name="Germany", condition=is_german, pool=policy.default_pool
    )
    visitor = visit(admin, viewport=PHONE)
    open_page(visitor, reverse("admin:routing_routingpolicy_change", args=[policy.pk]))
    right = "[...document.querySelectorAll('.tabular table')].map((one) => one.getBoundingClientRect().right)"
    assert max(visitor.page.evaluate(right)) <= PHONE["width"]


def test_a_published_model_is_short_on_a_phone(visit, admin):
    data = json.loads((settings.BASE_DIR / "scoring" / "starter" / "btd.json").read_text())
    now = timezone.now()
    model = publish_model(model=load_model(data=data, by=admin, now=now), by=admin, now=now)
    page = visit(admin, viewport=PHONE).page
    page.goto(reverse("admin:scoring_scoringmodel_change", args=[model.pk]))
    heights = page.locator(".rule-table .form-row").evaluate_all("all => all.map((one) => one.offsetHeight)")
    assert len(heights) == model.rules.count() + model.requirements.count()
    assert max(heights) <= 120


def test_the_bell_counts_in_the_admin_as_on_our_pages(visitor, admin):
    admin.groups.add(Group.objects.get(name=Role.REP))
    make_notice(admin, at=timezone.now())
    open_page(visitor, reverse("admin:index"))
    page = visitor.page
    bell = page.get_by_role("link", name="Notices")
    expect(bell.locator("b")).to_have_text("1")
    assert page.title().startswith("(1) ")
    make_notice(admin, at=timezone.now())
    expect(bell.locator("b")).to_have_text("2", timeout=15_000)
    assert page.title().startswith("(2) ")
    assert visitor.complaints == []
    bell.click()
    page.wait_for_url("**/notices/")
