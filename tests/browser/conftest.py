import os
import shutil

import pytest
from django.utils import timezone

from tests.browser.chromium import ARGUMENTS, CHROMIUM, DESK
from tests.browser.scene import build_scene


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/browser/" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium():
    path = CHROMIUM if os.path.exists(CHROMIUM) else shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is missing: install Debian's chromium package.")
        pytest.skip("Chromium is missing")
    # Playwright runs an event loop in this thread, which Django would mistake for an asynchronous view.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 (slow to import, and only browser tests need it)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def scene(transactional_db):
    return build_scene(timezone.now())


class Visitor:
    """A person at a browser. `complaints` collects console errors, failed scripts and broken security policy."""

    def __init__(self, browser, address, *, viewport=None, scheme="light"):
        self.context = browser.new_context(viewport=viewport or DESK, color_scheme=scheme, base_url=address)
        self.context.set_default_timeout(15_000)
        self.page = self.context.new_page()
        self.complaints = []
        self.page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))


@pytest.fixture
def visit(chromium, live_server, client):
    """visit(user, viewport=, scheme=) -> Visitor who is signed in as `user`; checks its complaints at the end."""
    visitors = []

    def start(user, **how):
        visitor = Visitor(chromium, live_server.url, **how)
        client.force_login(user)
        session = client.cookies["sessionid"].value
        visitor.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        visitors.append(visitor)
        return visitor

    yield start
    for visitor in visitors:
        visitor.context.close()
    for visitor in visitors:
        assert visitor.complaints == []
