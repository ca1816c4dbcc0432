"""What becomes of each person of the demo: how good a lead she is, when she came, and how it ended.

Endings follow the quality loosely: of the good ones many buy, of the poor ones hardly any.
"""

import datetime
from enum import Enum
from typing import NamedTuple

from demo.market import LISTS, Origin
from leads.enums import SourceKind

DAY = datetime.timedelta(days=1)
HOUR = datetime.timedelta(hours=1)
OPEN_PER_CAPACITY = 0.8  # how full the reps are


class Fate(Enum):
    NAME = "stays a name"
    SUSPECT = "shows interest"
    LEAD = "told us a need, not ready"
    LIVE = "with sales now"
    CUSTOMER = "bought"
    OLD_CUSTOMER = "was a customer before"
    LOST = "nearly bought"
    RECYCLED = "back to nurture"
    DISQUALIFIED = "never again"
    RETURNED = "given back unworked"


# Of a hundred people, how many are of which quality; then what becomes of a hundred of each, LIVE apart.
QUALITIES = {"A": 9, "B": 14, "C": 26, "D": 51}
FATES = {
    "A": {Fate.CUSTOMER: 55, Fate.LOST: 23, Fate.RECYCLED: 13, Fate.RETURNED: 6, Fate.DISQUALIFIED: 3},
    "B": {Fate.CUSTOMER: 30, Fate.LOST: 27, Fate.RECYCLED: 27, Fate.RETURNED: 7, Fate.DISQUALIFIED: 9},
    "C": {
        Fate.LEAD: 60,
        Fate.SUSPECT: 10,
        Fate.CUSTOMER: 6,
        Fate.LOST: 5,
        Fate.RECYCLED: 13,
        Fate.DISQUALIFIED: 6,
    },
    "D": {
        Fate.NAME: 42,
        Fate.SUSPECT: 30,
        Fate.LEAD: 13,
        Fate.RECYCLED: 4,
        Fate.DISQUALIFIED: 9,
        Fate.OLD_CUSTOMER: 2,
    },
}
# Days before now between which somebody of this fate came.
CAME = {
    Fate.NAME: (728, 2),
    Fate.SUSPECT: (640, 1),
    Fate.LEAD: (480, 1),
    Fate.CUSTOMER: (725, 75),
    Fate.OLD_CUSTOMER: (729, 500),
    Fate.LOST: (725, 75),
    Fate.RECYCLED: (500, 60),
    Fate.DISQUALIFIED: (725, 40),
    Fate.RETURNED: (140, 40),
}
ONLY_FROM = {Fate.NAME: LISTS, Fate.OLD_CUSTOMER: {SourceKind.OWN_DATABASE}}
# The days, counted back over working days, and the hours (UTC) at which leads went to sales lately; 0 is today.
ROUNDS = ((9, 9), (8, 14), (7, 10), (6, 13), (5, 9), (4, 15), (3, 10), (2, 9), (2, 14), (1, 9), (1, 13))


class PlannedLead(NamedTuple):
    created_at: datetime.datetime
    ends_at: datetime.datetime
    quality: str
    fate: Fate
    origin: Origin
    round: int | None = None


def make_plans(*, leads, chance, origins, capacity, now):
    """The `PlannedLead`s of that many people, the longest known first, and the moments of the hand-over rounds."""
    rounds = recent_rounds(now)
    live = min(round(capacity * OPEN_PER_CAPACITY), round(leads * 0.09))
    qualities = chance.choices(tuple(QUALITIES), tuple(QUALITIES.values()), k=leads)
    good = [place for place, quality in enumerate(qualities) if quality in "AB"]
    going = set(chance.sample(good, min(live, len(good))))
    plans = []
    for place, quality in enumerate(qualities):
        if place in going:
            plans.append(_live_plan(chance, quality, origins, rounds))
        else:
            fates = FATES[quality]
            fate = chance.choices(tuple(fates), tuple(fates.values()))[0]
            plans.append(_plan(chance, quality, fate, origins, now))
    return sorted(plans, key=lambda plan: plan.created_at), rounds


def recent_rounds(now):
    """The moments, ascending and the last a few minutes ago, at which leads were handed over lately."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    working = [day for back in range(20) if (day := today - back * DAY).isoweekday() <= 5]
    moments = [working[back] + hour * HOUR for back, hour in ROUNDS]
    # So that something is due soon whatever the hour.
    moments += [now - 3 * HOUR, now - HOUR, now - HOUR / 12]
    return sorted(moment for moment in set(moments) if moment < now)


def _live_plan(chance, quality, origins, rounds):
    place = min(len(rounds) - 1, int(len(rounds) * chance.betavariate(2, 1.4)))
    handed_at = rounds[place]
    known_for = min(85.0, 0.2 + chance.expovariate(1 / 12))
    origin, created_at = _came(chance, origins, Fate.LIVE, handed_at - 85 * DAY, handed_at - known_for * DAY)
    return PlannedLead(created_at, handed_at, quality, Fate.LIVE, origin, place)


def _plan(chance, quality, fate, origins, now):
    first, last = CAME[fate]
    origin, created_at = _came(chance, origins, fate, now - first * DAY, now - (last + 3) * DAY)
    created_at = created_at.replace(
        hour=chance.randrange(7, 19), minute=chance.randrange(60), second=chance.randrange(60)
    )
    room = now - 4 * DAY - created_at
    ends_at = created_at + min(room, 280 * DAY) * chance.uniform(0.45, 1)
    return PlannedLead(created_at, ends_at, quality, fate, origin)


def _came(chance, origins, fate, first, last):
    """An origin of somebody of this fate, and when between the two moments she came from it."""
    kinds = ONLY_FROM.get(fate)
    possible = [
        origin
        for origin in origins
        if origin.starts < last and origin.ends > first and (kinds is None or origin.kind in kinds)
    ]
    origin = chance.choices(possible, [origin.weight for origin in possible])[0]
    starts, ends = max(origin.starts, first), min(origin.ends, last)
    # A live lead came at `last`, unless her origin had ended by then.
    return origin, ends if fate == Fate.LIVE else starts + (ends - starts) * chance.random()
