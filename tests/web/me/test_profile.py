import datetime
import zoneinfo

import pytest
from django.urls import reverse

from team.models import Absence, User

URL = reverse("web:profile")
GOOD = {
    "name": "Benedict",
    "time_zone": "Europe/Berlin",
    "work_days": ["1", "2"],
    "work_starts": "08:00",
    "work_ends": "16:30",
    "theme": "dark",
}


def test_saving_the_profile(cast, as_user):
    as_user(cast.ben).post(URL, GOOD)
    cast.ben.refresh_from_db()
    assert (cast.ben.name, cast.ben.time_zone, cast.ben.work_days) == ("Benedict", "Europe/Berlin", [1, 2])
    assert (cast.ben.theme, cast.ben.shortcuts) == ("dark", False)


def test_the_theme_is_on_the_page_without_a_script(cast, as_user):
    cast.ben.theme = "dark"
    cast.ben.save()
    assert b'data-bs-theme="dark"' in as_user(cast.ben).get(URL).content


@pytest.mark.parametrize(
    "change", [{"time_zone": "Mars/Base"}, {"work_days": []}, {"work_ends": "07:00"}, {"name": ""}, {"theme": "pink"}]
)
def test_a_bad_value_is_said_and_nothing_changes(cast, as_user, unchanged, change):
    with unchanged():
        page = as_user(cast.ben).post(URL, GOOD | change)
    assert page.status_code == 422
    # The page itself is still drawn for the person as she is.
    assert b'<html lang="en" class="theme-auto">' in page.content


def test_nobody_makes_herself_an_admin(cast, as_user):
    as_user(cast.ben).post(URL, GOOD | {"is_staff": "on", "is_superuser": "on", "capacity": "999", "email": "x@y.zz"})
    cast.ben.refresh_from_db()
    assert (cast.ben.is_staff, cast.ben.is_superuser, cast.ben.capacity) == (False, False, 30)
    assert cast.ben.email == "ben@example.com"


def test_absences_come_and_go(cast, as_user):
    client = as_user(cast.ben)
    start = datetime.date(2099, 7, 1)
    client.post(reverse("web:absence-add"), {"starts_on": start, "ends_on": start, "reason": "Holiday"})
    absence = Absence.objects.get()
    assert (absence.user, absence.reason) == (cast.ben, "Holiday")
    assert b"Holiday" in client.get(URL).content
    url = reverse("web:absence-delete", args=[absence.pk])
    assert as_user(cast.cal).post(url).status_code == 404
    assert as_user(cast.ben).get(url).status_code == 405
    as_user(cast.ben).post(url)
    assert not Absence.objects.exists()


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "UTC", "Pacific/Auckland"])
@pytest.mark.clock
def test_an_absence_is_shown_until_its_last_day_is_over_where_she_is(cast, as_user, zone):
    User.objects.filter(pk=cast.ben.pk).update(time_zone=zone)
    today = datetime.datetime.now(zoneinfo.ZoneInfo(zone)).date()
    for back, reason in ((0, "Ends today"), (1, "Ended yesterday")):
        day = today - datetime.timedelta(days=back)
        Absence.objects.create(user=cast.ben, starts_on=day, ends_on=day, reason=reason)
    page = as_user(cast.ben).get(URL)
    assert [absence.reason for absence in page.context["absences"]] == ["Ends today"]


def test_an_absence_that_ends_before_it_starts(cast, as_user, unchanged):
    with unchanged():
        page = as_user(cast.ben).post(reverse("web:absence-add"), {"starts_on": "2099-07-02", "ends_on": "2099-07-01"})
    assert page.status_code == 422
    assert b"The last day lies before the first." in page.content


@pytest.mark.parametrize(("ends_on", "status"), [("2029-12-31", 302), ("2099-12-31", 422)])
def test_an_absence_lasts_three_years_at_most(cast, as_user, ends_on, status):
    page = as_user(cast.ben).post(reverse("web:absence-add"), {"starts_on": "2027-01-01", "ends_on": ends_on})

    assert (page.status_code, Absence.objects.exists()) == (status, status == 302)
    if status == 422:
        assert b"An absence lasts three years at most." in page.content
