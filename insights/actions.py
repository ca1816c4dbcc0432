"""Signs of life."""

from insights.models import Heartbeat


def note_heartbeat(*, process, now):
    """Writes down that `process` was alive at `now`; a message that comes late does not turn the clock back."""
    name = process[:100]
    Heartbeat.objects.bulk_create([Heartbeat(process=name, seen_at=now)], ignore_conflicts=True)
    Heartbeat.objects.filter(process=name, seen_at__lt=now).update(seen_at=now)
