"""The same people in every test: ada (manager), ben (rep), cal (stranger), mia (marketer), ann (admin)."""

from types import SimpleNamespace

from django.contrib.auth.models import Group

from team.enums import Role
from team.models import Pool, PoolMember, User

PASSWORD = "correct horse battery"


def make_user(name, *roles, **fields):
    """An active user NAME@example.com with the given roles and the password PASSWORD."""
    user = User.objects.create_user(f"{name}@example.com", PASSWORD, name=name.capitalize(), **fields)
    for role in roles:
        user.groups.add(Group.objects.get(name=role.value))
    return user


def make_cast():
    cast = SimpleNamespace(
        ada=make_user("ada", Role.MANAGER),
        ben=make_user("ben", Role.REP),
        cal=make_user("cal", Role.REP),
        mia=make_user("mia", Role.MARKETER),
        ann=make_user("ann", Role.ADMIN, is_staff=True),
    )
    pool = Pool.objects.get(code="sales")
    PoolMember.objects.create(pool=pool, user=cast.ben)
    PoolMember.objects.create(pool=pool, user=cast.cal)
    return cast
