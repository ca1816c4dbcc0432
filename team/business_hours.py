"""Working time: pure functions over the hours somebody keeps on her own clock.

A working day lasts from the first moment the local clock shows `starts` (or later, where the clock jumps over it) to
the first moment it shows `ends` (or later). So the day on which clocks change is as long as it really is: an hour
shorter or longer when the change falls into the working hours.
"""

import datetime
from dataclasses import dataclass, replace
from functools import lru_cache
from zoneinfo import ZoneInfo

HORIZON_DAYS = 3660
_DAY = datetime.timedelta(days=1)
_SECOND = datetime.timedelta(seconds=1)


@dataclass(frozen=True)
class Hours:
    """ISO weekdays and local times in an IANA zone; absences are (first, last) calendar days, both included."""

    zone: str
    days: frozenset[int]
    starts: datetime.time
    ends: datetime.time
    absences: tuple[tuple[datetime.date, datetime.date], ...] = ()

    @classmethod
    def of(cls, user):
        """The hours of a team.User. Reads her absences: prefetch them when asking for many."""
        return cls(
            zone=user.time_zone,
            days=frozenset(user.work_days),
            starts=user.work_starts,
            ends=user.work_ends,
            absences=tuple(sorted((absence.starts_on, absence.ends_on) for absence in user.absences.all())),
        )

    def works_on(self, day):
        """Whether the calendar day is a working day without absence."""
        return day.isoweekday() in self.days and not any(first <= day <= last for first, last in self.absences)


def add_business_minutes(start, minutes, hours):
    """The first moment (aware, UTC) by which `minutes` of working time have passed since `start` (aware).

    A quota that fills up exactly at closing time is due then, not on the next morning. Where ten years do not hold that
    much working time, absences do not count; where they still do not, it is due when they are over.
    """
    left = datetime.timedelta(minutes=minutes)
    start = start.astimezone(datetime.UTC)
    if left <= datetime.timedelta(0):
        return start
    due = _within_horizon(start, left, hours)
    if due is None and hours.absences:
        due = _within_horizon(start, left, replace(hours, absences=()))
    return due or start + HORIZON_DAYS * _DAY


def start_of_day(day, zone):
    """The first moment (aware, UTC) of a calendar day in an IANA zone."""
    return _first_moment(day, datetime.time(), zone)


def end_of_day(moment, zone):
    """The first moment (aware, UTC) of the day after the one that `moment` (aware) falls on in that IANA zone."""
    return start_of_day(moment.astimezone(ZoneInfo(zone)).date() + _DAY, zone)


def _within_horizon(start, left, hours):
    """When so much working time has passed since `start`, or None where that takes longer than the horizon."""
    first_day = _local_day(start, hours)
    for number in range(HORIZON_DAYS):
        opens, closes = _working_day(first_day + number * _DAY, hours)
        begin = max(opens, start)
        if closes - begin >= left:
            return begin + left
        left -= max(closes - begin, datetime.timedelta(0))
    return None


def _local_day(moment, hours):
    return moment.astimezone(ZoneInfo(hours.zone)).date()


def _working_day(day, hours):
    """When work opens and closes on that day, in UTC; two equal moments on a day off."""
    opens = _first_moment(day, hours.starts, hours.zone)
    return (opens, _first_moment(day, hours.ends, hours.zone)) if hours.works_on(day) else (opens, opens)


@lru_cache(maxsize=4096)
def _first_moment(day, time, zone):
    """The first moment, in UTC, at which the clock of `zone` shows `time` on `day` or anything later."""
    zone = ZoneInfo(zone)
    wanted = datetime.datetime.combine(day, time)
    moment = wanted.replace(tzinfo=zone, fold=0).astimezone(datetime.UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wanted:
        return moment
    # The clock jumps over that time. The jump lies between the readings with the offset after and before it.
    early = wanted.replace(tzinfo=zone, fold=1).astimezone(datetime.UTC)
    late = moment
    while late - early > _SECOND:
        middle = (early + (late - early) / 2).replace(microsecond=0)
        if middle <= early:
            break
        if middle.astimezone(zone).replace(tzinfo=None) >= wanted:
            late = middle
        else:
            early = middle
    return late
