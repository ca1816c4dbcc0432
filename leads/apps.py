from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class LeadsConfig(AppConfig):
    name = "leads"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        # Every room declares its kinds of activity in a module of this name, and none below has to know of it.
        autodiscover_modules("activities")
