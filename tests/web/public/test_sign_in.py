from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from team.tasks import forget_old_sign_ins
from tests.cast import PASSWORD, make_user
from tests.client import HouseClient
from tests.web.public.statements import statements_of

SIGN_IN = "/sign-in/"
ADMIN_SIGN_IN = "/admin/login/"


def try_to_sign_in(client, email, password="wrong", path=SIGN_IN, **extra):
    return client.post(path, {"username": email, "password": password}, **extra)


def spend_tries(client, email, **extra):
    return [try_to_sign_in(client, email, **extra).status_code for _ in range(5)]


def is_signed_in(client):
    return client.get(SIGN_IN).status_code == 302  # it has nothing to offer then


def test_sign_in_page_suits_password_managers(client, db):
    page = client.get(SIGN_IN).content.decode()

    assert 'autocomplete="username"' in page
    assert 'autocomplete="current-password"' in page


@pytest.mark.parametrize("email", ["ben@example.com", "BEN@Example.com", " ben@example.com "])
def test_sign_in_with_the_right_password_leads_home(client, cast, email):
    response = try_to_sign_in(client, email, PASSWORD)

    assert (response.status_code, response.url) == (302, reverse("web:home"))
    assert is_signed_in(client)


def test_sign_in_when_signed_in_already_leads_on(client, cast):
    client.force_login(cast.ben)

    response = client.get(SIGN_IN, {"next": "/leads/"})

    assert (response.status_code, response.url) == (302, "/leads/")


@pytest.mark.parametrize("path", [SIGN_IN, ADMIN_SIGN_IN])
def test_sixth_bad_try_is_refused_even_with_the_right_password(client, cast, path):
    statuses = [try_to_sign_in(client, "ann@example.com", path=path).status_code for _ in range(7)]
    right = try_to_sign_in(client, "ann@example.com", PASSWORD, path=path)

    assert statuses == [200, 200, 200, 200, 200, 429, 429]
    assert right.status_code == 429
    assert right.headers["Retry-After"] == "300"
    assert not is_signed_in(client)


@pytest.mark.parametrize(("first", "second"), [(SIGN_IN, ADMIN_SIGN_IN), (ADMIN_SIGN_IN, SIGN_IN)])
def test_tries_count_together_on_every_sign_in_path(client, cast, first, second):
    spend_tries(client, "ann@example.com", path=first)

    assert try_to_sign_in(client, "ann@example.com", PASSWORD, path=second).status_code == 429


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_X_FORWARDED_FOR": "203.0.113.9"},
        {"HTTP_X_REAL_IP": "203.0.113.9"},
        {"HTTP_FORWARDED": "for=203.0.113.9"},
        {"HTTP_USER_AGENT": "Another browser"},
    ],
)
def test_invented_headers_do_not_reset_the_count(client, cast, headers):
    spend_tries(client, "ben@example.com")

    assert try_to_sign_in(client, "ben@example.com", PASSWORD, **headers).status_code == 429


@pytest.mark.parametrize("spelling", ["BEN@EXAMPLE.COM", "Ben@example.com", " ben@example.com"])
def test_another_spelling_is_the_same_account(client, cast, spelling):
    spend_tries(client, "ben@example.com")

    assert try_to_sign_in(client, spelling, PASSWORD).status_code == 429


def test_behind_a_trusted_proxy_the_last_hop_counts(client, cast, settings):
    settings.TRUSTED_PROXIES = 1
    spend_tries(client, "ben@example.com", HTTP_X_FORWARDED_FOR="203.0.113.9")

    spoofed = try_to_sign_in(client, "ben@example.com", PASSWORD, HTTP_X_FORWARDED_FOR="198.51.100.1, 203.0.113.9")
    elsewhere = try_to_sign_in(client, "ben@example.com", PASSWORD, HTTP_X_FORWARDED_FOR="203.0.113.9, 198.51.100.1")

    assert spoofed.status_code == 429
    assert elsewhere.status_code == 302


@pytest.mark.parametrize("header", ["", "nonsense", "203.0.113.9:4711", "203.0.113.9, unknown"])
def test_a_broken_forwarded_header_falls_back_to_the_connection(client, cast, settings, header):
    settings.TRUSTED_PROXIES = 1

    assert try_to_sign_in(client, "ben@example.com", HTTP_X_FORWARDED_FOR=header).status_code == 200
    assert AccessAttempt.objects.get().ip_address == "127.0.0.1"


def test_one_ipv6_household_is_one_address(client, cast):
    for host in range(5):
        try_to_sign_in(client, "ben@example.com", REMOTE_ADDR=f"2001:db8:0:1::{host + 1}")

    inside = try_to_sign_in(client, "ben@example.com", PASSWORD, REMOTE_ADDR="2001:db8:0:1:ffff::1")
    outside = try_to_sign_in(client, "ben@example.com", PASSWORD, REMOTE_ADDR="2001:db8:0:2::1")

    assert (inside.status_code, outside.status_code) == (429, 302)


def test_other_accounts_and_other_addresses_are_not_affected(client, cast):
    spend_tries(client, "ben@example.com")

    assert try_to_sign_in(HouseClient(), "cal@example.com", PASSWORD).status_code == 302
    assert try_to_sign_in(HouseClient(), "ben@example.com", PASSWORD, REMOTE_ADDR="198.51.100.7").status_code == 302


def test_success_starts_the_count_anew(client, cast):
    for _ in range(4):
        try_to_sign_in(client, "ben@example.com")
    try_to_sign_in(client, "ben@example.com", PASSWORD)
    client.post("/sign-out/")

    assert spend_tries(client, "ben@example.com") == [200] * 5


@pytest.mark.clock
def test_the_lock_opens_after_five_minutes_and_refused_tries_do_not_prolong_it(client, cast):
    spend_tries(client, "ben@example.com")
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=4, seconds=50))
    refused = try_to_sign_in(client, "ben@example.com")
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=5, seconds=1))

    assert refused.status_code == 429
    assert try_to_sign_in(client, "ben@example.com", PASSWORD).status_code == 302


def test_the_lock_holds_for_unknown_accounts_too(client, cast):
    assert spend_tries(client, "nobody@example.com") == [200] * 5
    assert try_to_sign_in(client, "nobody@example.com").status_code == 429


def test_stored_tries_hold_no_password(client, cast):
    spend_tries(client, "ben@example.com", password="hunter2 hunter2")

    attempt = AccessAttempt.objects.get()
    assert "hunter2" not in attempt.post_data + attempt.get_data


def test_a_disabled_user_is_told_what_everybody_is_told(client, cast):
    make_user("dora", is_active=False)

    disabled = try_to_sign_in(client, "dora@example.com", PASSWORD)
    wrong = try_to_sign_in(client, "ben@example.com")

    assert not is_signed_in(client)
    assert anonymous(disabled, "dora") == anonymous(wrong, "ben")


def test_a_user_disabled_while_signed_in_is_out_at_once(client, cast):
    client.force_login(cast.ben)
    assert is_signed_in(client)

    cast.ben.is_active = False
    cast.ben.save()

    assert not is_signed_in(client)


def test_known_and_unknown_addresses_get_the_same_answer(client, cast):
    known = try_to_sign_in(client, "ben@example.com")
    unknown = try_to_sign_in(client, "nobody@example.com")

    assert known.status_code == unknown.status_code == 200
    assert anonymous(known, "ben") == anonymous(unknown, "nobody")


def test_known_and_unknown_addresses_cost_the_same_work(cast, settings):
    settings.PASSWORD_HASHERS = [f"{__name__}.{CountedHasher.__name__}"]
    cast.ben.set_password(PASSWORD)
    cast.ben.save()

    known, unknown = (work_of(email) for email in ("ben@example.com", "nobody@example.com"))

    assert known == unknown
    assert len(known[0]) == 1


class CountedHasher(Argon2PasswordHasher):
    """Keeps what each of its hashes costs; whatever else there is to do is nothing beside that."""

    costs = []

    def encode(self, password, salt):
        self.costs.append((self.time_cost, self.memory_cost, self.parallelism))
        return super().encode(password, salt)

    def verify(self, password, encoded):
        stored = self.decode(encoded)
        self.costs.append((stored["time_cost"], stored["memory_cost"], stored["parallelism"]))
        return super().verify(password, encoded)


def work_of(email):
    """(the costs of the hashes, the SQL without its values) of a bad try to sign in."""
    CountedHasher.costs.clear()
    statements = statements_of(lambda: try_to_sign_in(Client(), email))
    return list(CountedHasher.costs), statements


def anonymous(response, name):
    """The page without what differs on purpose: the address that was typed and the CSRF token."""
    page = response.content.decode().replace(f"{name}@example.com", "ADDRESS")
    token = response.context["csrf_token"]
    return page.replace(str(token), "TOKEN")


def test_sign_out_is_a_post_and_ends_the_session(client, cast):
    client.force_login(cast.ben)

    by_link = client.get("/sign-out/")
    still_in = is_signed_in(client)
    by_button = client.post("/sign-out/")

    assert (by_link.status_code, still_in) == (405, True)
    assert (by_button.status_code, by_button.url) == (302, SIGN_IN)
    assert not is_signed_in(client)


# Where `next` says, and where that leads.
HOME = "/"
DESTINATIONS = {
    "/leads/": "/leads/",
    "/leads/?grade=A&page=2": "/leads/?grade=A&page=2",
    "": HOME,
    "leads/": HOME,
    "//evil.example": HOME,
    "///evil.example": HOME,
    "/\\evil.example": HOME,
    "\\\\evil.example": HOME,
    "/\t/evil.example": HOME,
    "/\n/evil.example": HOME,
    "http://evil.example/": HOME,
    "https://evil.example/": HOME,
    "http:evil.example": HOME,
    "http:///evil.example": HOME,
    "https://testserver@evil.example/": HOME,
    "https://testserver.evil.example/": HOME,
    "http://testserver/leads/": HOME,
    "javascript:alert(1)": HOME,
    "JaVaScRiPt:alert(1)": HOME,
    "data:text/html,hello": HOME,
    "%2F%2Fevil.example": HOME,
    " //evil.example": HOME,
    "\x00//evil.example": HOME,
}


@pytest.mark.parametrize("target", DESTINATIONS)
@pytest.mark.parametrize("path", [SIGN_IN, ADMIN_SIGN_IN])
def test_next_never_leads_off_the_site(client, cast, path, target):
    response = client.post(path, {"username": "ann@example.com", "password": PASSWORD, "next": target})

    if "\x00" in target:  # no browser sends it; the form refuses it
        assert response.status_code == 200
    else:
        assert (response.status_code, response.url) == (302, DESTINATIONS[target])


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "/\\evil.example"])
def test_next_in_the_address_never_leads_off_the_site(client, cast, target):
    client.force_login(cast.ben)

    assert client.get(SIGN_IN, {"next": target}).url == HOME


def test_the_wish_survives_a_wrong_password(client, cast):
    page = client.post(SIGN_IN, {"username": "ben@example.com", "password": "wrong", "next": "/leads/"})

    assert '<input type="hidden" name="next" value="/leads/" id="id_next">' in page.content.decode()


def test_a_fragment_asked_for_without_session_moves_the_whole_page(client, db):
    response = client.get(SIGN_IN, HTTP_HX_REQUEST="true", HTTP_HX_CURRENT_URL="http://testserver/leads/?q=x")

    assert response.headers["HX-Redirect"] == "/sign-in/?next=%2Fleads%2F%3Fq%3Dx"


def test_admin_sends_strangers_to_the_one_sign_in_page(client, db):
    response = client.get("/admin/scoring/", follow=True)

    assert response.redirect_chain[-1] == ("/sign-in/?next=%2Fadmin%2Fscoring%2F", 302)
    assert response.status_code == 200


def test_admin_tells_a_rep_that_it_is_not_hers(client, cast):
    client.force_login(cast.ben)

    response = client.get("/admin/", follow=True)

    assert response.status_code == 403
    assert "not for your role" in response.content.decode()


@pytest.mark.clock
def test_sessions_and_tries_that_have_run_out_are_forgotten(cast, client):
    now = timezone.now()
    for days in (-1, 1):
        Session.objects.create(session_key=f"key{days}", session_data="", expire_date=now + timedelta(days=days))
    for minutes in (6, 4):
        AccessAttempt.objects.create(username=f"u{minutes}", failures_since_start=1)
        AccessAttempt.objects.filter(username=f"u{minutes}").update(attempt_time=now - timedelta(minutes=minutes))
    for _ in range(2):
        forget_old_sign_ins()
    assert list(Session.objects.values_list("session_key", flat=True)) == ["key1"]
    assert list(AccessAttempt.objects.values_list("username", flat=True)) == ["u4"]
