"""The moments at which `bin/test --clock` runs each test marked `clock`."""

import datetime

HALF_AN_HOUR = datetime.timedelta(minutes=30)

# A Wednesday, between the hours.
DAY = [datetime.datetime(2027, 6, 16, hour, 40, tzinfo=datetime.UTC) for hour in range(24)]

# Clocks go forward and back in Europe, the year turns, and the leap day begins.
MIDNIGHTS = [
    datetime.datetime(2027, 3, 28, tzinfo=datetime.UTC),
    datetime.datetime(2027, 10, 31, tzinfo=datetime.UTC),
    datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC),
    datetime.datetime(2028, 2, 29, tzinfo=datetime.UTC),
]

MOMENTS = DAY + [midnight + number * HALF_AN_HOUR for midnight in MIDNIGHTS for number in (-2, -1, 0, 1)]
