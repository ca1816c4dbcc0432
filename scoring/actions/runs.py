"""A regrade of everybody, chunk by chunk, by whichever worker comes first."""

import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q

from leads.models import Lead
from scoring.models import RegradeRun, ScoringModel

LEASE = datetime.timedelta(minutes=5)


def request_regrade(*, by, now):
    """A RegradeRun of everybody by the published model; one that nobody has begun is reused.

    Raises ValidationError when no model is published.
    """
    model = ScoringModel.objects.published().first()
    if model is None:
        raise ValidationError("No scoring model is published.")
    waiting = RegradeRun.objects.filter(
        model=model, done=0, lease_until__isnull=True, finished_at__isnull=True, cancelled_at__isnull=True
    ).first()
    return waiting or RegradeRun.objects.create(
        model=model, requested_at=now, requested_by=by, total=Lead.objects.count()
    )


def claim_regrade_chunk(*, now, size=20_000):
    """(run, lead ids) of the next chunk of the oldest unfinished run, or None when there is nothing to do.

    Use inside one transaction with the regrade and finish_chunk: a killed worker then leaves nothing behind. The run
    is locked until that transaction ends and leased for LEASE beyond a commit. A run without leads left is finished.
    """
    with transaction.atomic():
        run = (
            RegradeRun.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("model")
            .filter(Q(lease_until__isnull=True) | Q(lease_until__lt=now), finished_at=None, cancelled_at=None)
            .order_by("requested_at", "pk")
            .first()
        )
        if run is None:
            return None
        ids = list(
            Lead.objects.filter(pk__gt=run.last_lead_id).order_by("pk").values_list("pk", flat=True)[: max(1, size)]
        )
        if ids:
            run.lease_until = now + LEASE
            run.save(update_fields=["lease_until"])
            return run, ids
        run.finished_at, run.lease_until = now, None
        run.save(update_fields=["finished_at", "lease_until"])
        return claim_regrade_chunk(now=now, size=size)


def finish_chunk(*, run, lead_ids, changed, now):
    """Moves the run on behind `lead_ids`, a chunk it handed out; True when that was still its next chunk.

    Finishes the run when no lead is left. A chunk that was finished before, or a cancelled run, is left as it is.
    """
    last = max(lead_ids)
    moved = RegradeRun.objects.filter(
        pk=run.pk, last_lead_id=run.last_lead_id, finished_at=None, cancelled_at=None
    ).update(
        last_lead_id=last,
        done=F("done") + len(lead_ids),
        changed=F("changed") + changed,
        lease_until=None,
        failure="",
        finished_at=None if Lead.objects.filter(pk__gt=last).exists() else now,
    )
    return bool(moved)


def fail_chunk(*, run, failure, now):
    """Notes why a chunk could not be done; it is tried again when the lease is over."""
    RegradeRun.objects.filter(pk=run.pk).update(failure=str(failure)[:2000], lease_until=now + LEASE)


def cancel_regrade(*, run, now):
    """Stops a run; what it has done stays. True when it was still going."""
    return bool(
        RegradeRun.objects.filter(pk=run.pk, finished_at=None, cancelled_at=None).update(
            cancelled_at=now, lease_until=None
        )
    )
