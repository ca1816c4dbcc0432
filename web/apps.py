from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "web"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from web.me.notice_mail import register_notice_mail  # noqa: PLC0415 (models are not loaded before)
        from web.public.account_mail import register_account_mail  # noqa: PLC0415 (models are not loaded before)

        register_account_mail()
        register_notice_mail()
