"""What people wrote is text on every page, also where a library prints it: no markup, and nothing that htmx acts on."""

import datetime
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import django
import pytest
from django.conf import settings
from django.db import DatabaseError, models, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat, Left
from django.http import Http404
from django.template.loader import get_template
from django.template.utils import get_app_template_dirs
from django.urls import resolve
from django.utils import timezone

from leadfunnel.environment import ROOT
from leads.activities import kinds
from leads.models import Answer, Company, FieldDefinition, Lead, Source
from scoring.actions import load_model, publish_model
from scoring.models import QuestionSet
from team.models import Absence, User
from tests.architecture.test_source import ROOMS, SOURCES, TEMPLATES, assert_reasons, found_in
from tests.browser.scene import build_scene
from tests.cast import make_user
from tests.client import HouseClient
from tests.factories.deeds import record_activities

TRUSTS = re.compile(r"\|\s*(safe|safeseq)\b|{%\s*autoescape\s+off")
# Templates of libraries that print something unescaped, by the beginning of their names, and whose text that is. Where
# it might be somebody's, a template of ours stands in the place of theirs.
TRUSTING = {
    "admin/auth/user/change_password.html": "help texts of a form that Django and Unfold write",
    "admin/includes/fieldset.html": "descriptions of fieldsets, which stand in the classes of our admins",
    "bootstrap5/accordion": "layouts of crispy, which nobody here makes",
    "bootstrap5/layout/": "layouts of crispy, which nobody here makes",
    "django/forms/": "whole forms as Django prints them, which no template of ours asks for",
    "registration/password_": "Django's own pages for passwords, in whose place stand ours",
    "unfold/helpers/app_list.html": "titles of the admin's menu, which stand in leadfunnel.admin_sidebar",
    "unfold_crispy/": "a pack of templates for crispy, and not the one that is chosen",
}


def library_templates():
    """{name: path} of every template that comes from a library, but for those in whose place one of ours stands."""
    folders = [*get_app_template_dirs("templates"), Path(django.__file__).parent / "forms" / "templates"]
    names = {
        path.relative_to(folder).as_posix(): path
        for folder in map(Path, folders)
        if not (folder.is_relative_to(ROOT) and "site-packages" not in folder.parts)
        for path in sorted(folder.rglob("*.*"))
        if path.is_file()
    }
    ours = {path.relative_to(ROOT / "templates").as_posix() for path in TEMPLATES}
    return {name: path for name, path in names.items() if name not in ours}


def test_libraries_trust_no_text_of_somebody():
    trusting = {name for name, path in library_templates().items() if TRUSTS.search(path.read_text())}
    explained = {name: next((known for known in TRUSTING if name.startswith(known)), None) for name in trusting}

    assert {name for name, known in explained.items() if known is None} == set()
    assert set(explained.values()) == TRUSTING.keys()
    assert_reasons(TRUSTING)


def test_what_libraries_would_trust_is_not_used():
    layouts = re.compile(r"crispy_forms\.(layout|bootstrap)|crispy_bootstrap5")
    whole_forms = re.compile(r"{{\s*\w*form(\.as_\w+)?\s*}}|as_field_group|{%\s*crispy\b")

    assert found_in(SOURCES, lambda path: layouts.findall(path.read_text())).keys() == {"leadfunnel/settings.py"}
    assert found_in(TEMPLATES, lambda path: whole_forms.findall(path.read_text())) == {}
    assert settings.CRISPY_TEMPLATE_PACK == "bootstrap5"


def test_the_templates_that_stand_in_the_place_of_a_librarys_are_found_first():
    for path in (ROOT / "templates" / "bootstrap5", ROOT / "templates" / "unfold"):
        for template in path.rglob("*.html"):
            found = get_template(template.relative_to(ROOT / "templates").as_posix())
            assert Path(found.origin.name) == template


HOSTILE = "\"'><hostile-text hx-post=/profile/ hx-trigger=load>"
# A code is written by the program or checked when it is given; addresses and keys have a form of their own.
NO_TEXT = (models.EmailField, models.SlugField, models.URLField, models.FileField)
PAGES_OF_A_ROUTE = 2


@pytest.fixture
def hostile_scene(db):
    """The scene, in which whatever somebody could write says HOSTILE."""
    now = timezone.now()
    scene = build_scene(now, leads=8)
    data = json.loads((settings.BASE_DIR / "scoring" / "starter" / "btd.json").read_text())
    data["name"] = HOSTILE
    for number, part in enumerate(data["rules"]):
        part["label"] = f"{number} {HOSTILE}"
    model = load_model(data=data, by=scene.ann, now=now)
    publish_model(model=model, by=scene.ann, now=now)
    load_model(data=data, by=scene.ann, now=now)
    Absence.objects.create(user=scene.ben, starts_on=now.date(), ends_on=now.date(), reason=HOSTILE)
    said = dict.fromkeys(("note", "text", "subject", "url", "form"), HOSTILE)
    ways = [kinds.VISIT, kinds.EMAIL_SENT, kinds.EMAIL_CLICKED, kinds.FORM, kinds.EMAIL_REPLIED, kinds.NOTE, kinds.CALL]
    for lead in scene.leads:
        rows = [
            {"lead_id": lead.pk, "kind": kind.code, "occurred_at": now - datetime.timedelta(hours=1), "payload": said}
            for kind in ways
        ]
        record_activities(rows=[row | {"is_machine": False} for row in rows], now=now)
    Lead.objects.update(fields=models.functions.JSONObject(interest=Value(HOSTILE)), tags=[HOSTILE])
    for model in django.apps.apps.get_models():
        if model.__module__.split(".")[0] in ROOMS:
            spoil(model)
    return scene


def spoil(model):
    """HOSTILE before whatever stands in the texts of the table; what the database keeps from change stays."""
    for field in model._meta.concrete_fields:
        is_text = isinstance(field, models.CharField | models.TextField) and not isinstance(field, NO_TEXT)
        if not is_text or field.choices or field.primary_key or (field.max_length or 1000) < 100:
            continue
        try:
            with transaction.atomic():
                text = Left(Concat(Value(HOSTILE), F(field.name)), field.max_length or 5000)
                model._base_manager.update(**{field.name: text})
        except DatabaseError:
            continue


class _Markup(HTMLParser):
    def __init__(self):
        super().__init__()
        self.hostile, self.links = [], []

    def handle_starttag(self, tag, attributes):
        if tag == "hostile-text" or any("hostile-text" in name for name, _ in attributes):
            self.hostile.append(self.get_starttag_text())
        self.links += [value for name, value in attributes if name in {"href", "hx-get"} and value]

    handle_startendtag = handle_starttag


def crawl(client, start):
    """{address: page} of all HTML that can be reached from `start`, a few pages of each route."""
    waiting, seen, counts, pages = [start], {start}, {}, {}
    while waiting:
        address = waiting.pop(0)
        response = client.get(address)
        if response.status_code in {301, 302}:
            found = [response.url]
        elif response.status_code == 200 and response.headers.get("Content-Type", "").startswith("text/html"):
            pages[address] = response.content.decode()
            markup = _Markup()
            markup.feed(pages[address])
            found = markup.links
        else:
            continue
        for link in found:
            target = urlsplit(urljoin(address, link))
            place = f"{target.path}?{target.query}" if target.query else target.path
            try:
                route = resolve(target.path).route
            except Http404:
                continue
            kind = (route, *sorted(pair.split("=")[0] for pair in target.query.split("&")))
            if target.netloc or place in seen or counts.get(kind, 0) >= PAGES_OF_A_ROUTE:
                continue
            counts[kind] = counts.get(kind, 0) + 1
            seen.add(place)
            waiting.append(place)
    return pages


def test_what_people_wrote_is_text_on_every_page(hostile_scene):
    root = make_user("root", is_staff=True, is_superuser=True)
    people = {hostile_scene.ben: ["/"], hostile_scene.ada: ["/"], root: ["/", "/admin/"]}
    for model in (Answer, Company, FieldDefinition, Lead, QuestionSet, Source, User):
        assert "hostile-text" in str(list(model.objects.values())), model
    found, shown = {}, 0
    for user, starts in people.items():
        client = HouseClient(lint=False)
        client.force_login(user)
        for start in starts:
            for address, page in crawl(client, start).items():
                markup = _Markup()
                markup.feed(page)
                shown += "hostile-text" in page
                if markup.hostile:
                    found[address] = markup.hostile[0]

    assert found == {}
    assert shown > 50
