import datetime

from django.db import models
from django.db.models import Q

from jobs.enums import Lane
from jobs.models import Leased, Work
from mail.renderers import label_of


class Message(Leased):
    """One message to one person: due, or done, which is sent or (when nobody is behind it) never to be sent.

    A message whose `kind` has a renderer (mail.renderers) gets its words when it is sent, so that no secret lies in a
    row; any other brings subject and text along. `requester` is the network address that asked for it, where a limit
    counts those.
    """

    kind = models.CharField(max_length=50)
    recipient = models.EmailField()
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    requester = models.GenericIPAddressField(null=True)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    # A mail server may be away for an evening.
    WORK = Work(
        name="Mail",
        lane=Lane.MAIL,
        undone=Q(done_at=None),
        asked_at="created_at",
        late_after=datetime.timedelta(minutes=5),
        most_attempts=12,
    )

    class Meta:
        ordering = ["created_at", "pk"]
        indexes = [
            models.Index(fields=["created_at"], name="message_waiting", condition=Q(done_at=None)),
            models.Index(fields=["done_at"], name="message_done", condition=Q(done_at__isnull=False)),
            models.Index(fields=["recipient", "created_at"], name="message_by_recipient"),
            models.Index(
                fields=["requester", "created_at"], name="message_by_requester", condition=Q(requester__isnull=False)
            ),
        ]

    def __str__(self):
        return f"{label_of(self)}, to {self.recipient}"
