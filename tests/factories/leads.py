"""Small makers of leads and what belongs to them. They write through the actions, as the program does."""

import datetime
import itertools

from django.db import connection
from django.utils import timezone

from leads.actions.answers import define_field
from leads.enums import Disposition, FieldType, Side, SourceKind, Stage
from leads.fields.answers import Answers
from leads.models import Campaign, Lead, Source
from routing.models import Handover, RoutingPolicy
from tests.factories.deeds import create_lead, move_stage, set_disposition

NOW = datetime.datetime(2026, 6, 10, 10, 0, tzinfo=datetime.UTC)
_numbers = itertools.count(1)


FIRST_GRADE = """
INSERT INTO leads_changerow (lead_id, position, kind, at, became, score, model_version)
SELECT id, leads_change_position(), 'grade', scored_at, grade, score, score_version FROM leads_lead WHERE id = %s
"""


def make_lead(
    *,
    now=NOW,
    by=None,
    source=None,
    campaign=None,
    stage=Stage.NAME,
    disposition=Disposition.OPEN,
    grade=None,
    score=0,
    owner=None,
    pool=None,
    **values,
):
    """A lead as create_lead makes it, called Pat Person-N unless `values` says otherwise.

    stage and disposition are reached by a transition each; grade stands for a score under model version 1; with an
    owner or a pool the lead is on the sales side, under an open hand-over.
    """
    number = next(_numbers)
    if not {"first_name", "last_name", "email"} & values.keys():
        values |= {"first_name": "Pat", "last_name": f"Person-{number}", "email": f"pat{number}@example.com"}
    lead = create_lead(values=values, by=by, now=now, source=source, campaign=campaign)
    if stage != Stage.NAME:
        move_stage(leads=[lead], to=stage, reason="Made so", by=by, now=now, check_entry=False)
    if disposition != Disposition.OPEN:
        recycle_on = now.date() if disposition == Disposition.RECYCLED else None
        set_disposition(leads=[lead], to=disposition, reason="Made so", by=by, now=now, recycle_on=recycle_on)
    if grade:
        Lead.objects.filter(pk=lead.pk).update(
            grade=grade, score=score, score_ledger=[score], score_version=1, scored_at=now
        )
        with connection.cursor() as cursor:
            cursor.execute(FIRST_GRADE, [lead.pk])
    if owner or pool:
        give(lead, owner=owner, pool=pool, now=now)
    lead.refresh_from_db()
    return lead


def many(count, **values):
    """`count` marketing-side leads copied from one, each with its first history row."""
    first = make_lead(**values)
    columns = ", ".join(
        f'"{field.column}"' for field in Lead._meta.concrete_fields if field.column not in {"id", "external_id"}
    )
    history = "seq, to_stage, to_disposition, at, reason, definition_id"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO leads_lead (external_id, {columns}) SELECT '', {columns} "
            "FROM leads_lead, generate_series(2, %s) WHERE id = %s",
            [count, first.pk],
        )
        cursor.execute(
            f"INSERT INTO leads_transition (lead_id, {history}) "
            f"SELECT lead.id, {', '.join(f'old.{name}' for name in history.split(', '))} "
            "FROM leads_lead AS lead, leads_transition AS old WHERE old.lead_id = %s AND lead.id <> %s",
            [first.pk, first.pk],
        )
        cursor.execute(
            "INSERT INTO leads_dirtylead (lead_id, marked_at) SELECT id, %s FROM leads_lead ON CONFLICT DO NOTHING",
            [timezone.now()],
        )
    return list(Lead.objects.order_by("pk").values_list("pk", flat=True))


def give(lead, *, owner=None, pool=None, now=NOW):
    """Puts a lead on the sales side under an open hand-over, without asking the routing policy."""
    pool_of_handover = pool or RoutingPolicy.objects.get(is_active=True).default_pool
    assigned = {"owner": owner, "assigned_at": now, "due_at": now + datetime.timedelta(hours=4), "why": "Made so"}
    handover = Handover.objects.create(
        lead=lead, pool=pool_of_handover, handed_at=now, receipt={}, **(assigned if owner else {})
    )
    Lead.objects.filter(pk=lead.pk).update(side=Side.SALES, owner=owner, pool=None if owner else pool)
    lead.refresh_from_db()
    return handover


def make_source(code="website", *, kind=SourceKind.WEBSITE):
    return Source.objects.get_or_create(code=code, defaults={"name": code.replace("-", " ").title(), "kind": kind})[0]


def make_campaign(code="spring", *, source=None, **values):
    return Campaign.objects.create(code=code, name=code.title(), source=source or make_source(), **values)


def make_field(code, type=FieldType.TEXT, *, answers=(), dimension=""):
    """A field with answers of these labels."""
    label = code.replace("_", " ").capitalize()
    return define_field(code=code, label=label, type=type, answers=Answers.new(answers), now=NOW, dimension=dimension)
