from django.apps import AppConfig
from django.db.models.signals import post_migrate


def make_roles(app_config, **kwargs):
    from team.actions import sync_roles  # noqa: PLC0415 (models are not loaded yet when this module is)

    if app_config.label == "web":
        sync_roles()


class TeamConfig(AppConfig):
    name = "team"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        # Permissions exist only once migrate has made them, app by app in the order of INSTALLED_APPS: web is last.
        post_migrate.connect(make_roles, dispatch_uid="team.roles")
