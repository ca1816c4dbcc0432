"""The client of every test: runs on_commit callbacks, and fails on pages that break the house rules."""

import re
from html.parser import HTMLParser

from django.db import connection
from django.test import Client, TestCase

# A GET that writes, and why it may. Path prefix or SQL pattern -> reason; tests/architecture checks that each is used.
READS = re.compile(
    r"^\s*(SELECT|SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT|SET|SHOW|EXPLAIN|DECLARE|WITH|\()", re.I
)
WRITES_INSIDE = re.compile(r"\b(INSERT\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM)\b", re.I)
WRITES_ALLOWED = {
    r'^(INSERT INTO|UPDATE|DELETE FROM) "django_session"': "a session is begun, prolonged or found expired",
}
UNRENDERED = re.compile(r"\{%|%\}|\{\{|\}\}|\{#")
# Their content is data or a person's own text, not markup of ours.
DATA_SCRIPTS = {"application/json", "application/ld+json"}


class BrokenHouseRule(AssertionError):
    """A page or request did what no page or request of LeadFunnel may do."""


class HouseClient(Client):
    """`lint=False` for pages that show text in which braces are content."""

    def __init__(self, *args, lint=True, **kwargs):
        super().__init__(*args, **kwargs)
        self.lint = lint

    def request(self, **request):
        with TestCase.captureOnCommitCallbacks(execute=True):
            if request.get("REQUEST_METHOD") in {"GET", "HEAD"}:
                with connection.execute_wrapper(refuse_writes):
                    response = super().request(**request)
            else:
                response = super().request(**request)
        if self.lint and not response.streaming and not request["PATH_INFO"].startswith("/admin/"):
            lint_page(response)
        return response


def refuse_writes(execute, sql, params, many, context):
    """A database execute_wrapper that raises BrokenHouseRule on whatever changes a row."""
    text = str(sql)
    if (not READS.match(text) or WRITES_INSIDE.search(text)) and not any(re.search(p, text) for p in WRITES_ALLOWED):
        raise BrokenHouseRule(f"A GET must not write: {text[:300]}")
    return execute(sql, params, many, context)


def lint_page(response):
    if not response.headers.get("Content-Type", "").startswith("text/html"):
        return
    page = response.content.decode(response.charset)
    found = UNRENDERED.search(page)
    if found:
        raise BrokenHouseRule(f"Unrendered template code: …{page[max(0, found.start() - 60) : found.end() + 60]}…")
    reader = _Rules()
    reader.feed(page)
    if reader.broken:
        raise BrokenHouseRule("; ".join(reader.broken))


class _Rules(HTMLParser):
    def __init__(self):
        super().__init__()
        self.broken = []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "script" and "src" not in given and given.get("type") not in DATA_SCRIPTS:
            self.broken.append("inline script")
        if tag == "style":
            self.broken.append("inline style sheet")
        for name, value in attributes:
            if name == "style":
                self.broken.append(f'style="{value}" on <{tag}>')
            if name.startswith("on") or name.startswith("hx-on"):
                self.broken.append(f"{name} on <{tag}>")
            if name in {"href", "src", "action", "formaction"} and (value or "").strip().lower().startswith(
                "javascript:"
            ):
                self.broken.append(f"javascript: in {name} of <{tag}>")

    handle_startendtag = handle_starttag
