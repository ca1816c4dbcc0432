"""When notices are mailed. No queries."""

import datetime

# A mail "at once" waits until nothing has been told for a moment, so that what comes together is one mail, but no
# longer than this.
QUIET = datetime.timedelta(seconds=10)
LONGEST = datetime.timedelta(minutes=1)


def digest_day(now, zone, hour) -> datetime.date:
    """The last day on whose `hour` (0 to 23) a clock in `zone` (a tzinfo) has been at `now` (aware) or before.

    A digest belongs to such a day, which never goes back when clocks change, and is the next one at the first moment
    at which the clock shows the hour or has jumped over it.
    """
    local = now.astimezone(zone).replace(tzinfo=None)
    return (local - datetime.timedelta(hours=hour)).date()
