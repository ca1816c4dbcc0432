from typing import NamedTuple

from django.conf import settings
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from notices.queries import unread
from team.roles import can_own_leads, may


class Entry(NamedTuple):
    """One entry of the navigation. `prefix` is the path under which it is the current one."""

    label: str
    icon: str
    url: str
    prefix: str
    key: str = ""


def navigation(request):
    """The entries of the navigation that the reader's roles may open, the one she stands in, and her bell.

    Queries: none beyond the groups of the user, which every guarded view has read already; the bell, for whoever can
    own leads, takes one where it is shown, which is on whole pages.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"navigation": []}
    entries = _entries(user)
    current = max((entry for entry in entries if request.path.startswith(entry.prefix)), key=_depth, default=None)
    bell = SimpleLazyObject(lambda: unread(user)) if can_own_leads(user) else None
    return {"navigation": entries, "current_entry": current, "bell": bell}


def _depth(entry):
    return len(entry.prefix)


def _entries(user):
    entries = []
    if may(user, "routing.work_queue"):
        entries.append(Entry("My queue", "inbox", reverse("web:queue"), "/queue/", "q"))
    entries.append(Entry("Leads", "users", reverse("web:lead-list"), "/leads/", "l"))
    if may(user, "capture.view_import"):
        entries.append(Entry("Imports", "file-import", reverse("web:import-list"), "/imports/", "i"))
    if may(user, "insights.view_heartbeat"):
        entries.append(Entry("Status", "activity", reverse("web:status"), "/status/"))
    if may(user, "leads.change_answer"):
        entries.append(Entry("Answers", "list-details", reverse("web:answer-fields"), "/answers/"))
    if may(user, "team.change_workspace"):
        entries.append(Entry("Workspace", "building", reverse("web:workspace"), "/workspace/"))
    if settings.MAIL_IS_CAUGHT and may(user, "mail.view_message"):
        entries.append(Entry("Caught mail", "mail", reverse("web:mail-list"), "/mail/"))
    if user.is_staff:
        entries.append(Entry("Admin", "settings", reverse("admin:index"), "/admin/"))
    return entries
