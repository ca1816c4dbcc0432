from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class LeadsConfig(AppConfig):
    name = "leads"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        # Every room declares its kinds of activity, what conditions may ask of it, and who there follows the changes
        # of leads, in modules of these names, and none below has to know of it.
        autodiscover_modules("activities", "conditions", "followers")
        from leads.conditions import check_dependencies  # noqa: PLC0415 (there are no models before this)

        check_dependencies()
