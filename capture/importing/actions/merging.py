"""One chunk of rows into the leads: one lookup per kind of key, decisions in memory, writes by set."""

import json
from dataclasses import dataclass, field

from django.db import connection

from capture.importing.actions import staging
from capture.importing.enums import RowResult
from capture.importing.matching import MergedLead, place
from capture.importing.models import Import, ImportRow
from capture.importing.queries import retired_origins
from jobs.postgres import Lock, take_lock
from leads.actions.company import note_company_facts
from leads.actions.record import companies_by_key
from leads.changes import changing
from leads.fields import FIELDS, Key, Merge, ValueType
from leads.intake.keys import name_key
from leads.intake.newcomers import entered, look_again_for_many
from leads.intake.people import COLUMNS, Other
from leads.intake.resolving import STORED, Directory, candidates, known_ids
from leads.queries import known_companies
from team.enums import Reach
from team.models import User
from team.roles import reaches

TRIES = 5

_COLUMNS = ", ".join(f"lead.{name}" for name in COLUMNS)
_OVERLAY_COLUMNS = _COLUMNS.replace("lead.", "overlay_lead.")
_LOAD_OTHERS = "SELECT lead_id, kind, system, key, value FROM leads_otherkey WHERE lead_id = ANY(%(ids)s) ORDER BY id"
_LOAD_OVERLAY_OTHERS = """
SELECT lead_id, kind, system, key, value FROM overlay_otherkey WHERE lead_id = ANY(%(ids)s) ORDER BY place
"""
_LOAD = f"""
SELECT lead.id, company.name, lead.changed_at, lead.side = 'sales',
       EXISTS (SELECT FROM capture_importrow WHERE lead_id = lead.id AND run_id = %(run)s), {_COLUMNS}
FROM leads_lead AS lead LEFT JOIN leads_company AS company ON company.id = lead.company_id
WHERE lead.id = ANY(%(ids)s)
"""
_LOAD_OVERLAY = f"""
SELECT overlay_lead.id, company.name, NULL,
       EXISTS (SELECT FROM leads_lead WHERE id = overlay_lead.id AND side = 'sales'), overlay_lead.touched,
       {_OVERLAY_COLUMNS}
FROM overlay_lead LEFT JOIN leads_company AS company ON company.id = overlay_lead.company_id
WHERE overlay_lead.id = ANY(%(ids)s)
"""
# What is stored, and what the dry run has made of it.
_BOTH = ((_LOAD, _LOAD_OTHERS), (_LOAD_OVERLAY, _LOAD_OVERLAY_OTHERS))
_STATE = "SELECT id, changed_at, side = 'sales' FROM leads_lead WHERE id = ANY(%s)"
_COMPANY_FACTS = {fact.code: fact for fact in FIELDS if fact.merge == Merge.FILLS_COMPANY}


def _fill_companies_statement():
    """Fills what the companies do not know yet; the values of each fact are one list, NULL where there is none.

    Yields of each company that it fills the id and the codes of the facts that are new.
    """
    types, names, filled, missing, told = [], [], [], [], []
    for fact in _COMPANY_FACTS.values():
        name = fact.path.removeprefix("company__")
        is_text = fact.type == ValueType.TEXT
        unknown = f"company.{name} = ''" if is_text else f"company.{name} IS NULL"
        names.append(name)
        types.append("%s::text[]" if is_text else "%s::numeric[]")
        filled.append(f"{name} = CASE WHEN {unknown} THEN coalesce(new.{name}, company.{name}) ELSE company.{name} END")
        missing.append(f"({unknown} AND new.{name} IS NOT NULL)")
        was_unknown = unknown.replace("company.", "before.")
        told.append(f"CASE WHEN {was_unknown} AND new.{name} IS NOT NULL THEN '{fact.code}' END")
    return (
        f"UPDATE leads_company AS company SET {', '.join(filled)} "
        f"FROM unnest(%s::bigint[], {', '.join(types)}) AS new (id, {', '.join(names)}) "
        f"JOIN leads_company AS before ON before.id = new.id "
        f"WHERE company.id = new.id AND ({' OR '.join(missing)}) "
        f"RETURNING company.id, array_remove(ARRAY[{', '.join(told)}], NULL)"
    )


_FILL_COMPANIES = _fill_companies_statement()


class Disturbed(Exception):
    """Somebody kept changing the same leads; the chunk has to be tried again."""


class AnswersChanged(Exception):
    """The answers of a field, or what is retired, are no longer those by which the rows were cleaned."""


@dataclass
class Target:
    """Where rows go and what holds for all of them. `run` None: a dry run, which writes to the overlay alone.

    `by`: whose dry run it is; None is the command line, whose operator may do everything. `sha256`: of the file of a
    dry run, by which rows find the leads that the same file was imported into before. `retired`: the sources and
    campaigns (capture.importing.queries.retired_origins) that the rows may not name, None where they name none.
    """

    plan: object
    run: Import | None = None
    source_id: int | None = None
    campaign_id: int | None = None
    by: User | None = None
    sha256: str = ""
    retired: frozenset | None = None
    virtual_companies: dict = field(default_factory=dict)

    @property
    def may_change_sales(self) -> bool:
        """Leads of the sales side are not marketing's to change, by an import as little as on their pages."""
        by = self.run.created_by if self.run is not None else self.by
        return by is None or Reach.EVERYBODY in reaches(by, "leads.change_lead")


def merge_chunk(rows, target, *, now) -> dict[RowResult, int]:
    """Merges cleaned rows (capture.importing.rows.Row) in the caller's transaction; returns {RowResult: count}.

    Takes the lock that keeps other imports out until the transaction ends, and holds the answers that the rows name.
    Raises AnswersChanged where those are others by now, or other sources and campaigns are retired.
    """
    if target.run is not None:
        take_lock(Lock.IMPORTS)
    before = entered()
    accepted = [row for row in rows if not row.rejected]
    # A new company has a negative id until the leads are held: what is locked, is locked in the order of leads.changes.
    companies = _companies(accepted, target)
    with changing(by=target.run and target.run.created_by, now=now) as change:
        if target.run is not None:
            _hold_answers(change, target.plan)
            if target.retired is not None and target.retired != retired_origins():
                raise AnswersChanged
        for _ in range(TRIES):
            placed, directory = _place(rows, accepted, companies, target)
            if target.run is None or _hold_still(change, directory):
                break
        else:
            raise Disturbed
        if target.run is None:
            staging.write_overlay(list({lead: None for _, _, lead, _ in placed if lead is not None}))
        else:
            made = _bring_companies(accepted, companies, placed, now)
            staging.write_chunk(change, run=target.run, rows=placed, problems=_problems(rows))
            _fill_companies(change, accepted, companies, made=made)
    if target.run is not None:
        _look_again(placed, directory, before)
    counts = dict.fromkeys(RowResult, 0)
    for _, result, _, _ in placed:
        counts[result] += 1
    return counts


def _hold_answers(change, plan):
    mapped = {column.target: column.answers for column in plan.columns if column.is_custom}
    if mapped:
        change.hold_answers()
        if any(mapped.get(field.code, field.answer_list) != field.answer_list for field in change.definitions):
            raise AnswersChanged


def _look_again(placed, directory, before):
    """Raises KnownMeanwhile when somebody else has brought one of the new people since they were looked for."""
    new = {lead for _, result, lead, _ in placed if result is RowResult.CREATED}
    if not new:
        return
    with connection.cursor() as cursor:
        # What is checked at the commit is checked before, so that nobody waits for it.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    others = [other for lead in new for other in lead.others]
    look_again_for_many(
        emails=[*(lead.email_key for lead in new), *(other.key for other in others if other.kind == Key.EMAIL)],
        phones=[*(lead.phone_key for lead in new), *(other.key for other in others if other.kind == Key.PHONE)],
        apart=[*(lead.id for lead in new), *directory.by_id],
        before=before,
    )


def load_leads(ids, *, run_id=None, overlay=False) -> dict[int, MergedLead]:
    """The leads with these ids before any row is merged into them; those of the overlay hide the stored ones."""
    leads = {}
    with connection.cursor() as cursor:
        for statement, of_others in _BOTH if overlay else _BOTH[:1]:
            cursor.execute(statement, {"ids": ids, "run": run_id})
            found = []
            for lead_id, company, changed_at, with_sales, is_met, *columns, fields in cursor.fetchall():
                leads[lead_id] = MergedLead(
                    *columns,
                    json.loads(fields),
                    id=lead_id,
                    company=company or "",
                    read_at=changed_at,
                    with_sales=with_sales,
                    is_met=is_met,
                    is_new=False,
                    is_changed=False,
                    search_changed=False,
                )
                found.append(lead_id)
            cursor.execute(of_others, {"ids": found})
            for lead_id, *other in cursor.fetchall():
                leads[lead_id].others = (*leads[lead_id].others, Other(*other))
    return leads


def _place(rows, accepted, companies, target):
    run_id = target.run and target.run.pk
    previous = _previous_leads(target, rows)
    ids = _candidates(accepted, companies, target) | set(previous.values())
    leads = load_leads(list(ids), run_id=run_id, overlay=target.run is None) if ids else {}
    plan, may_change_sales = target.plan, target.may_change_sales
    directory = Directory(leads.values(), system=plan.external_system, trusts_ids=plan.trusts_ids)
    placed = []
    for row in rows:
        if row.rejected:
            placed.append((row.number, RowResult.REJECTED, None, None))
            continue
        result, lead, before = place(
            row,
            directory,
            company_id=companies.get(row.company_key),
            source_id=target.source_id,
            campaign_id=target.campaign_id,
            name_key=name_key,
            may_change_sales=may_change_sales,
            earlier=directory.by_id.get(previous.get(row.number)),
        )
        placed.append((row.number, result, lead, before))
    return placed, directory


def _previous_leads(target, rows):
    """{row number: lead id} of the last time that this very file was imported."""
    sha256 = target.run.sha256 if target.run is not None else target.sha256
    if not sha256 or not rows:
        return {}
    imports = Import.objects.filter(sha256=sha256, rows_done__gt=0)
    if target.run is not None:
        imports = imports.filter(pk__lt=target.run.pk)
    earlier = imports.order_by("-pk").values("pk")[:1]
    known = ImportRow.objects.filter(
        run_id__in=earlier, number__gte=rows[0].number, number__lte=rows[-1].number, lead__isnull=False
    )
    return dict(known.values_list("number", "lead_id"))


def _companies(rows, target):
    """{company key: id} of the companies that the rows name, with negative ids for new ones.

    Those of a dry run stay from chunk to chunk.
    """
    keys = {row.company_key for row in rows if row.company_key}
    known = known_companies(keys) if keys else {}
    new = target.virtual_companies if target.run is None else {}
    for key in sorted(keys - known.keys()):
        new.setdefault(key, -len(new) - 1)
    return new | known


def _bring_companies(rows, companies, placed, now):
    """Creates the companies that are new, puts their ids in the place of the negative ones, and returns them."""
    names = {}
    for row in rows:
        if companies.get(row.company_key, 1) < 0:
            names.setdefault(row.company_key, row.person.company)
    if not names:
        return set()
    made = companies_by_key(names, now=now)
    ids = {companies[key]: pk for key, pk in made.items()}
    companies |= made
    for _, _, lead, before in placed:
        if lead is not None:
            lead.company_id = ids.get(lead.company_id, lead.company_id)
        if before and "company_id" in before:
            before["company_id"] = [ids.get(pk, pk) for pk in before["company_id"]]
    return set(made.values())


def _candidates(rows, companies, target):
    """Ids of the leads that the rows may be. A row whose external id is known and trusted is nobody else."""
    tables = [STORED] if target.run is not None else [STORED, staging.OVERLAY]
    ids = {row.person.external_id for row in rows}
    known = known_ids(system=target.plan.external_system, ids=ids - {""}, tables=tables)
    if target.plan.trusts_ids:
        rows = [row for row in rows if row.person.external_id not in known]
    return candidates(**_keys_of(rows, companies, target), tables=tables) | set(known.values())


def _keys_of(rows, companies, target):
    """What identifies the people of these rows, beside external ids, as leads.intake.resolving looks for it."""
    people = [row.person for row in rows]
    others = [other for person in people for other in person.others]
    emails = {person.email_key for person in people} | {other.key for other in others if other.kind == Key.EMAIL}
    phones = {person.phone_key for person in people} | {other.key for other in others if other.kind == Key.PHONE}
    bare_names, named = set(), set()
    for row in rows:
        person, key = row.person, row.company_key
        if not person.name_key:
            continue
        if key in companies:
            # Nobody works yet for a company that this chunk brings; for one that a dry run has, somebody may.
            if companies[key] > 0 or target.run is None:
                named.add((companies[key], person.name_key))
        elif not (person.email_key or person.phone_key or person.external_id):
            bare_names.add(person.name_key)
    return {"emails": emails - {""}, "phones": phones - {""}, "bare_names": bare_names, "named": named}


def _hold_still(change, directory):
    """Holds the leads that will change; False when somebody changed one since it was read."""
    expected = {lead.id: (lead.read_at, lead.with_sales) for lead in directory.by_id.values() if lead.is_changed}
    if not expected:
        return True
    change.hold(list(expected))
    with connection.cursor() as cursor:
        cursor.execute(_STATE, [list(expected)])
        return {lead_id: tuple(state) for lead_id, *state in cursor.fetchall()} == expected


def _problems(rows):
    for row in rows:
        raw = row.raw
        for column, message in row.problems:
            yield row.number, column, message, bool(row.rejected), raw
            raw = None


def _fill_companies(change, rows, companies, *, made):
    """The facts of companies that have none yet; the first row that has one says it.

    Notes what is new about everybody who is there. Of the companies just `made` these are people of this chunk.
    """
    facts = {}
    for row in rows:
        if row.company_key and row.company_facts:
            company_id = companies[row.company_key]
            facts[company_id] = row.company_facts | facts.get(company_id, {})
    if facts:
        columns = [[fact.get(code) for fact in facts.values()] for code in _COMPANY_FACTS]
        with connection.cursor() as cursor:
            cursor.execute(_FILL_COMPANIES, [list(facts), *columns])
            filled = cursor.fetchall()
        note_company_facts(change, {company_id: codes for company_id, codes in filled if company_id not in made})
