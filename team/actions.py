from django.contrib.auth.models import Group, Permission

from team.enums import Role

# What each role may do, as Django permissions. What it may see is a queryset (visible_to), not a permission.
PERMISSIONS = {
    Role.REP: {"leads.change_lead", "leads.add_lead"},
    Role.MANAGER: {"leads.change_lead", "leads.add_lead", "leads.assign_lead", "leads.export_lead"},
    Role.MARKETER: {
        "leads.change_lead",
        "leads.add_lead",
        "leads.export_lead",
        "capture.view_import",
        "capture.add_import",
        "capture.change_import",
    },
}


def sync_roles():
    """Makes the four groups and gives each exactly its permissions; an admin gets all there are. Safe to repeat."""
    known = {
        f"{label}.{codename}": pk
        for pk, label, codename in Permission.objects.values_list("pk", "content_type__app_label", "codename")
    }
    for role in Role:
        group, _ = Group.objects.get_or_create(name=role.value)
        wanted = PERMISSIONS.get(role, known.keys())
        group.permissions.set(known[name] for name in wanted if name in known)
