"""Companies as an admin edits them, and as they go; those that arrive by name come through record.companies_by_name."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from jobs.postgres import Lock, take_lock
from leads.actions.record import refresh_search
from leads.changes import Change, changing
from leads.fields import FIELDS
from leads.intake.keys import company_key
from leads.models import Company, Lead
from leads.rules import composed

_HOLD = "SELECT id FROM leads_company WHERE id = ANY(%s) ORDER BY name_key FOR UPDATE"
_REMOVE = """
DELETE FROM leads_company AS company
WHERE id = ANY(%s) AND edited_at IS NULL AND NOT EXISTS (SELECT FROM leads_lead WHERE company_id = company.id)
"""
# Codes of the fields that are facts of a company, and its columns that hold them.
_FACTS = {field.code: field.path.removeprefix("company__") for field in FIELDS if field.path.startswith("company__")}


def save_company(*, company: Company, by, now) -> Company:
    """Saves a company, new or changed, with the key of its name; its people are found by the new name, and scored again
    where a fact of theirs is another.

    Raises ValidationError of the name, and changes nothing, when another company has the same key.
    """
    company.name = " ".join(composed(company.name).split())
    company.name_key = company_key(company.name)
    company.created_at = company.created_at or now
    company.edited_at = now
    with changing(by=by, now=now) as change:
        if company.pk and not Company.objects.filter(pk=company.pk, name_key=company.name_key).exists():
            # An import may be bringing a company of that name, and need this one for its next row.
            take_lock(Lock.IMPORTS)
        people = change.hold(Lead.objects.filter(company=company.pk)) if company.pk else []
        before = Company.objects.select_for_update().filter(pk=company.pk).values(*_FACTS.values()).first() or {}
        _save(company)
        company.refresh_from_db(fields=list(_FACTS.values()))
        changed = [code for code, name in _FACTS.items() if before.get(name) != getattr(company, name)]
        if people and changed:
            refresh_search(lead_ids=people)
            change.note(people, fields=changed)
    return company


def remove_empty_companies(*, company_ids) -> int:
    """Removes those of these companies that have no people and that nobody has edited; returns how many.

    The caller holds Lock.IMPORTS, and no company. Two statements.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [list(company_ids)])
        held = [pk for (pk,) in cursor.fetchall()]
        # What is decided about them has to be read after whoever was busy with one has committed.
        cursor.execute(_REMOVE, [held])
        return cursor.rowcount


def note_company_facts(change: Change, changed: Mapping[int, Iterable[str]]) -> None:
    """Notes about everybody there which facts, {company id: their codes}, became different. At most one query."""
    if not changed:
        return
    people = defaultdict(list)
    for lead_id, company_id in Lead.objects.filter(company__in=changed).order_by().values_list("pk", "company"):
        people[frozenset(changed[company_id])].append(lead_id)
    for codes, lead_ids in people.items():
        change.note(lead_ids, fields=codes)


def _save(company):
    try:
        with transaction.atomic():
            company.save()
    except IntegrityError as error:
        same = Company.objects.filter(name_key=company.name_key).exclude(pk=company.pk).first()
        if same is None:
            raise
        raise ValidationError({"name": f"This is the same as {same.name}."}) from error
