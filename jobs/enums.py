from django.db import models


class Lane(models.TextChoices):
    """Kinds of work that never wait for each other; the value is the name of the Celery queue with its bells."""

    SETTLE = "settle", "Settling"
    BULK = "bulk", "Imports and regrades"
    MAIL = "mail", "Mail"
