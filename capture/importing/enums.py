from django.db import models


class ImportStatus(models.TextChoices):
    UPLOADED = "uploaded", "To be mapped"
    READY = "ready", "Waiting to start"
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    DONE = "done", "Done"
    FAILED = "failed", "Could not be read"
    CANCELLED = "cancelled", "Cancelled"
    UNDOING = "undoing", "Being undone"
    UNDONE = "undone", "Undone"


class RowResult(models.TextChoices):
    CREATED = "created", "Created"
    UPDATED = "updated", "Updated"
    UNCHANGED = "unchanged", "Unchanged"
    REJECTED = "rejected", "Rejected"


class KeptWhy(models.TextChoices):
    """Why undoing left something as it is."""

    WORKED = "worked", "Somebody has worked on this person since"
    LATER = "later", "A later import has brought more of this person"
    CHANGED = "changed", "Changed since"
    WITH_SALES = "with_sales", "With sales, so not marketing's to change"
