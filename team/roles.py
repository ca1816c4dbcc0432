"""The one table of what a role may do, and with which leads. Pages, actions, admin and API read it: nobody else names a
role (tests/architecture/test_roles.py)."""

from team.enums import Reach, Role

# {role: {permission: how far it reaches}}. Permissions are Django's, so that the admin asks for the same names. An
# admin may do everything with everybody. A rep reads and writes the leads that are hers now, a manager all that are
# with sales; a marketer reads everybody and leaves to sales what is with sales.
MAY = {
    Role.REP: {
        "leads.view_lead": Reach.OWN,
        "leads.change_lead": Reach.OWN,
        "leads.add_lead": Reach.EVERYBODY,
        "routing.read_handover": Reach.OWN,
        "routing.work_queue": Reach.OWN,
    },
    Role.MANAGER: {
        "leads.view_lead": Reach.SALES,
        "leads.change_lead": Reach.SALES,
        "leads.add_lead": Reach.EVERYBODY,
        "leads.assign_lead": Reach.SALES,
        "leads.overrule_stage": Reach.SALES,
        "leads.export_lead": Reach.SALES,
        "routing.read_handover": Reach.EVERYBODY,
    },
    Role.MARKETER: {
        "leads.view_lead": Reach.EVERYBODY,
        "leads.change_lead": Reach.MARKETING,
        "leads.add_lead": Reach.EVERYBODY,
        "leads.export_lead": Reach.EVERYBODY,
        "leads.write_condition": Reach.EVERYBODY,
        "routing.read_handover": Reach.EVERYBODY,
        "capture.view_import": Reach.EVERYBODY,
        "capture.add_import": Reach.EVERYBODY,
        "capture.change_import": Reach.EVERYBODY,
    },
}


def reaches(user, permission: str) -> set[Reach]:
    """How far a permission takes the user, one for each of her roles that has it; empty for a stranger."""
    if not user.is_authenticated or not user.is_active:
        return set()
    if Role.ADMIN in user.roles:
        return {Reach.EVERYBODY}
    return {MAY[role][permission] for role in user.roles if permission in MAY[role]}


def may(user, permission: str) -> bool:
    """Whether any role of the user has the permission, however far it reaches."""
    return bool(reaches(user, permission))


def roles_that_may(permission: str) -> set[Role]:
    return {Role.ADMIN} | {role for role, permissions in MAY.items() if permission in permissions}


# Those whose leads are hers: such a person is given leads, and told about them.
LEAD_OWNERS = frozenset(role for role in MAY if MAY[role].get("leads.change_lead") == Reach.OWN)


def can_own_leads(user) -> bool:
    """Whether the user has one of the roles of LEAD_OWNERS."""
    return not user.roles.isdisjoint(LEAD_OWNERS)
