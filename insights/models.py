from django.db import models


class Heartbeat(models.Model):
    """The last sign of life of a process: written by a task that went all the way through the broker."""

    process = models.CharField(max_length=100, primary_key=True)
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["process"]

    def __str__(self):
        return f"{self.process} at {self.seen_at}"
