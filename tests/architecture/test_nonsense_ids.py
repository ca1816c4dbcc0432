"""Whatever stands where a route has an id: nothing is found, and nothing breaks."""

import re

import pytest
from django.test import Client

from tests.architecture.routes import all_parameters
from tests.cast import make_user

# What no id is, as a path carries it: a word, half a number, more than a database can count, a percent sign of its own,
# what the admin makes of a slash, a letter of another script, and NUL.
NONSENSE = ("nonsense", "12x", "-1", "0", "9" * 40, "%25", "a_2Fb", "%C3%A9", "%00", "1%00")
# Routes that show something for every value, and why.
ANSWER_ALL = {
    "web:password-reset-confirm": "a link that is used up or wrong is explained, in the same words for both",
}
PARAMETERS = all_parameters()


@pytest.fixture
def client_of_all(db):
    """Somebody to whom every page is open."""
    client = Client()
    client.force_login(make_user("max", is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("route", PARAMETERS, ids=[route.name for route in PARAMETERS])
def test_a_nonsense_id_finds_nothing(client_of_all, route):
    for nonsense in NONSENSE:
        path = re.sub(r"<[^>]+>", nonsense, route.pattern)
        for response in (client_of_all.get(path, follow=True), client_of_all.post(path, follow=True)):
            if route.name in ANSWER_ALL:
                assert response.status_code < 500, path
            else:
                assert response.status_code in {404, 405}, path


def test_routes_that_answer_all_are_still_there():
    assert {route.name for route in PARAMETERS} >= set(ANSWER_ALL)
