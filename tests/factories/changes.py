"""Change rows as tests read them."""

from leads.models import ChangeRow


def told(*leads, kinds=None, since=0):
    """[(lead, kind, was, became)] of what was told of leads, in order; of all leads and kinds by default."""
    rows = ChangeRow.objects.filter(id__gt=since).order_by("position", "id")
    if leads:
        rows = rows.filter(lead__in=leads)
    if kinds:
        rows = rows.filter(kind__in=kinds)
    return list(rows.values_list("lead", "kind", "was", "became"))


def newest():
    """The number of the newest row, 0 without any."""
    return ChangeRow.objects.order_by("-id").values_list("id", flat=True).first() or 0
