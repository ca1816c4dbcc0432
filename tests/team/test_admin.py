import datetime

import pytest
from django.test import Client
from django.urls import reverse

from mail.models import Message
from team.enums import Role
from team.models import Absence, Pool, User
from tests.cast import make_user


@pytest.fixture
def browser(cast):
    browser = Client()
    browser.force_login(cast.ann)
    return browser


def url(page, model="user", *args):
    return reverse(f"admin:team_{model}_{page}", args=args)


def filled(browser, address, **changes):
    """The values of an admin page as its browser would send them back, but for `changes`."""
    context = browser.get(address).context
    forms = [
        context["adminform"].form,
        *[formset.formset.management_form for formset in context["inline_admin_formsets"]],
    ]
    forms += [form for formset in context["inline_admin_formsets"] for form in formset.formset.initial_forms]
    values = {}
    for form in forms:
        for field in form:
            value = field.value()
            if value is True:
                values[field.html_name] = "on"
            elif value is not None and value is not False:
                values[field.html_name] = field.field.prepare_value(value) if value != [] else []
    return values | changes


def test_lists_and_pages_open(browser, cast):
    pool = Pool.objects.get(code="sales")

    for address in (
        url("changelist"),
        url("add"),
        url("change", "user", cast.ben.pk),
        url("changelist", "pool"),
        url("add", "pool"),
        url("change", "pool", pool.pk),
        reverse("admin:auth_user_password_change", args=[cast.ben.pk]),
        reverse("admin:index"),
    ):
        assert browser.get(address).status_code == 200, address


def test_people_without_the_role_stay_out(cast):
    for user in (cast.ada, cast.ben, cast.mia):
        browser = Client()
        browser.force_login(user)
        assert browser.get(url("changelist")).status_code == 302


def test_a_person_is_added_with_a_password(browser):
    values = {
        "email": "Kim@Example.com",
        "name": "Kim",
        "usable_password": "true",
        "password1": "a long enough phrase",
        "password2": "a long enough phrase",
    }

    assert browser.post(url("add"), values).status_code == 302

    kim = User.objects.get(email="kim@example.com")
    assert kim.check_password("a long enough phrase")
    assert (kim.is_staff, kim.is_superuser, kim.roles) == (False, False, set())


def test_a_weak_password_is_refused(browser):
    values = {"email": "kim@example.com", "name": "Kim", "usable_password": "true"}

    response = browser.post(url("add"), values | {"password1": "short", "password2": "short"})

    assert "password2" in response.context["adminform"].form.errors
    assert not User.objects.filter(email="kim@example.com").exists()


def test_role_capacity_hours_and_absence_are_changed_on_one_page(browser, cast):
    address = url("change", "user", cast.ben.pk)
    manager = Role.MANAGER.value
    values = filled(
        browser, address, capacity="12", work_starts="08:00", work_days=["1", "2", "3"], time_zone="Asia/Tokyo"
    )
    values["groups"] = [group.pk for group in cast.ada.groups.filter(name=manager)]
    values |= {
        "absences-TOTAL_FORMS": "1",
        "absences-0-user": cast.ben.pk,
        "absences-0-starts_on": "2026-08-01",
        "absences-0-ends_on": "2026-08-14",
        "absences-0-reason": "Holiday",
    }

    response = browser.post(address, values)

    assert response.status_code == 302, response.context["errors"]
    ben = User.objects.get(pk=cast.ben.pk)
    assert (ben.capacity, ben.work_starts, ben.work_days) == (12, datetime.time(8), [1, 2, 3])
    assert (ben.time_zone, ben.roles) == ("Asia/Tokyo", {Role.MANAGER})
    assert Absence.objects.get().starts_on == datetime.date(2026, 8, 1)


def test_an_absence_without_end_is_refused(browser, cast):
    address = url("change", "user", cast.ben.pk)
    values = filled(browser, address) | {
        "absences-TOTAL_FORMS": "1",
        "absences-0-user": cast.ben.pk,
        "absences-0-starts_on": "2026-08-01",
        "absences-0-ends_on": "2099-08-14",
    }

    response = browser.post(address, values)

    assert response.status_code == 200
    assert "An absence lasts three years at most." in response.content.decode()
    assert not Absence.objects.exists()


def test_hours_that_end_before_they_start_are_refused(browser, cast):
    address = url("change", "user", cast.ben.pk)

    response = browser.post(address, filled(browser, address, work_starts="18:00"))

    assert response.status_code == 200
    assert User.objects.get(pk=cast.ben.pk).work_starts == datetime.time(9)


def test_an_admin_makes_nobody_superuser(browser, cast):
    address = url("change", "user", cast.ann.pk)

    assert browser.post(address, filled(browser, address, is_superuser="on")).status_code == 302

    assert not User.objects.get(pk=cast.ann.pk).is_superuser


@pytest.fixture
def root(cast):
    return make_user("root", Role.ADMIN, is_staff=True, is_superuser=True)


def account(user):
    """What of the account lets somebody in, or in further."""
    user = User.objects.get(pk=user.pk)
    return user.email, user.password, user.is_active, user.is_staff, user.is_superuser, user.roles


def test_an_admin_sets_no_password_of_a_superuser(browser, root):
    address, before = reverse("admin:auth_user_password_change", args=[root.pk]), account(root)
    words = "another long enough phrase"
    values = {"usable_password": "true", "password1": words, "password2": words}

    assert browser.get(address).status_code == 403
    assert browser.post(address, values).status_code == 403
    assert browser.post(address, {"usable_password": "false", "unset-password": "1"}).status_code == 403

    assert account(root) == before
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"email": "ann@example.com.evil"},
        {"name": "Somebody else"},
        {"groups": []},
        {"is_active": ""},
        {"is_staff": ""},
        {"capacity": "0"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_an_admin_changes_nothing_on_the_page_of_a_superuser(browser, root, changes):
    superuser, address, before = Client(), url("change", "user", root.pk), account(root)
    superuser.force_login(root)
    values = filled(superuser, address) | changes

    assert browser.post(address, values).status_code == 403

    assert account(root) == before


def test_the_page_of_a_superuser_shows_an_admin_nothing_to_change(browser, root):
    page = browser.get(url("change", "user", root.pk))

    assert page.status_code == 200
    assert not page.context["adminform"].form.changed_data
    assert root.password not in page.content.decode()
    assert reverse("admin:auth_user_password_change", args=[root.pk]) not in page.content.decode()
    assert 'name="_save"' not in page.content.decode()


def test_no_bulk_action_reaches_a_superuser(browser, root):
    before = account(root)
    listed = browser.get(url("changelist"))

    browser.post(url("changelist"), {"action": "delete_selected", "_selected_action": [root.pk], "post": "yes"})

    assert listed.context["cl"].formset is None
    assert listed.context["action_form"] is None
    assert account(root) == before


def test_roles_have_no_page_on_which_an_admin_could_take_a_superusers(browser, root):
    for address in (f"/admin/auth/group/{root.groups.get().pk}/change/", "/admin/auth/group/", "/admin/auth/user/"):
        assert browser.get(address).status_code == 404


def test_a_superuser_changes_another_one(root):
    browser, other = Client(), make_user("rita", is_staff=True, is_superuser=True)
    browser.force_login(root)
    address, words = url("change", "user", other.pk), "another long enough phrase"

    assert browser.post(address, filled(browser, address, is_superuser="")).status_code == 302
    response = browser.post(
        reverse("admin:auth_user_password_change", args=[other.pk]),
        {"usable_password": "true", "password1": words, "password2": words},
    )

    assert response.status_code == 302
    other = User.objects.get(pk=other.pk)
    assert (other.is_superuser, other.check_password(words)) == (False, True)


def test_nobody_is_deleted(browser, cast):
    assert browser.post(url("delete", "user", cast.ben.pk), {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=cast.ben.pk).exists()


def test_a_password_given_by_the_admin_is_announced(browser, cast):
    address = reverse("admin:auth_user_password_change", args=[cast.ben.pk])
    words = "another long enough phrase"

    response = browser.post(address, {"usable_password": "true", "password1": words, "password2": words})

    assert response.status_code == 302
    assert User.objects.get(pk=cast.ben.pk).check_password(words)
    assert Message.objects.values_list("kind", "recipient").get() == ("account.changed", "ben@example.com")


def test_the_list_asks_the_same_number_of_questions_for_more_people(browser, django_assert_max_num_queries):
    with django_assert_max_num_queries(20) as few:
        browser.get(url("changelist"))
    for number in range(5):
        make_user(f"rep{number}", Role.REP)
    with django_assert_max_num_queries(20) as more:
        browser.get(url("changelist"))

    assert len(more) == len(few)


@pytest.mark.parametrize("count", ["INITIAL_FORMS", "TOTAL_FORMS"])
def test_a_form_of_fewer_rows_than_none_is_refused(browser, cast, count):
    pool = Pool.objects.filter(memberships__isnull=False).first()
    address = url("change", "pool", pool.pk)

    answer = browser.post(address, filled(browser, address, **{f"memberships-{count}": "-1"}))

    assert answer.status_code == 400
