"""The people who work with the demo, their pools and absences."""

import datetime
from dataclasses import dataclass, field
from typing import NamedTuple

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from demo import PASSWORD, SHOWN_PEOPLE
from demo.words import FIRST_NAMES, LAST_NAMES
from routing.models import AssignmentRule, RoutingPolicy
from team.business_hours import Hours
from team.enums import Role
from team.models import Absence, Pool, PoolMember, User, Workspace

LARGE_COMPANY = 1000  # employees from which the enterprise pool takes over
LEADS_PER_MORE_REP = 2500
MOST_REPS = 50


class Colleague(NamedTuple):
    login: str
    name: str
    role: Role
    zone: str = "Europe/Berlin"
    capacity: int = 30
    pool: str = ""
    hours: tuple = (9, 17)


COLLEAGUES = (
    Colleague("rita.rep", "Rita Fontaine", Role.REP, capacity=36, pool="sales"),
    Colleague("bao.tran", "Bao Tran", Role.REP, zone="America/New_York", capacity=30, pool="sales"),
    Colleague("chidi.okafor", "Chidi Okafor", Role.REP, zone="Europe/London", capacity=24, pool="sales"),
    Colleague("elif.demir", "Elif Demir", Role.REP, capacity=20, pool="sales", hours=(8, 14)),
    Colleague("freya.lund", "Freya Lund", Role.REP, zone="Europe/Stockholm", capacity=12, pool="enterprise"),
    Colleague("hugo.castellano", "Hugo Castellano", Role.REP, zone="America/Chicago", capacity=14, pool="enterprise"),
    Colleague("max.manager", "Max Lindqvist", Role.MANAGER),
    Colleague("mona.marketer", "Mona Haddad", Role.MARKETER),
    Colleague("teo.marchetti", "Teo Marchetti", Role.MARKETER, zone="Europe/London"),
    Colleague("ada.admin", "Ada Kowalski", Role.ADMIN),
)
AWAY = "hugo.castellano"


@dataclass
class Staff:
    """Everybody by part, each in a fixed order; by user id the pool of a rep, and her hours with absences left out."""

    reps: list
    manager: User
    marketers: list
    pool_of: dict
    hours: dict = field(default_factory=dict)

    def __post_init__(self):
        self.hours = {
            rep.pk: Hours(rep.time_zone, frozenset(rep.work_days), rep.work_starts, rep.work_ends) for rep in self.reps
        }


def make_staff(*, leads, chance, now):
    """Writes the people, two pools with the rule between them, and an absence; returns the `Staff`.

    `leads` decides how many reps there are: six, and more from 20,000 leads on.
    """
    colleagues = [*COLLEAGUES, *_more_reps(leads, chance)]
    password = make_password(PASSWORD)  # costly on purpose, so only once
    users = User.objects.bulk_create(_user(colleague, password, now) for colleague in colleagues)
    groups = {group.name: group for group in Group.objects.filter(name__in=Role.values)}
    User.groups.through.objects.bulk_create(
        User.groups.through(user=user, group=groups[colleague.role.value])
        for user, colleague in zip(users, colleagues, strict=True)
    )
    by_login = {colleague.login: user for user, colleague in zip(users, colleagues, strict=True)}
    pools = _make_pools()
    Workspace.objects.create(
        pk=1,
        name="Brightfield Energy",
        time_zone="Europe/Berlin",
        postal_address="Lindenallee 12\n10115 Berlin\nGermany",
        phone_region="DE",
    )
    PoolMember.objects.bulk_create(
        PoolMember(pool=pools[colleague.pool], user=by_login[colleague.login])
        for colleague in colleagues
        if colleague.pool
    )
    _send_on_holiday(by_login[AWAY], now)
    in_role = {role: [by_login[one.login] for one in colleagues if one.role == role] for role in Role}
    pool_of = {by_login[one.login].pk: pools[one.pool] for one in colleagues if one.pool}
    return Staff(in_role[Role.REP], in_role[Role.MANAGER][0], in_role[Role.MARKETER], pool_of)


def _more_reps(leads, chance):
    count = min(MOST_REPS - 6, leads // LEADS_PER_MORE_REP) if leads >= 8 * LEADS_PER_MORE_REP else 0
    zones = ("Europe/Berlin", "Europe/London", "America/New_York", "Europe/Madrid")
    return [
        Colleague(
            login=f"rep{number}",
            name=f"{chance.choice(FIRST_NAMES)} {chance.choice(LAST_NAMES)}",
            role=Role.REP,
            zone=zones[number % len(zones)],
            capacity=20 + number % 3 * 5,
            pool="enterprise" if number % 4 == 0 else "sales",
        )
        for number in range(1, count + 1)
    ]


def _user(colleague, password, now):
    email = f"{colleague.login}@leadfunnel.example"
    is_admin = colleague.role == Role.ADMIN
    if email in SHOWN_PEOPLE and SHOWN_PEOPLE[email] != colleague.role.value:
        raise AssertionError(f"{email} is shown in another role.")
    opens, closes = colleague.hours
    return User(
        email=email,
        password=password,
        name=colleague.name,
        is_staff=is_admin,
        is_superuser=is_admin,
        date_joined=now - datetime.timedelta(days=760),
        time_zone=colleague.zone,
        work_starts=datetime.time(opens),
        work_ends=datetime.time(closes),
        capacity=colleague.capacity,
    )


def _make_pools():
    policy = RoutingPolicy.objects.select_related("default_pool").get(is_active=True)
    enterprise = Pool.objects.create(code="enterprise", name="Large companies")
    AssignmentRule.objects.create(
        policy=policy,
        position=1,
        name="Large companies",
        condition={"field": "employees", "op": "at_least", "value": LARGE_COMPANY},
        pool=enterprise,
    )
    return {"sales": policy.default_pool, "enterprise": enterprise}


def _send_on_holiday(user, now):
    monday = now.date() - datetime.timedelta(days=now.weekday())
    Absence.objects.create(user=user, starts_on=monday, ends_on=monday + datetime.timedelta(days=6), reason="Holiday")
