import datetime
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from insights.actions import note_heartbeat
from jobs.enums import Lane
from leads.changes import following
from leads.changes.following import Follower, register, start
from leads.enums import ChangeKind
from leads.models import DirtyLead, FollowerCursor
from mail.actions import post
from mail.models import Message
from routing.actions import route
from team.models import PoolMember
from tests.cast import make_user
from tests.factories.deeds import mark
from tests.factories.leads import make_lead

STATUS = reverse("web:status")
RETRY = reverse("web:status-retry")
MAIL = reverse("web:mail-list")
MESSAGE = b"""X-Envelope-To: ben@example.com\r
From: LeadFunnel <no-reply@leadfunnel.example>\r
To: ben@example.com\r
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= <script>alert(1)</script>\r
Date: Wed, 10 Jun 2026 10:00:00 +0000\r
Content-Type: text/plain; charset=utf-8\r
\r
Open http://127.0.0.1:8000/password/reset/x/y/ <img src=x onerror=alert(1)>\r
"""
NAME = "00000000001234567890-0a1b2c3d"


@pytest.fixture
def caught(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    folder = tmp_path / "mail" / "new"
    folder.mkdir(parents=True)
    (folder / f"{NAME}.eml").write_bytes(MESSAGE)
    (tmp_path / "mail" / "secret.eml").write_bytes(MESSAGE)
    return folder


def test_status_says_what_waits(cast, as_user, now):
    lead = make_lead()
    mark(leads=[lead.pk], now=now)
    page = as_user(cast.ann).get(STATUS)
    assert page.status_code == 200
    assert [(backlog.lane, backlog.waiting, state) for backlog, _, state in page.context["backlogs"]] == [
        ("settle", 1, "late"),
        ("settle", 0, "clear"),
        ("bulk", 0, "clear"),
        ("bulk", 0, "clear"),
        ("mail", 0, "clear"),
    ]
    assert b"No heartbeat arrives" in page.content
    assert b"Put aside" not in page.content


def test_status_says_how_far_followers_are_behind(cast, as_user, now, monkeypatch):
    monkeypatch.setattr(following, "_FOLLOWERS", {})
    register(Follower("reader", "Readers of news", frozenset(ChangeKind), print))
    start("reader", now=now)

    def shown():
        page = as_user(cast.ann).get(STATUS)
        assert b"Readers of news" in page.content
        return [(each.rows, state) for each, state in page.context["followers"]]

    assert shown() == [(0, "clear")]
    make_lead(now=timezone.now())
    assert shown() == [(1, "working")]
    make_lead(now=timezone.now() - datetime.timedelta(hours=1))
    FollowerCursor.objects.update(position=0)
    assert shown()[0][1] == "late"
    assert b"Read last" not in as_user(cast.ann).get(STATUS).content
    FollowerCursor.objects.update(attempts=24, put_aside_at=now, failure="RuntimeError: no room")
    page = as_user(cast.ann).get(STATUS).content
    assert re.search(rb"<span>Readers of news</span><span[^>]*>Read last", page)
    as_user(cast.ann).post(RETRY, {"kind": "leads.FollowerCursor"})
    assert FollowerCursor.objects.get().put_aside_at is None


@pytest.mark.parametrize(("age", "beat"), [(5, "Alive"), (120, "No heartbeat")])
@pytest.mark.clock
def test_a_heartbeat_that_arrived_speaks_for_beat_and_broker_too(cast, as_user, age, beat):
    then = timezone.now() - datetime.timedelta(seconds=age)
    for lane in Lane:
        note_heartbeat(process=f"{lane}@one", lane=lane, now=then)
    text = as_user(cast.ann).get(STATUS).content.decode()
    (row,) = re.findall(r"<th scope=.row.>Beat and broker</th>.*?</tr>", text)
    assert f">{beat}</span>" in row
    assert "settle@one" in text
    assert ("Every lane has a worker" in text) == (beat == "Alive")


def test_a_lane_without_a_worker_is_named(cast, as_user):
    for lane in (Lane.SETTLE, Lane.BULK):
        note_heartbeat(process=f"{lane}@one", lane=lane, now=timezone.now())
    text = as_user(cast.ann).get(STATUS).content.decode()
    assert "No worker: Mail" in text
    assert "Nobody works in this lane: Mail." in text


def test_what_was_put_aside_is_shown_and_tried_again_by_an_admin_alone(cast, as_user, now):
    lead = make_lead()
    aside = {"attempts": 5, "put_aside_at": now, "failure": "IntegrityError: <b>no room</b>"}
    DirtyLead.objects.filter(lead=lead).update(**aside)
    post(kind="notice", recipient="ada@example.com", now=now)
    Message.objects.update(**aside)
    client = as_user(cast.ann)
    text = client.get(STATUS).content.decode()
    assert "<span>Notice, to ada@example.com</span>" in text
    assert text.count("IntegrityError: &lt;b&gt;no room&lt;/b&gt;") == 2
    assert f'<a href="{reverse("web:lead-detail", args=[lead.pk])}">' in text

    assert as_user(cast.mia).post(RETRY, {"kind": "leads.DirtyLead"}).status_code == 403
    assert DirtyLead.objects.put_aside().count() == 1
    client = as_user(cast.ann)
    answer = client.post(RETRY, {"kind": "leads.DirtyLead"}, follow=True)
    assert "1 tried again." in answer.content.decode()
    assert list(DirtyLead.objects.waiting().values_list("lead", "attempts", "failure")) == [(lead.pk, 0, "")]
    assert Message.objects.put_aside().count() == 1
    assert "Nothing of that kind" in client.post(RETRY, {"kind": "leads.DirtyLead"}, follow=True).content.decode()
    assert "There is no such kind" in client.post(RETRY, {"kind": "team.User"}, follow=True).content.decode()
    assert client.get(RETRY).status_code == 405


@pytest.mark.parametrize(("hours", "said"), [(2, ">Waiting</span>"), (73, ">Long wait</span>")])
@pytest.mark.clock
def test_leads_in_a_pool_wait_for_people_and_are_not_under_way(cast, as_user, hours, said):
    PoolMember.objects.all().delete()
    then = timezone.now() - datetime.timedelta(hours=hours)
    assert route([make_lead(grade="A", now=then).pk], now=then).pooled == 1
    DirtyLead.objects.all().delete()
    text = as_user(cast.ann).get(STATUS).content.decode()
    assert said in text
    assert ("3 d ago</time></td>" in text) == (hours == 73)
    assert "Under way" not in text


@pytest.mark.parametrize("url", [STATUS, MAIL, reverse("web:mail-detail", args=[NAME])])
@pytest.mark.parametrize("name", ["ada", "ben", "mia"])
def test_only_admins_look_at_the_machine(cast, as_user, caught, url, name):
    assert as_user(getattr(cast, name)).get(url).status_code == 403


def test_caught_mail_is_read_as_text(cast, as_user, caught):
    client = as_user(cast.ann)
    assert "Grüße" in client.get(MAIL).content.decode()
    page = client.get(reverse("web:mail-detail", args=[NAME])).content.decode()
    assert '<a href="http://127.0.0.1:8000/password/reset/x/y/"' in page
    assert "<img" not in page
    assert "<script>alert" not in page


@pytest.mark.parametrize("name", ["nothing", "secret", "00000000001234567890-ffffffff"])
def test_mail_that_is_not_there(cast, as_user, caught, name):
    assert as_user(cast.ann).get(reverse("web:mail-detail", args=[name])).status_code == 404


def test_the_link_to_a_superusers_new_password_is_no_admins_to_read(cast, as_user, caught):
    root = make_user("root", is_staff=True, is_superuser=True)
    for line in (b"X-Envelope-To: Root@Example.com", b"X-Envelope-To: mia@example.com, root@example.com"):
        (caught / f"{NAME}.eml").write_bytes(MESSAGE.replace(b"X-Envelope-To: ben@example.com", line))
        assert as_user(cast.ann).get(reverse("web:mail-detail", args=[NAME])).status_code == 404
        assert as_user(cast.ann).get(MAIL).context["mails"] == []
        assert as_user(root).get(reverse("web:mail-detail", args=[NAME])).status_code == 200
        assert len(as_user(root).get(MAIL).context["mails"]) == 1


def test_delivered_mail_is_nobody_s_to_read(cast, as_user, caught, settings):
    settings.MAIL_IS_CAUGHT = False
    assert as_user(cast.ann).get(MAIL).status_code == 404
    assert as_user(cast.ann).get(reverse("web:mail-detail", args=[NAME])).status_code == 404


def test_a_broken_message_is_still_shown(cast, as_user, caught):
    broken = b"Subject: \xff\xfe\r\nContent-Type: text/plain; charset=no-such\r\n\r\n\xff body"
    (caught / f"{NAME}.eml").write_bytes(broken)
    client = as_user(cast.ann)
    assert client.get(MAIL).status_code == 200
    assert b"body" in client.get(reverse("web:mail-detail", args=[NAME])).content
