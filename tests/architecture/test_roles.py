"""The table in team/roles.py alone says what a role may do; everybody else asks it by the name of a permission."""

import ast

import pytest
from django.contrib.auth.models import Permission

from team.enums import Role
from team.roles import MAY
from tests.architecture.test_source import SOURCES, found_in, nodes

# Who names a role nevertheless, and why.
NAMED = {
    "team/roles.py": "the table itself",
    "team/models.py": "a superuser is an admin, too",
    "demo/staff.py": "makes people, each with a role",
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
def test_every_permission_of_the_table_is_one_that_the_admin_knows():
    known = {f"{label}.{code}" for label, code in Permission.objects.values_list("content_type__app_label", "codename")}
    assert {name for permissions in MAY.values() for name in permissions} - known == set()
