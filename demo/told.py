"""What the reps have been told so far."""

import datetime

from django.db.models import F, Q

from leads.changes.following import BATCH
from leads.enums import ChangeKind
from leads.models import ChangeRow
from notices.actions import tell_reps
from notices.models import Notice

NEW = datetime.timedelta(hours=8)


def tell_what_happened(*, now):
    """Tells the reps what became of their leads, as the follower would; they have read all but the latest.

    A follower that has begun already finds everything told.
    """
    told = ChangeRow.objects.filter(Q(kind=ChangeKind.OWNER) | Q(kind=ChangeKind.GRADE) & ~Q(was=""))
    rows = list(told.order_by("position", "id"))
    for start in range(0, len(rows), BATCH):
        tell_reps(rows[start : start + BATCH], now=now)
    seen = Q(at__lt=now - NEW) | Q(handover__accepted_at__isnull=False, kind="arrived")
    Notice.objects.filter(pk__in=Notice.objects.filter(seen).values("pk")).update(read_at=F("told_at"))
