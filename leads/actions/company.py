"""Companies as an admin edits them; those that arrive by name come through record.companies_by_name."""

from django.db import transaction

from leads.actions.record import refresh_search
from leads.actions.timeline import mark_dirty
from leads.intake.keys import company_key
from leads.models import Lead
from leads.rules import composed


def save_company(*, company, now):
    """Saves a company, new or changed, with the key of its name; its people are found by the new name and scored again.

    Raises IntegrityError when another company has the same key.
    """
    company.name = " ".join(composed(company.name).split())
    company.name_key = company_key(company.name)
    company.created_at = company.created_at or now
    with transaction.atomic():
        people = list(Lead.objects.filter(company=company.pk).values_list("pk", flat=True)) if company.pk else []
        mark_dirty(leads=people, now=now)
        company.save()
        refresh_search(lead_ids=people)
    return company
