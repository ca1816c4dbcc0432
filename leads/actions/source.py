"""Sources as an admin edits them."""

from leads.changes import changing
from leads.models import Lead, Source


def save_source(*, source: Source, by, now) -> Source:
    """Saves a source, new or changed; where it is of another kind, whoever came from there is scored again."""
    with changing(by=by, now=now) as change:
        before = Source.objects.select_for_update().filter(pk=source.pk).first()
        source.save()
        if before is not None and before.kind != source.kind:
            change.note(Lead.objects.filter(source=source), fields=["source_kind"])
    return source
