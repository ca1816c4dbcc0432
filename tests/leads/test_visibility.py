import pytest
from django.contrib.auth.models import AnonymousUser

from leads.access import can_change_lead, can_see_lead
from leads.enums import TaskKind
from leads.models import Lead, Task
from team.enums import Role
from team.models import Pool
from tests.cast import make_user
from tests.factories.leads import make_lead


@pytest.fixture
def leads(cast, now):
    """One lead each of marketing, of the pool, of ben and of cal."""
    return {
        "marketing": make_lead(now=now),
        "pool": make_lead(now=now, pool=Pool.objects.get(code="sales")),
        "bens": make_lead(now=now, owner=cast.ben),
        "cals": make_lead(now=now, owner=cast.cal),
    }


def names(leads, queryset):
    found = set(queryset.values_list("pk", flat=True))
    return {name for name, lead in leads.items() if lead.pk in found}


EVERYBODY = {"marketing", "pool", "bens", "cals"}


@pytest.mark.parametrize(
    ("who", "reads", "writes"),
    [
        ("ann", EVERYBODY, EVERYBODY),
        ("mia", EVERYBODY, {"marketing"}),
        ("ada", {"pool", "bens", "cals"}, {"pool", "bens", "cals"}),
        ("ben", {"bens"}, {"bens"}),
        ("cal", {"cals"}, {"cals"}),
    ],
)
def test_who_reads_and_writes_whom(cast, leads, who, reads, writes):
    user = getattr(cast, who)

    assert names(leads, Lead.objects.visible_to(user)) == reads
    assert names(leads, Lead.objects.changeable_by(user)) == writes
    assert {name for name in leads if can_see_lead(user, leads[name])} == reads
    assert {name for name in leads if can_change_lead(user, leads[name])} == writes


def test_a_stranger_sees_nobody(cast, leads):
    without_role = make_user("zoe")

    for user in (AnonymousUser(), without_role):
        assert names(leads, Lead.objects.visible_to(user)) == set()
        assert names(leads, Lead.objects.changeable_by(user)) == set()


def test_whoever_left_sees_nobody(cast, leads):
    for user in (cast.ann, cast.mia, cast.ada, cast.ben):
        user.is_active = False
        assert names(leads, Lead.objects.visible_to(user)) == set()
        assert names(leads, Lead.objects.changeable_by(user)) == set()


def test_a_rep_who_is_also_manager_has_the_sight_of_both(cast, leads):
    both = make_user("kim", Role.REP, Role.MANAGER)

    assert names(leads, Lead.objects.visible_to(both)) == {"pool", "bens", "cals"}


def test_a_superuser_is_an_admin(cast, leads):
    root = make_user("root", is_superuser=True)

    assert names(leads, Lead.objects.visible_to(root)) == EVERYBODY


def test_visibility_composes_with_other_filters(cast, leads):
    assert names(leads, Lead.objects.exclude(owner=cast.ben).visible_to(cast.ben)) == set()
    assert names(leads, Lead.objects.visible_to(cast.ben).search("pat")) == {"bens"}


def test_tasks_follow_the_lead(cast, leads, now):
    for lead in leads.values():
        Task.objects.create(lead=lead, kind=TaskKind.CALL, title="Call", due_at=now, assignee=cast.ben, created_at=now)

    def seen(user):
        return {name for name, lead in leads.items() if Task.objects.visible_to(user).filter(lead=lead).exists()}

    assert (seen(cast.ben), seen(cast.ada), seen(cast.mia)) == ({"bens"}, {"pool", "bens", "cals"}, EVERYBODY)
