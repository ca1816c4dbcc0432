"""Quick entry of somebody who is known already."""

import contextlib
import itertools
import threading
from functools import partial

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from leads.actions.answers import rename_answers
from leads.models import Activity, FieldDefinition, Lead, Task
from team.enums import Role
from tests.cast import make_user
from tests.factories.leads import make_lead
from tests.leads.test_parallel import at_once
from web.leads import edits

URL = reverse("web:lead-new")


@pytest.mark.parametrize("typed", [{"email": " NORA@berg.example"}, {"phone": "+49 30 1234567"}])
def test_who_is_known_and_visible_is_linked_to(cast, as_user, unchanged, typed):
    known = make_lead(first_name="Nora", email="nora@berg.example", phone="+49 (0)30 1234567", owner=cast.ben)
    client = as_user(cast.ben)
    with unchanged():
        page = client.post(URL, {"first_name": "Norah", "city": "Oslo", **typed})
    assert page.status_code == 422
    assert f'href="{reverse("web:lead-detail", args=[known.pk])}"' in page.content.decode()
    assert page.context["form"]["city"].value() == "Oslo"


@pytest.mark.parametrize("side", ["marketing", "sales"])
def test_who_is_known_to_others_is_noted_and_not_shown(cast, as_user, side):
    owner = cast.cal if side == "sales" else None
    known = make_lead(first_name="Nora", last_name="Secret", email="nora@berg.example", owner=owner)
    before = Lead.objects.values().get()
    client = as_user(cast.ben)
    typed = {"last_name": "Berg", "email": "nora@berg.example", "city": "Oslo", "note": "Met at the fair"}
    answer = client.post(URL, typed)
    (message,) = get_messages(answer.wsgi_request)
    assert f"known already and is with {side}. What you entered is on the timeline" in str(message)
    assert answer.headers["Location"] == URL
    assert Lead.objects.values().get() == before
    told = Activity.objects.get(lead=known, kind="entered_again")
    assert told.actor == cast.ben
    assert told.payload["values"] == {"last_name": "Berg", "email": "nora@berg.example", "city": "Oslo"}
    assert "Secret" not in client.get(URL).content.decode()

    keeper = as_user(cast.cal if side == "sales" else cast.mia)
    page = keeper.get(reverse("web:lead-detail", args=[known.pk])).content.decode()
    for text in ("Entered again", "Last name: Berg", "City: Oslo", "Met at the fair", "Ben"):
        assert text in page


def test_the_owner_of_somebody_who_is_entered_again_gets_one_next_step(cast, as_user):
    make_lead(email="nora@berg.example", owner=cast.cal)
    client = as_user(cast.ben)
    for _ in range(2):
        assert client.post(URL, {"email": "nora@berg.example", "city": "Oslo"}).status_code == 302
    task = Task.objects.get()
    assert (task.assignee, task.created_by, task.kind) == (cast.cal, cast.ben, "todo")
    assert Activity.objects.filter(kind="entered_again").count() == 1
    client.post(URL, {"email": "nora@berg.example", "city": "Rom"})
    assert Task.objects.count() == 2


def test_the_answers_of_somebody_who_is_entered_again_read_as_they_were_called(cast, as_user, model, now):
    known = make_lead(email="nora@berg.example")
    as_user(cast.ben).post(URL, {"email": "nora@berg.example", "budget": "approved"})
    budget = FieldDefinition.objects.get(code="budget")
    rename_answers(field=budget, labels={"approved": "Signed off"}, now=now)
    page = as_user(cast.mia).get(reverse("web:lead-detail", args=[known.pk])).content.decode()
    assert "Budget: Approved" in page


def test_one_that_may_be_seen_goes_before_one_that_may_not(cast, as_user, unchanged):
    make_lead(email="nora@berg.example", owner=cast.cal)
    hers = make_lead(first_name="Nora", phone="+49 (0)30 1234567", owner=cast.ben)
    with unchanged():
        page = as_user(cast.ben).post(URL, {"email": "nora@berg.example", "phone": "004930 1234567"})
    assert page.context["known"] == hers


def test_neither_address_nor_number_matches_nobody(cast, as_user):
    make_lead(first_name="Nora", last_name="Berg", company="Berg")
    as_user(cast.ben).post(URL, {"first_name": "Nora", "last_name": "Berg"})
    assert Lead.objects.count() == 2


@pytest.mark.parametrize("typed", [{"email": "nora@berg.example"}, {"phone": "+49 30 1234567"}])
def test_two_who_enter_the_same_person_at_once_make_one_lead(committed, monkeypatch, typed):
    clients = [Client(), Client()]
    for client, name in zip(clients, ("ben", "cal"), strict=True):
        client.force_login(make_user(name, Role.REP))
    both, create = threading.Barrier(2), edits.create_lead

    def meet_and_create(change, **values):
        # Two who have found nobody meet here; one alone goes on after a while.
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(timeout=1)
        return create(change, **values)

    monkeypatch.setattr(edits, "create_lead", meet_and_create)
    answers = at_once(*(partial(client.post, URL, {"first_name": "Nora", **typed}) for client in clients))

    assert Lead.objects.count() == 1
    assert [answer.status_code for answer in answers] == [302, 302]
    assert Activity.objects.filter(kind="entered_again").count() == 1


def test_where_it_is_doubtful_the_user_says_whether_it_is_another_person(cast, as_user, unchanged):
    known = make_lead(first_name="Nora", email="nora@berg.example", phone="+49 30 1234567", owner=cast.ben)
    client = as_user(cast.ben)
    colleague = {"first_name": "Jo", "email": "jo@berg.example", "phone": "+49 30 1234567"}
    with unchanged():
        page = client.post(URL, colleague)
    assert (page.status_code, page.context["known"], page.context["is_certain"]) == (422, known, False)
    assert "Perhaps this person is known already" in page.content.decode()

    answer = client.post(URL, colleague | {"is_another": "on"})
    assert answer.status_code == 302
    assert Lead.objects.filter(email="jo@berg.example").count() == 1


def test_a_colleague_of_somebody_who_is_not_seen_is_new(cast, as_user):
    make_lead(first_name="Nora", email="nora@berg.example", phone="+49 30 1234567", owner=cast.cal)
    as_user(cast.ben).post(URL, {"first_name": "Jo", "email": "jo@berg.example", "phone": "+49 30 1234567"})
    assert Lead.objects.count() == 2


def bring_beside(monkeypatch, make):
    """From now on `make(times)` brings somebody in on another connection after a user's look, before her commit."""
    look_again, times = edits.look_again_for_one, itertools.count(1)

    def look_again_after(**lead):
        at_once(partial(make, next(times)))
        look_again(**lead)

    monkeypatch.setattr(edits, "look_again_for_one", look_again_after)


def make_colleague(number):
    if number == 1:
        make_lead(email="jo@berg.example", phone="+49 30 1234567")


def make_many(number):
    make_lead(email=f"jo{number}@berg.example", phone="+49 30 1234567")


def test_a_colleague_who_comes_in_meanwhile_keeps_nobody_out(committed, monkeypatch):
    client = Client()
    client.force_login(make_user("ben", Role.REP))
    bring_beside(monkeypatch, make_colleague)
    answer = client.post(URL, {"first_name": "Nora", "email": "nora@berg.example", "phone": "+49 30 1234567"})
    assert answer.status_code == 302
    assert set(Lead.objects.values_list("email", flat=True)) == {"jo@berg.example", "nora@berg.example"}


def test_where_colleagues_keep_coming_in_the_page_says_so_and_keeps_what_was_typed(committed, monkeypatch):
    client = Client()
    client.force_login(make_user("ben", Role.REP))
    bring_beside(monkeypatch, make_many)
    page = client.post(URL, {"first_name": "Nora", "email": "nora@berg.example", "phone": "+49 30 1234567"})
    assert page.status_code == 422
    assert "Save once more." in page.content.decode()
    assert page.context["form"]["first_name"].value() == "Nora"
    assert not Lead.objects.filter(first_name="Nora").exists()
