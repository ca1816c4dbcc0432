import datetime
import zoneinfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from team.business_hours import Hours, add_business_minutes, end_of_day
from team.models import Absence

UTC = datetime.UTC
MINUTE = datetime.timedelta(minutes=1)
NINE_TO_FIVE = Hours("Europe/Berlin", frozenset({1, 2, 3, 4, 5}), datetime.time(9), datetime.time(17))

# Both hemispheres, half-hour shifts, changes at midnight, a skipped day, odd offsets, and none at all.
ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",
    "Australia/Lord_Howe",
    "Asia/Beirut",
    "Pacific/Apia",
    "Pacific/Chatham",
    "America/Sao_Paulo",
    "Africa/Casablanca",
    "Asia/Kolkata",
    "UTC",
]
# Days on which one of them changes its clock, and some on which none does.
CHANGES = [
    datetime.date(2026, 3, 29),
    datetime.date(2026, 10, 25),
    datetime.date(2026, 3, 8),
    datetime.date(2026, 11, 1),
    datetime.date(2026, 4, 5),
    datetime.date(2026, 10, 4),
    datetime.date(2011, 12, 30),
    datetime.date(2018, 2, 18),
    datetime.date(2018, 11, 4),
    datetime.date(2026, 6, 10),
]


def berlin(*clock):
    return datetime.datetime(*clock, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))


@st.composite
def hours(draw):
    starts, ends = sorted(draw(st.lists(st.integers(0, 24 * 60 - 1), min_size=2, max_size=2, unique=True)))
    first = draw(st.sampled_from(CHANGES)) + datetime.timedelta(days=draw(st.integers(-2, 2)))
    return Hours(
        zone=draw(st.sampled_from(ZONES)),
        days=frozenset(draw(st.sets(st.integers(1, 7), min_size=1))),
        starts=datetime.time(*divmod(starts, 60)),
        ends=datetime.time(*divmod(ends, 60)),
        absences=draw(st.sampled_from([(), ((first, first + datetime.timedelta(days=1)),)])),
    )


moments = st.builds(
    lambda day, minutes: datetime.datetime.combine(day, datetime.time(), UTC) + minutes * MINUTE,
    st.sampled_from(CHANGES),
    st.integers(-24 * 60, 48 * 60),
)


def working_minutes(start, count, hours):
    """Minute by minute, by looking at the clock alone: the slow truth the fast functions have to equal."""
    zone = zoneinfo.ZoneInfo(hours.zone)
    latest, truth = None, []
    moment = start - 30 * 60 * MINUTE
    while moment < start + count * MINUTE:
        clock = moment.astimezone(zone).replace(tzinfo=None)
        latest = clock if latest is None else max(latest, clock)
        if moment >= start:
            open_now = hours.starts <= latest.time() < hours.ends
            truth.append(open_now and hours.works_on(latest.date()))
        moment += MINUTE
    return truth


@settings(max_examples=120, deadline=None)
@given(hours=hours(), start=moments, count=st.integers(1, 60 * 60), share=st.floats(0, 1))
def test_added_minutes_have_passed_on_the_clock_on_the_wall_exactly_then_and_not_before(hours, start, count, share):
    truth = working_minutes(start, count, hours)
    minutes = round(share * sum(truth))
    assume(minutes)

    passed = (add_business_minutes(start, minutes, hours) - start) // MINUTE

    assert (sum(truth[:passed]), truth[passed - 1]) == (minutes, True)


@settings(max_examples=100, deadline=None)
@given(hours=hours(), start=moments, first=st.integers(1, 3000), second=st.integers(1, 3000))
def test_added_minutes_add_up(hours, start, first, second):
    # Somebody who works a minute a week has no three thousand of them in ten years, which is refused (see below).
    ends, starts = (clock.hour * 60 + clock.minute for clock in (hours.ends, hours.starts))
    assume(first + second <= 500 * len(hours.days) * (ends - starts))

    halfway = add_business_minutes(start, first, hours)

    assert add_business_minutes(halfway, second, hours) == add_business_minutes(start, first + second, hours)


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        (berlin(2026, 6, 10, 10, 0), 60, berlin(2026, 6, 10, 11, 0)),
        (berlin(2026, 6, 10, 16, 0), 60, berlin(2026, 6, 10, 17, 0)),
        (berlin(2026, 6, 10, 16, 0), 61, berlin(2026, 6, 11, 9, 1)),
        (berlin(2026, 6, 10, 7, 0), 30, berlin(2026, 6, 10, 9, 30)),
        # Friday evening to Monday, over the night on which clocks go forward.
        (berlin(2026, 3, 27, 16, 30), 240, berlin(2026, 3, 30, 12, 30)),
        (berlin(2026, 10, 23, 16, 30), 240, berlin(2026, 10, 26, 12, 30)),
        (berlin(2026, 6, 13, 12, 0), 0, berlin(2026, 6, 13, 12, 0)),
    ],
)
def test_add_business_minutes_examples(start, minutes, due):
    assert add_business_minutes(start, minutes, NINE_TO_FIVE) == due


@pytest.mark.parametrize(("day", "minutes"), [((3, 28), 240), ((3, 29), 180), ((10, 25), 300)])
def test_a_night_shift_is_as_long_as_the_night_really_is(day, minutes):
    nights = Hours("Europe/Berlin", frozenset(range(1, 8)), datetime.time(1), datetime.time(5))

    assert add_business_minutes(berlin(2026, *day, 0), minutes, nights) == berlin(2026, *day, 5)


def test_a_start_the_clock_jumps_over_is_the_moment_of_the_jump():
    early = Hours("Europe/Berlin", frozenset({7}), datetime.time(2, 30), datetime.time(4))

    assert add_business_minutes(berlin(2026, 3, 29, 0), 1, early) == datetime.datetime(2026, 3, 29, 1, 1, tzinfo=UTC)


@given(moments, st.sampled_from(ZONES))
@settings(max_examples=300)
def test_a_day_ends_at_the_last_moment_with_its_date(moment, zone):
    end = end_of_day(moment, zone)
    today, last, next_ = (
        at.astimezone(zoneinfo.ZoneInfo(zone)).date() for at in (moment, end - datetime.timedelta(microseconds=1), end)
    )
    assert moment < end
    assert last == today < next_


def test_absence_is_no_working_time():
    away = Hours(
        "Europe/Berlin",
        NINE_TO_FIVE.days,
        NINE_TO_FIVE.starts,
        NINE_TO_FIVE.ends,
        ((datetime.date(2026, 6, 11), datetime.date(2026, 6, 12)),),
    )

    assert add_business_minutes(berlin(2026, 6, 10, 16, 0), 90, away) == berlin(2026, 6, 15, 9, 30)


def test_an_absence_without_end_does_not_count_for_due_times():
    gone = Hours(
        "UTC",
        frozenset({1}),
        datetime.time(9),
        datetime.time(10),
        ((datetime.date(2020, 1, 1), datetime.date(2099, 1, 1)),),
    )

    due = add_business_minutes(datetime.datetime(2026, 6, 10, tzinfo=UTC), 90, gone)

    assert due == datetime.datetime(2026, 6, 22, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(("days", "minutes"), [({1}, 2**31 - 1), ({8}, 1)])
def test_what_never_fits_into_somebodys_hours_is_due_in_ten_years(days, minutes):
    hours = Hours("UTC", frozenset(days), datetime.time(9), datetime.time(9, 1))
    start = datetime.datetime(2026, 6, 10, tzinfo=UTC)

    assert add_business_minutes(start, minutes, hours) == start + datetime.timedelta(days=3660)


def test_hours_of_a_user(cast):
    cast.ben.time_zone = "Asia/Tokyo"
    Absence.objects.create(user=cast.ben, starts_on=datetime.date(2026, 8, 1), ends_on=datetime.date(2026, 8, 14))

    assert Hours.of(cast.ben) == Hours(
        "Asia/Tokyo",
        frozenset({1, 2, 3, 4, 5}),
        datetime.time(9),
        datetime.time(17),
        ((datetime.date(2026, 8, 1), datetime.date(2026, 8, 14)),),
    )
