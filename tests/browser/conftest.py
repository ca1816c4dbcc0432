import os
import shutil

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

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


@pytest.fixture(scope="session")
def site(django_db_setup):
    """A running server; `.url` is its address. Ask for `committed` too, so that it sees what the test writes.

    Not called live_server, because pytest-django empties all tables after a test with a fixture of that name, and
    with them what the migrations have put there.
    """
    server = LiveServer("localhost")
    yield server
    server.stop()


@pytest.fixture
def scene(committed):
    """The people and leads of tests.browser.scene, in a database that the server sees."""
    return build_scene(timezone.now())


class Visitor:
    """A person at a browser. `complaints` collects console errors, failed scripts and broken security policy.

    What a test provokes on purpose goes into `expected`, as part of the text of the complaint.
    """

    def __init__(self, browser, address, *, viewport=None, scheme="light", javascript=True):
        self.context = browser.new_context(
            viewport=viewport or DESK, color_scheme=scheme, base_url=address, java_script_enabled=javascript
        )
        self.context.set_default_timeout(15_000)
        self.page = self.context.new_page()
        self.expected = []
        self.complaints = []
        self.page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    @property
    def unexpected(self):
        return [text for text in self.complaints if not any(part in text for part in self.expected)]


@pytest.fixture
def visit(chromium, site, committed):
    """visit(user, viewport=, scheme=, javascript=) -> Visitor, signed in as `user` unless that is None.

    At the end nothing unexpected may have been complained about. The pages, which ask for what is new by themselves,
    are closed before the database is emptied.
    """
    visitors = []

    def start(user, **how):
        visitor = Visitor(chromium, site.url, **how)
        if user is not None:
            client = Client()
            client.force_login(user)
            session = client.cookies["sessionid"].value
            visitor.context.add_cookies([{"name": "sessionid", "value": session, "url": site.url}])
        visitors.append(visitor)
        return visitor

    yield start
    for visitor in visitors:
        visitor.context.close()
    for visitor in visitors:
        assert visitor.unexpected == []
