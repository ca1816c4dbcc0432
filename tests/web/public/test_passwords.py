import re
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client

from mail.actions import send_messages
from mail.models import Message
from mail.tasks import send_mail
from team import actions
from team.models import User
from tests.cast import PASSWORD, make_user
from tests.client import HouseClient
from tests.web.public.statements import statements_of

RESET = "/password/reset/"
NEW = "nine brown foxes jump"


@pytest.fixture(autouse=True)
def a_site(settings):
    settings.SITE_URL = "https://leads.example.com"
    settings.ALLOWED_HOSTS = ["testserver", "evil.example"]


def ask(client, email, **extra):
    return client.post(RESET, {"email": email}, **extra)


def mailed_link(user, now):
    Message.objects.all().delete()
    actions.request_password_reset(email=user.email, requester=None, now=now)
    send(now)
    return re.search(r"https://leads\.example\.com(\S+)", mail.outbox[-1].body)[1]


def send(now, limit=20):
    return send_messages(clock=lambda: now, limit=limit)


def is_signed_in(client):
    return client.get("/sign-in/").status_code == 302


def test_the_link_sets_a_new_password_once_and_ends_every_session(client, cast, now):
    elsewhere = HouseClient()
    elsewhere.force_login(cast.ben)
    path = mailed_link(cast.ben, now)

    shown = client.get(path)
    response = client.post(path, {"new_password1": NEW, "new_password2": NEW})
    again = client.post(path, {"new_password1": NEW + "x", "new_password2": NEW + "x"})

    assert shown.status_code == 200
    assert (response.status_code, response.url) == (302, "/sign-in/")
    assert again.status_code == 410
    assert not is_signed_in(elsewhere)
    assert client.post("/sign-in/", {"username": "ben@example.com", "password": NEW}).status_code == 302


def test_looking_at_the_link_does_not_use_it(client, cast, now):
    path = mailed_link(cast.ben, now)

    assert [client.get(path).status_code for _ in range(3)] == [200, 200, 200]


def test_a_reset_opens_a_locked_sign_in(client, cast, now):
    for _ in range(6):
        client.post("/sign-in/", {"username": "ben@example.com", "password": "wrong"})
    client.post(mailed_link(cast.ben, now), {"new_password1": NEW, "new_password2": NEW})

    assert client.post("/sign-in/", {"username": "ben@example.com", "password": NEW}).status_code == 302


@pytest.mark.parametrize("uid", ["MQ", "", "AAAA", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "€"])
@pytest.mark.parametrize("token", ["x", "set-password", "c1-0123456789abcdef"])
def test_an_invented_link_is_told_apart_from_nothing(client, cast, uid, token):
    response = client.get(f"/password/reset/{uid or 'x'}/{token}/")

    assert response.status_code == 410


def test_the_link_of_one_user_is_no_link_for_another(client, cast, now):
    token = mailed_link(cast.ben, now).rstrip("/").rsplit("/", 1)[1]
    other = mailed_link(cast.cal, now).split("/")[3]

    assert client.get(f"/password/reset/{other}/{token}/").status_code == 410


def test_a_link_dies_with_the_account(client, cast, now):
    path = mailed_link(cast.ben, now)
    User.objects.filter(pk=cast.ben.pk).update(is_active=False)

    assert client.get(path).status_code == 410


def test_a_weak_new_password_is_refused(client, cast, now):
    path = mailed_link(cast.ben, now)

    response = client.post(path, {"new_password1": "password1234", "new_password2": "password1234"})

    assert response.status_code == 200
    cast.ben.refresh_from_db()
    assert cast.ben.check_password(PASSWORD)


@pytest.mark.parametrize(
    "extra", [{"HTTP_HOST": "evil.example"}, {"HTTP_X_FORWARDED_HOST": "evil.example"}, {"SERVER_NAME": "evil.example"}]
)
def test_the_mailed_link_leads_to_the_site_whatever_the_request_says(client, cast, now, extra):
    ask(client, "ben@example.com", **extra)
    send_mail()

    assert len(mail.outbox) == 1
    assert mail.outbox[0].to == ["ben@example.com"]
    assert re.findall(r"https?://[^/\s]+", mail.outbox[0].body) == ["https://leads.example.com"]


def test_a_mail_is_plain_text(cast, now):
    cast.ben.name = "<Ben> & O'Neil"
    cast.ben.save()
    actions.request_password_reset(email=cast.ben.email, requester=None, now=now)
    send(now)

    assert mail.outbox[-1].body.startswith(f"Hello {cast.ben.get_short_name()},\n")
    assert Message.objects.get().text == ""


def test_known_and_unknown_addresses_get_the_same_answer(client, cast):
    known, unknown = ask(client, "ben@example.com"), ask(client, "nobody@example.com")

    assert (known.status_code, known.url, known.content) == (unknown.status_code, unknown.url, unknown.content)
    assert Message.objects.count() == 2


def test_the_page_itself_sends_nothing_and_looks_nobody_up(client, cast, django_assert_max_num_queries):
    with connection.execute_wrapper(refuse_users):
        ask(Client(), "ben@example.com")

    assert mail.outbox == []


def refuse_users(execute, sql, params, many, context):
    assert "team_user" not in sql
    return execute(sql, params, many, context)


def test_known_and_unknown_addresses_cost_the_same_work(cast):
    known, unknown = (
        statements_of(lambda email=email: ask(Client(), email)) for email in ("ben@example.com", "nobody@example.com")
    )

    assert known == unknown
    assert any("INSERT" in statement for statement in known)


def test_nobody_is_told_and_nothing_is_sent_for_unknown_and_disabled_accounts(client, cast, now):
    make_user("dora", is_active=False)
    for name in ("dora", "nobody"):
        actions.request_password_reset(email=f"{name}@example.com", requester=None, now=now)

    assert send(now) == 0
    assert Message.objects.filter(done_at=now).count() == 2


def test_a_hundred_wishes_for_one_victim_make_two_mails_an_hour(client, cast, now):
    for minute in range(100):
        actions.request_password_reset(
            email=("ben@example.com", "BEN@example.com ")[minute % 2],
            requester=f"198.51.100.{minute}",
            now=now + timedelta(seconds=30 * minute),
        )
    send(now + timedelta(hours=1), limit=200)

    assert len(mail.outbox) == 2


def test_five_mails_a_day_is_the_most(cast, now):
    for hour in range(24):
        actions.request_password_reset(email="ben@example.com", requester=None, now=now + timedelta(hours=hour))
    send(now + timedelta(hours=24), limit=200)

    assert len(mail.outbox) == 5


def test_one_network_address_cannot_go_on_for_ever(client, cast):
    statuses = [ask(client, f"person{number}@example.com").status_code for number in range(22)]

    assert statuses == [302] * 20 + [429] * 2
    assert ask(client, "ben@example.com", REMOTE_ADDR="198.51.100.7").status_code == 302


def test_changing_the_password_keeps_this_session_and_ends_the_others(client, cast, now):
    elsewhere = HouseClient()
    for browser in (client, elsewhere):
        browser.force_login(cast.ben)

    response = client.post("/password/", {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW})
    send_mail()

    assert (response.status_code, response.url) == (302, "/")
    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert [message.subject for message in mail.outbox] == ["Your LeadFunnel password was changed"]


def test_guessing_the_old_password_runs_into_the_limit(client, cast):
    client.force_login(cast.ben)
    guess = {"old_password": "wrong", "new_password1": NEW, "new_password2": NEW}

    for _ in range(5):
        client.post("/password/", guess)

    assert client.post("/password/", guess | {"old_password": PASSWORD}).status_code == 429
    cast.ben.refresh_from_db()
    assert cast.ben.check_password(PASSWORD)


def test_the_admin_uses_the_same_pages(client, cast):
    client.force_login(cast.ann)

    assert client.post("/admin/logout/").url == "/sign-in/"
    assert client.get("/admin/password_change/").url == "/sign-in/?next=/admin/password_change/"
