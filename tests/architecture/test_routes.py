import pytest
from django.core import mail
from django.db import connection
from django.test import Client

from tests.architecture.routes import all_routes
from tests.client import WRITES_ALLOWED, HouseClient, refuse_writes

ROUTES = all_routes()
OURS = [route for route in ROUTES if not route.is_admin_site]
OUR_PATHS = {route.path for route in OURS}
ADMIN_SITE = [route for route in ROUTES if route.is_admin_site and route.path not in OUR_PATHS]
ROLE_OF = {"ben": "sales rep", "ada": "sales manager", "mia": "marketer", "ann": "admin"}

# Routes that need no policy, and why. An entry for a route that is gone, or has a policy by now, fails.
WITHOUT_POLICY = {}
# Routes that look at the reader beyond their policy, and why.
DECIDE_THEMSELVES = {
    "web:sign-out": "it ends the session this test needs, and shows nothing",
    "admin-sign-out": "the same, at the admin's own address",
    "admin-sign-in": "it tells whoever is signed in and not staff that the admin is not hers",
}
# Views that take a POST without a CSRF token, and why.
WITHOUT_TOKEN = {}

PAGE_POLICY = {
    *("default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'"),
    *("connect-src 'self'", "manifest-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"),
    "object-src 'none'",
}


def by_name(routes):
    return pytest.mark.parametrize("route", routes, ids=[route.name for route in routes])


def may_open(route, who):
    policy = route.policy or "signed in"
    if policy.startswith("public:"):
        return True
    if who is None:
        return False
    return policy == "signed in" or ROLE_OF[who] in policy.removeprefix("roles: ").split(", ")


def test_every_route_declares_who_may_open_it():
    without = {route.name for route in OURS if not route.policy}

    assert without == set(WITHOUT_POLICY)


def test_public_routes_give_a_reason():
    public = [route for route in OURS if (route.policy or "").startswith("public:")]

    assert public
    assert [route.name for route in public if len(route.policy.split()) < 4] == []


@by_name(OURS)
def test_a_stranger_is_sent_to_sign_in_and_changes_nothing(db, route):
    client = HouseClient()

    with connection.execute_wrapper(refuse_writes):
        answers = [client.get(route.path), client.post(route.path)] if not may_open(route, None) else []

    for response in answers:
        assert response.status_code == 302
        assert response.url.startswith("/sign-in/?next=/")


@by_name(OURS)
@pytest.mark.parametrize("who", ROLE_OF)
def test_each_role_opens_what_is_hers_and_nothing_else(cast, route, who):
    if route.name in DECIDE_THEMSELVES:
        return
    client = HouseClient()
    client.force_login(getattr(cast, who))

    if may_open(route, who):
        response = client.get(route.path)
        assert response.status_code in {200, 302, 400, 404, 405, 410}
        assert "/sign-in/" not in response.headers.get("Location", "")
    else:
        with connection.execute_wrapper(refuse_writes):
            answers = [client.get(route.path).status_code, client.post(route.path).status_code]
        # A method that the route does not know at all may be refused before its policy is asked.
        assert sorted(answers) in ([403, 403], [403, 405])


@by_name(ADMIN_SITE)
def test_the_admin_site_is_closed_to_everybody_who_is_not_staff(cast, route):
    for who in (None, "ben", "ada", "mia"):
        client = HouseClient()
        if who:
            client.force_login(getattr(cast, who))
        with connection.execute_wrapper(refuse_writes):
            got, posted = client.get(route.path), client.post(route.path)
        for response in (got, posted):
            assert response.status_code in {301, 302}
            assert response.url.startswith(("/admin/", "/sign-in/"))


@by_name(ADMIN_SITE)
def test_scoring_and_routing_in_the_admin_are_for_admins(cast, route):
    if not route.path.startswith(("/admin/scoring/", "/admin/routing/")):
        return
    cast.ada.is_staff = True
    cast.ada.save()
    client = HouseClient()
    client.force_login(cast.ada)

    assert client.get(route.path).status_code in {302, 403, 404, 405}


@by_name(ROUTES)
def test_every_post_needs_a_token(cast, route):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.ann)

    response = client.post(route.path)

    if route.name in WITHOUT_TOKEN:
        assert response.status_code != 403
    else:
        assert response.status_code == 403
        assert "open for too long" in response.content.decode()
    assert mail.outbox == []


def test_exceptions_are_still_needed():
    names = {route.name for route in ROUTES}

    assert set(WITHOUT_POLICY) | set(WITHOUT_TOKEN) | set(DECIDE_THEMSELVES) <= names
    reasons = {**WITHOUT_POLICY, **WITHOUT_TOKEN, **DECIDE_THEMSELVES, **WRITES_ALLOWED}.values()
    assert [reason for reason in reasons if len(reason.split()) < 4] == []


def test_the_one_write_a_get_may_do_is_still_done(cast):
    """A session whose password changed is thrown away by whatever request finds it."""
    client = HouseClient()
    client.force_login(cast.ben)
    cast.ben.set_password("another password altogether")
    cast.ben.save()
    seen = []

    def watch(execute, sql, params, many, context):
        seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        client.get("/sign-in/")

    assert len(WRITES_ALLOWED) == 1
    assert [sql for sql in seen if sql.startswith('DELETE FROM "django_session"')]


@by_name(OURS)
def test_every_page_carries_the_security_headers(cast, route):
    client = HouseClient()
    client.force_login(cast.ann)

    response = client.get(route.path)

    if route.path.startswith("/admin/"):
        assert "object-src 'none'" in response.headers["Content-Security-Policy"]
    else:
        assert set(response.headers["Content-Security-Policy"].split("; ")) == PAGE_POLICY
    assert_common_headers(response)


@pytest.mark.parametrize("path", ["/admin/", "/nothing-here/", "/admin/nothing-here/"])
@pytest.mark.parametrize("who", [None, "ben", "ann"])
def test_pages_that_are_no_route_of_ours_carry_them_too(cast, path, who):
    client = HouseClient()
    if who:
        client.force_login(getattr(cast, who))

    assert_common_headers(client.get(path), signed_in=who)


def assert_common_headers(response, *, signed_in=True):
    headers = response.headers
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "base-uri 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Permissions-Policy"] == "camera=(), geolocation=(), microphone=()"
    if signed_in:
        assert "no-store" in headers["Cache-Control"]
        assert "private" in headers["Cache-Control"]
