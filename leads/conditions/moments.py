"""The moment a condition is asked at, left open until its statement runs: compiled once, it holds at any time."""

import datetime
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from django.db.models import Value

# Clocks differ: what is dated this little after now has happened all the same.
GRACE = datetime.timedelta(minutes=1)


@dataclass(frozen=True)
class FromNow:
    """A moment at `distance` from the one a statement runs for; with `zone`, the day so far from that one's there."""

    distance: datetime.timedelta = datetime.timedelta()
    zone: str = ""

    def __add__(self, further):
        return replace(self, distance=self.distance + further)

    def __sub__(self, back):
        return self + -back

    def at(self, now):
        return (today(now, self.zone) if self.zone else now) + self.distance


# What stands for the time in a statement that is compiled for any.
NOW = FromNow()


def today(now, zone):
    """The day in an IANA zone of a moment or of NOW."""
    return FromNow(zone=zone) if isinstance(now, FromNow) else now.astimezone(ZoneInfo(zone)).date()


def settled(params, now):
    """The parameters of a statement with every FromNow among them counted from `now`."""
    return [param.at(now) if isinstance(param, FromNow) else param for param in params]


class Moment(Value):
    """A date, a datetime or a FromNow as a parameter; the last stays one, for `settled`."""

    def as_sql(self, compiler, connection):
        return ("%s", [self.value]) if isinstance(self.value, FromNow) else super().as_sql(compiler, connection)
