"""Whatever is put into a field of any form, the page answers: with what it made of it, or with what is wrong."""

from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from django.db import transaction
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from tests.architecture.test_foreign_text import crawl
from tests.browser.scene import build_scene
from tests.cast import make_user

TEXTS = [
    "[" * 3000,
    '{"all": [' * 500,
    "9" * 5000,
    "-1",
    "1e999",
    "NaN",
    r'{"\ud800": "\u0000"}',
    '{"a": 1, "a": {}}',
    "null",
    "[[], {}]",
    "external_id",
    "a\0b",
    "x" * 6000,
    "9999-12-31T23:59",
    "0001-01-01",
    "%00%s{0}",
]
# Forms that are not tried, and why.
APART = {
    "sign-out/": "it ends the session that the other forms need",
    "admin/logout/": "it ends the session that the other forms need",
}


class _Forms(HTMLParser):
    """[(method, action, {name: [values]})] of a page."""

    def __init__(self, address):
        super().__init__()
        self.address, self.forms, self.inside = address, [], None
        self.select, self.area = None, None

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "form":
            self.inside = {}
            action = given.get("action") or given.get("hx-post") or self.address
            self.forms.append((given.get("method", "get").lower(), action, self.inside))
        if self.inside is None or tag not in {"input", "select", "textarea", "button", "option"}:
            return
        if tag == "option":
            if self.select and ("selected" in given or not self.inside[self.select]):
                self.inside[self.select] = [given.get("value", "")]
        elif given.get("name") and given.get("type") != "file":
            values = self.inside.setdefault(given["name"], [])
            self.select = given["name"] if tag == "select" else None
            is_choice = given.get("type") in {"checkbox", "radio"}
            if tag in {"input", "button"} and (not is_choice or "checked" in given):
                values.append(given.get("value") or "")

    def handle_endtag(self, tag):
        if tag == "form":
            self.inside = None


def forms_of(client, start):
    """{(method, route, names of the fields): (action, values)} of all forms on the pages from `start` on."""
    found = {}
    for address, page in crawl(client, start).items():
        reader = _Forms(address)
        reader.feed(page)
        for method, action, values in reader.forms:
            path = urlsplit(action).path or urlsplit(address).path
            route = resolve(path).route
            if route not in APART and values:
                found.setdefault((method, route, *sorted(values)), (path, values))
    return found


@pytest.mark.parametrize(("who", "start", "most"), [("rep", "/", 100), ("admin", "/", 60), ("admin", "/admin/", 100)])
def test_no_form_fails_whatever_is_put_into_it(db, who, start, most):
    scene = build_scene(timezone.now(), leads=6)
    client = Client(raise_request_exception=False)
    client.force_login(scene.ben if who == "rep" else make_user("root", is_staff=True, is_superuser=True))
    failed, tried = [], 0
    for (method, route, *_), (path, values) in forms_of(client, start).items():
        for place, name in enumerate(values):
            text = TEXTS[(tried + place) % len(TEXTS)]
            tried += 1
            with transaction.atomic():
                data = values | {name: [text]}
                answer = client.get(path, data) if method == "get" else client.post(path, data)
                transaction.set_rollback(True)
            if answer.status_code >= 500:
                failed.append((route, name, text[:20], repr(answer.exc_info[1])[:200]))

    assert failed == []
    assert tried > most
