"""A regrade of everybody: cut into chunks when it is asked for, done by however many workers there are.

Lock order: a run's row before its chunks, a chunk before its leads. A worker holds its chunk alone.
"""

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from jobs.actions import FRESH, fail, hold
from leads.conditions import Vocabulary
from scoring.models import RegradeChunk, RegradeRun, ScoringModel
from scoring.queries import names_days, published_model

CHUNK = 20_000

_CUT = """
WITH cut AS (
    INSERT INTO scoring_regradechunk (run_id, first_lead_id, last_lead_id, leads, changed, failure)
    SELECT %(run)s, min(id), max(id), count(*), 0, ''
    FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) / %(size)s AS number FROM leads_lead) AS numbered
    GROUP BY number ORDER BY number
    RETURNING leads
)
SELECT coalesce(sum(leads), 0) FROM cut
"""


def request_regrade(*, by, now, size=CHUNK) -> RegradeRun:
    """A RegradeRun of everybody by the published model, in chunks of `size` leads; one nobody has begun is reused.

    Without leads it is finished at once. Raises ValidationError when no model is published.
    """
    model = ScoringModel.objects.published().first()
    if model is None:
        raise ValidationError("No scoring model is published.")
    with transaction.atomic():
        waiting = RegradeRun.objects.unfinished().filter(model=model).first()
        if waiting and _is_unbegun(waiting):
            return waiting
        run = RegradeRun.objects.create(model=model, requested_at=now, requested_by=by)
        with connection.cursor() as cursor:
            cursor.execute(_CUT, {"run": run.pk, "size": max(1, size)})
            (run.total,) = cursor.fetchone()
        if not run.total:
            run.finished_at = now
        run.save(update_fields=["total", "finished_at"])
    return run


def regrade_where_days_count(*, by, now) -> RegradeRun | None:
    """request_regrade, where the published model names days: they are others in another zone. Else None."""
    model = published_model()
    if model is None or not names_days(model, Vocabulary.load()):
        return None
    return request_regrade(by=by, now=now)


def claim_regrade_chunk(*, now, run=None) -> RegradeChunk | None:
    """The next RegradeChunk nobody is at, of the oldest unfinished run, or None.

    With a `run`, of that one, and a chunk that failed or was put aside at once. Locked until the caller's transaction
    ends: that is to regrade its leads and call finish_chunk.
    """
    chunks = RegradeChunk.objects.due(now) if run is None else RegradeChunk.objects.undone().filter(run=run)
    return next(iter(hold(chunks.order_by("run__requested_at", "run", "first_lead_id"))), None)


def finish_chunk(*, chunk, leads, changed, now) -> bool:
    """Marks a claimed chunk done, with the numbers of leads looked at and changed; True when it was undone.

    The run itself is finished by finish_runs, once this has committed.
    """
    undone = RegradeChunk.objects.filter(pk=chunk.pk, done_at=None)
    return bool(undone.update(done_at=now, leads=leads, changed=changed, **FRESH))


def finish_runs(*, now) -> int:
    """Finishes the runs without an undone chunk; returns how many. Whoever did the last chunk calls it, or a tick."""
    undone = RegradeChunk.objects.filter(run=OuterRef("pk"), done_at=None)
    return RegradeRun.objects.unfinished().filter(~Exists(undone)).update(finished_at=now)


def fail_chunk(*, chunk, failure, now) -> None:
    """Notes why a chunk could not be done: it is tried again later, or put aside (jobs.actions). The others go on."""
    fail(RegradeChunk.objects.filter(pk=chunk.pk, done_at=None), failure=failure, now=now)


def cancel_regrade(*, run, now) -> bool:
    """Stops a run and waits for the chunks that workers are at; what is done stays. True when it was still going.

    After that nobody grades for this run any more: its undone chunks are gone.
    """
    with transaction.atomic():
        going = RegradeRun.objects.unfinished().filter(pk=run.pk).select_for_update(no_key=True).first()
        if going is None:
            return False
        # First all that are free, so that no worker takes up another while the ones at work are waited for.
        undone = RegradeChunk.objects.filter(run=run, done_at=None)
        list(undone.select_for_update(skip_locked=True).values_list("pk", flat=True))
        undone.delete()
        RegradeRun.objects.filter(pk=run.pk).update(cancelled_at=now)
    return True


def _is_unbegun(run):
    """Whether no chunk is done, being done or was tried. They are locked meanwhile, so that nobody begins."""
    untried = run.chunks.filter(done_at=None, attempts=0).order_by()
    return len(untried.select_for_update(skip_locked=True).values_list("pk", flat=True)) == run.chunks.count()
