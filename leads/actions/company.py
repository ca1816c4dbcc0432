"""Companies as an admin edits them; those that arrive by name come through record.companies_by_name."""

from django.db import transaction

from leads import rules
from leads.actions.record import refresh_search
from leads.actions.timeline import mark_dirty
from leads.models import Lead


def save_company(*, company, now):
    """Saves a company, new or changed, with its folded name; its people are found by the new name and scored again.

    Raises IntegrityError when another company has the same folded name.
    """
    company.name = " ".join(company.name.split())
    company.name_key = rules.company_key(company.name)
    company.created_at = company.created_at or now
    with transaction.atomic():
        people = list(Lead.objects.filter(company=company.pk).values_list("pk", flat=True)) if company.pk else []
        mark_dirty(leads=people, now=now)
        company.save()
        refresh_search(lead_ids=people)
    return company
