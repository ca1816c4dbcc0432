"""The admin's navigation: by what one comes to do, made of whatever is registered and open to the reader."""

from django.contrib import admin
from django.urls import reverse

from team.roles import may

# Title of a group -> {model: its Material symbol}. What no group names is found under "More".
GROUPS = {
    "Scoring": {
        "scoring.scoringmodel": "leaderboard",
        "scoring.questionset": "quiz",
        "scoring.question": "help",
    },
    "Hand-over": {
        "routing.routingpolicy": "fork_right",
        "routing.assignmentrule": "alt_route",
        "team.pool": "groups",
        "routing.handover": "handshake",
    },
    "Definitions": {
        "leads.stagedefinition": "stairs",
        "leads.fielddefinition": "list_alt",
        "leads.source": "input",
        "leads.campaign": "campaign",
    },
    "Records": {
        "leads.lead": "person",
        "leads.company": "apartment",
    },
    "People": {
        "team.user": "badge",
        "team.absence": "event_busy",
    },
}

# Pages of ours that belong to a group: permission of the role table, title, symbol, route.
PAGES = {"Definitions": (("leads.change_answer", "Answers", "checklist", "web:answer-fields"),)}


def navigation(request):
    """Groups of links in the form Unfold takes; only to lists that `request.user` may see, and no empty group."""
    open_models = {
        model._meta.label_lower: model
        for model, site in admin.site._registry.items()
        if site.has_module_permission(request) and site.has_view_or_change_permission(request)
    }
    named = {label for models in GROUPS.values() for label in models}
    groups = GROUPS | {"More": dict.fromkeys(sorted(open_models.keys() - named), "folder")}
    sidebar = [{"title": "", "items": [_link("Overview", "space_dashboard", "admin:index")]}]
    for title, models in groups.items():
        links = [
            _link(_plural(open_models[label]), icon, f"admin:{label.replace('.', '_')}_changelist")
            for label, icon in models.items()
            if label in open_models
        ]
        links += [_link(*page) for permission, *page in PAGES.get(title, ()) if may(request.user, permission)]
        if links:
            sidebar.append({"title": title, "separator": True, "items": links})
    return sidebar


def _link(title, icon, route):
    return {"title": title, "icon": icon, "link": reverse(route)}


def _plural(model):
    name = str(model._meta.verbose_name_plural)
    return name[:1].upper() + name[1:]
