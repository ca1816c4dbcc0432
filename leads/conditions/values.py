"""Reading one JSON value. Each reader returns the value in Python's form or raises Refused with what is wrong."""

import datetime
import re
from decimal import Decimal

from leads.conditions.grammar import MAX_DAYS, MAX_NUMBER, MAX_TEXT
from leads.rules import FIRST_YEAR, LAST_YEAR
from team.business_hours import start_of_day

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_DATETIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?\Z"
)


class Refused(ValueError):
    """The value is not what the operator takes; the text says what is."""


def shown(value):
    """A short, printable form of anything, for messages."""
    if isinstance(value, str):
        return ascii(value[:40]) + ("..." if len(value) > 40 else "")
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return "a number"
    return {list: "a list", dict: "an object"}.get(type(value), "something that is not JSON")


def read_text(value):
    if not isinstance(value, str):
        raise Refused(f"give a text, not {shown(value)}")
    if not value:
        raise Refused("give a text that is not empty")
    if len(value) > MAX_TEXT:
        raise Refused(f"give at most {MAX_TEXT} letters")
    if "\0" in value:
        raise Refused("a text cannot hold the NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Refused("a text cannot hold half a character (a lone surrogate)") from None
    return str(value)


def read_number(value):
    """A Decimal that is exactly the number as it was written."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(f"give a number, not {shown(value)}")
    if not abs(value) < MAX_NUMBER:  # also true of NaN
        raise Refused(f"give a number between -{MAX_NUMBER:,} and {MAX_NUMBER:,}")
    number = Decimal(value) if isinstance(value, int) else Decimal(repr(float(value)))
    return number.normalize() + 0  # + 0 makes minus zero zero


def read_boolean(value):
    if not isinstance(value, bool):
        raise Refused(f"give true or false, not {shown(value)}")
    return value


def read_whole(value, low, high):
    """A whole number in a closed range, as int."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Refused(f"give a whole number from {low} to {high:,}")
    return int(value)


def read_days(value):
    return read_whole(value, 1, MAX_DAYS)


def read_date(value):
    if isinstance(value, str) and _DATE.match(value):
        try:
            day = datetime.date.fromisoformat(value)
        except ValueError:
            raise Refused(f"{shown(value)} is no day of the calendar") from None
        return _in_range(day)
    raise Refused(f"give a date as YYYY-MM-DD, not {shown(value)}")


def read_moment(value):
    """A date, or a datetime in UTC; a time without an offset is taken to be UTC."""
    if not isinstance(value, str) or not _DATETIME.match(value):
        try:
            return read_date(value)
        except Refused as error:
            if isinstance(value, str) and _DATE.match(value):
                raise
            raise Refused(f"give a date as YYYY-MM-DD or a time as YYYY-MM-DDTHH:MM:SSZ, not {shown(value)}") from error
    try:
        moment = datetime.datetime.fromisoformat(value)
    except ValueError:
        raise Refused(f"{shown(value)} is no time of the calendar") from None
    _in_range(moment)
    return moment.replace(tzinfo=moment.tzinfo or datetime.UTC).astimezone(datetime.UTC)


def _in_range(day):
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Refused(f"give a year from {FIRST_YEAR} to {LAST_YEAR}")
    return day


def is_day(value):
    """Whether a value is a calendar day, and not a moment."""
    return isinstance(value, datetime.date) and not isinstance(value, datetime.datetime)


def start_of(value, vocabulary):
    """The first moment of a day in the zone of the vocabulary, in UTC; anything else is its own start."""
    return start_of_day(value, vocabulary.zone) if is_day(value) else value


def end_of(value, vocabulary):
    """The first moment after a day in the zone of the vocabulary, in UTC; anything else is its own end."""
    return start_of_day(value + datetime.timedelta(days=1), vocabulary.zone) if is_day(value) else value


def is_backwards(low, high, vocabulary):
    """Whether a range from `low` to `high`, both included, holds nothing."""
    if is_day(low) == is_day(high):
        return low > high
    end = end_of(high, vocabulary)
    return start_of(low, vocabulary) > high if end is high else low >= end
