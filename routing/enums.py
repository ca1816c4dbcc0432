from django.db import models


class HandoverEnd(models.TextChoices):
    """How a hand-over ended; an open one has none. Acceptance is a fact beside it (docs/adr)."""

    REJECTED = "rejected", "Rejected"
    RETURNED = "returned", "Returned unworked"
    RECALLED = "recalled", "Recalled"
    CONVERTED = "converted", "Converted"
