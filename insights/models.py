from django.db import models


class Heartbeat(models.Model):
    """The last sign of life of a process in a lane: written by a task that went all the way through the broker."""

    process = models.CharField(max_length=100)
    lane = models.CharField(max_length=10)
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["lane", "process"]
        constraints = [models.UniqueConstraint(fields=["process", "lane"], name="heartbeat_once_in_a_lane")]

    def __str__(self):
        return f"{self.process} in {self.lane} at {self.seen_at}"
