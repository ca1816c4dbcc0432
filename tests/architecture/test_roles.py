"""The table in team/roles.py alone says what a role may do; everybody else asks it by the name of a permission."""

import ast
import re

import pytest
from django.contrib.auth.models import Permission

from team.enums import Reach, Role
from team.roles import MAY
from tests.architecture.test_source import SOURCES, TEMPLATES, found_in, nodes

# Who names a role nevertheless, and why.
NAMED = {
    "team/roles.py": "the table itself",
    "team/models.py": "a superuser is an admin, too",
    "demo/staff.py": "makes people, each with a role",
}
# {permission: how far it reaches, once for each role that has it}
GIVEN = {
    name: [permissions[name] for permissions in MAY.values() if name in permissions]
    for name in {name for permissions in MAY.values() for name in permissions}
}


def test_nobody_else_names_a_role():
    def names(path):
        return [
            ast.unparse(node)
            for node in nodes(path)
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "Role" and node.attr in Role.__members__
        ]

    assert found_in(SOURCES, names).keys() == NAMED.keys()


@pytest.mark.django_db
def test_every_permission_of_the_table_and_every_one_asked_for_is_one_that_the_admin_knows():
    known = {f"{label}.{code}" for label, code in Permission.objects.values_list("content_type__app_label", "codename")}
    assert (GIVEN.keys() | asked_for() | asked_for("reach")) - known == set()


def test_every_permission_of_the_table_is_asked_for():
    assert GIVEN.keys() - asked_for() - asked_for("reach") == set()


def test_where_a_permission_reaches_differently_far_somebody_asks_how_far():
    assert {name for name, reach in GIVEN.items() if len(set(reach)) > 1} - asked_for("reach") == set()


@pytest.mark.parametrize("permission", ["leads.change_lead", "leads.export_lead", "leads.assign_lead"])
def test_nobody_does_anything_with_leads_that_she_may_not_read(permission):
    within = {Reach.OWN: {Reach.OWN}, Reach.SALES: {Reach.OWN, Reach.SALES}, Reach.EVERYBODY: set(Reach)}
    for role, permissions in MAY.items():
        if permission in permissions:
            assert permissions[permission] in within[permissions["leads.view_lead"]], role


def asked_for(how="may"):
    """The permissions that somebody asks for: whether a user has one ("may"), or how far it takes her ("reach")."""
    asked = {
        node.value
        for path in SOURCES
        for call in nodes(path)
        if isinstance(call, ast.Call) and how in ast.unparse(call.func)
        for node in call.args
        if isinstance(node, ast.Constant)
    }
    if how == "may":
        asked |= {name for path in TEMPLATES for name in re.findall(r'\|may:"([^"]+)"', path.read_text())}
    return asked
