"""Signs of life."""

import datetime

from insights.models import Heartbeat

KEPT = datetime.timedelta(days=1)


def note_heartbeat(*, process, lane, now) -> None:
    """Writes down that `process` worked in `lane` at `now`; a message that comes late does not turn the clock back.

    Processes that have been silent for a day are forgotten: a worker may have another name at each start.
    """
    name = process[:100]
    Heartbeat.objects.bulk_create([Heartbeat(process=name, lane=lane, seen_at=now)], ignore_conflicts=True)
    Heartbeat.objects.filter(process=name, lane=lane, seen_at__lt=now).update(seen_at=now)
    Heartbeat.objects.filter(seen_at__lt=now - KEPT).delete()
