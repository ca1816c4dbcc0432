import datetime

import pytest
from django.contrib.admin.utils import display_for_value
from django.template import Context, Template, TemplateSyntaxError
from django.urls import reverse

from tests.cast import make_user
from web.templatetags import spoken
from web.templatetags.icons import icon

MOMENT = datetime.datetime(2026, 6, 3, 9, 5, tzinfo=datetime.UTC)
HOMES = {"ada": "web:lead-list", "ben": "web:queue", "mia": "web:lead-list", "ann": "web:lead-list"}


@pytest.mark.parametrize("name", HOMES)
def test_home_is_where_the_work_is(cast, as_user, name):
    assert as_user(getattr(cast, name)).get("/").headers["Location"] == reverse(HOMES[name])


def entries(client):
    return {entry.label for entry in client.get(reverse("web:profile")).context["navigation"]}


def test_navigation_holds_what_one_may_open(cast, as_user):
    assert entries(as_user(cast.ben)) == {"My queue", "Leads"}
    assert entries(as_user(cast.ada)) == {"Leads"}
    assert entries(as_user(cast.mia)) == {"Leads", "Imports"}
    assert entries(as_user(cast.ann)) == {
        "My queue",
        "Leads",
        "Imports",
        "Status",
        "Answers",
        "Workspace",
        "Caught mail",
        "Admin",
    }


def test_whoever_has_no_role_sees_an_empty_list(cast, as_user):
    assert as_user(make_user("zoe")).get(reverse("web:lead-list")).context["rows"] == []


def test_an_icon_is_drawn_from_its_paths():
    drawn = icon("phone")
    assert drawn.startswith('<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M5 4h4')
    assert 'aria-label="a &lt;b&gt; &quot;c&quot;"' in icon("phone", 'a <b> "c"')


@pytest.mark.parametrize("name", ["no-such-icon", "../../package", "phone.svg", "<svg>", ""])
def test_an_unknown_icon_is_a_template_error(name):
    with pytest.raises(TemplateSyntaxError):
        Template("{% load icons %}{% icon name %}").render(Context({"name": name}))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "now"), (59, "now"), (60, "1 min ago"), (3600, "1 h ago"), (86400 * 3, "3 d ago"), (86400 * 400, "1 y ago")],
)
def test_times_are_said_relative_to_now(now, seconds, words):
    said = spoken.ago(now - datetime.timedelta(seconds=seconds), now)
    assert f">{words}</time>" in said


def test_what_lies_ahead_is_said_so(now):
    assert ">in 2 h</time>" in spoken.ago(now + datetime.timedelta(hours=2), now)
    assert spoken.ago(None, now) == ""


def test_time_left(now):
    hour = datetime.timedelta(hours=1)
    assert spoken.time_left(now + 2 * hour, now) == "2 h left"
    assert spoken.time_left(now - 2 * hour, now) == "2 h over"
    assert spoken.share_left(now - hour, now + 3 * hour, now) == 75
    assert spoken.share_left(now - hour, now - hour, now) == 0


def test_initials():
    assert [spoken.initials(name) for name in ("Ada Lovelace", "Ben", "", "Ann Marie von B")] == ["AL", "B", "?", "AB"]


@pytest.mark.parametrize("when", [MOMENT, MOMENT.date()])
def test_admin_and_templates_write_dates_as_pages_do(when):
    assert {display_for_value(when, "-"), Template("{{ when }}").render(Context({"when": when}))} == {
        spoken.exact(when)
    }
