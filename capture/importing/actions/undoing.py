"""The way back: people whom an import created are removed unless somebody has worked them since, values that it
overwrote are restored where they still stand, and companies that it made go where they have no people and nobody has
edited them. Whom the user who asks may not change stays as she is, and so do the facts that it filled in of companies,
as nobody wrote down which those were.

To undo once more what is undone changes nothing, but for those who were out of reach the first time, and those of whom
a later import had brought more, which is undone as well by now.
"""

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When

from capture.activities import IMPORTED
from capture.importing.actions.merging import load_leads
from capture.importing.actions.staging import write_restored
from capture.importing.enums import ImportStatus, KeptWhy, RowResult
from capture.importing.matching import codes_of
from capture.importing.models import Import, ImportRow
from jobs.postgres import Lock, take_lock
from leads.actions.company import remove_empty_companies
from leads.actions.removal import remove_leads
from leads.activities import Trait, codes_with
from leads.changes import changing
from leads.intake import keys
from leads.intake.people import Other
from leads.models import Activity, Company, ExternalId, Lead, Task, Transition
from team.models import User, Workspace

CHUNK_ROWS = 2000
EXAMPLES = 20
_KEYS = ("email_key", "phone_key")
_ID = ("external_id", "external_system")
BEGUN = {"next": None, "kept": 0, "with_sales": 0, "examples": []}


def undo_begun(*, run, by) -> dict:
    """The account (see undo_chunk) of an undoing that `by` asks for, None being the command line."""
    done = run.undone or {}
    return BEGUN | {"by": by and by.pk} | {name: done.get(name, 0) for name in ("removed", "restored", "companies")}


def built_upon(run) -> QuerySet[Import]:
    """The imports before this one that were undone, and had to keep something of somebody whom this one has changed."""
    rows = ImportRow.objects.filter(lead__isnull=False, result__in=[RowResult.CREATED, RowResult.UPDATED])
    shared = rows.filter(run=OuterRef("pk"), lead__in=rows.filter(run=run).values("lead"))
    return Import.objects.filter(Exists(shared), pk__lt=run.pk, status=ImportStatus.UNDONE, undone__kept__gt=0)


def undo_chunk(*, run, now) -> bool:
    """Undoes the next rows, last row first, in the caller's transaction; True while there is more.

    Keeps account in run.undone, which the caller saves: {"by": id of the user who asked, "next", "removed",
    "restored", "companies": how many were removed, "kept", "with_sales": how many of the kept may not be changed,
    "examples": [{"row", "lead", "why": a KeptWhy, "fields": columns and codes of custom fields that changed}]}.
    """
    account = BEGUN | {"by": run.created_by_id, "removed": 0, "restored": 0, "companies": 0} | (run.undone or {})
    rows = ImportRow.objects.filter(run=run, result__in=[RowResult.CREATED, RowResult.UPDATED])
    if account["next"] is not None:
        rows = rows.filter(number__lt=account["next"])
    rows = list(rows.order_by("-number")[:CHUNK_ROWS])
    if not rows:
        run.undone = account
        return False
    account["next"] = rows[-1].number
    by = User.objects.get(pk=account["by"]) if account["by"] else None
    # An import may be bringing people of a company that is about to go.
    take_lock(Lock.IMPORTS)
    with changing(by=by, now=now) as change:
        # Nobody works on them beside this; what is decided about them has to be read after it.
        writable = set(change.writable_ids([row.lead_id for row in rows if row.lead_id]))
        for row in rows:
            if row.lead_id in change.held - writable:
                account["with_sales"] += 1
                _keep(account, row, KeptWhy.WITH_SALES)
        rows = [row for row in rows if row.lead_id in writable]
        made = _companies_made(rows, run)
        _restore(change, [row for row in rows if row.result == RowResult.UPDATED], account)
        _remove([row for row in rows if row.result == RowResult.CREATED], run, account, change)
        if made:
            account["companies"] += remove_empty_companies(company_ids=made)
    run.undone = account
    return True


def _companies_made(rows, run):
    """The companies that the import made for the people of these rows, as far as nobody has edited them.

    A chunk makes companies and enters people at one and the same moment.
    """
    ids = [row.lead_id for row in rows]
    brought = {row.before["company_id"][1] for row in rows if row.before and "company_id" in row.before}
    if not ids:
        return []
    imported = Activity.objects.filter(lead__in=ids, kind=IMPORTED.code, payload__import=run.pk)
    named = Q(pk__in=brought) | Q(pk__in=Lead.objects.filter(pk__in=ids, company__isnull=False).values("company"))
    moments = list(imported.values_list("recorded_at", flat=True).distinct())
    return list(Company.objects.filter(named, created_at__in=moments, edited_at=None).values_list("pk", flat=True))


def _restore(change, rows, account):
    """Puts values back of held leads, so that the rows written are the rows that were read."""
    leads = load_leads([row.lead_id for row in rows]) if rows else {}
    region = Workspace.objects.current().phone_region
    elsewhere = _ids_elsewhere(rows, leads)
    change.hold_answers()
    answers = {field.code: field.answer_list for field in change.definitions if field.answer_list}
    changed = {}
    for row in rows:
        lead = leads.get(row.lead_id)
        if lead is None:
            continue
        stays = _ID if row.number in elsewhere else ()
        before = {code: change for code, change in (row.before or {}).items() if code not in stays}
        gone = _take_out_deleted(before, answers)
        put_back, kept = _put_all_back(lead, before, region)
        kept += [*stays, *gone]
        if put_back:
            changed.setdefault(lead, set()).update(codes_of(put_back))
            account["restored"] += 1
        if kept:
            _keep(account, row, KeptWhy.CHANGED, kept)
    if changed:
        _complete(changed)
        write_restored(change, changed)


def _ids_elsewhere(rows, leads):
    """The numbers of the rows whose external id of before has come to another lead since."""
    before = {}
    for row in rows:
        old = (row.before or {}).get("external_id", [""])[0]
        if old and row.lead_id in leads:
            system = row.before.get("external_system", [leads[row.lead_id].external_system])[0]
            before[row.number] = (system, old), row.lead_id
    known = ExternalId.objects.filter(key__in={key for (_, key), _ in before.values()}) if before else []
    owners = {(each.system, each.key): each.lead_id for each in known}
    return {number for number, (pair, lead_id) in before.items() if owners.get(pair, lead_id) != lead_id}


def _take_out_deleted(before, answers):
    """Leaves out of `before` the fields whose old answer has been deleted since; returns their codes."""
    fields = before.get("fields", {})
    gone = [
        code
        for code, (old, _) in fields.items()
        if code in answers and not all(map(answers[code].get, old if isinstance(old, list) else filter(None, [old])))
    ]
    if gone:
        before["fields"] = {code: change for code, change in fields.items() if code not in gone}
    return gone


def _put_all_back(lead, before, region):
    """Restores the values where the imported ones still stand: (what of `before`, codes of those changed since)."""
    put_back, kept = {}, []
    for code, change in before.items():
        if code == "fields":
            for key, (old, new) in change.items():
                current = lead.fields.get(key)
                if current == new != old:
                    lead.fields = {name: value for name, value in lead.fields.items() if name != key}
                    lead.fields |= {} if old is None else {key: old}
                    put_back.setdefault("fields", {})[key] = [old, new]
                elif current != old:
                    kept.append(key)
        elif code in ("others", "tags"):
            if _take_out(lead, code, *change):
                put_back[code] = change
        elif code in _KEYS:
            # It goes with what it is the key of.
            continue
        elif _plain(getattr(lead, code)) == change[1] != change[0]:
            _put_back(lead, code, before, region)
            put_back[code] = change
        elif _plain(getattr(lead, code)) != change[0]:
            kept.append(code)
    return put_back, kept


def _take_out(lead, code, old, new):
    """Takes out of a list what the import added; whether any of it was still there."""
    added = [each for each in new if each not in old]
    if code == "others":
        added = [Other(*other) for other in added]
        lead.dropped += added
    there = getattr(lead, code)
    setattr(lead, code, [each for each in there if each not in added])
    return len(getattr(lead, code)) < len(there)


def _put_back(lead, code, before, region):
    old = before[code][0]
    setattr(lead, code, old)
    # What was made of a number is no longer made of it once the phone region is another one.
    if (key := f"{code}_key") in before:
        setattr(lead, key, before[key][0])
    # Rows of before do not say which key it was.
    elif code == "email":
        lead.email_key = keys.email_key(old)
    elif code == "phone":
        lead.phone_key = keys.phone_key(old, region)


def _plain(value):
    return value.isoformat() if hasattr(value, "isoformat") else value


def _complete(leads):
    """Makes of what was put back what follows from it: key of the name, name of the company, words of search."""
    names = dict(
        Company.objects.filter(pk__in={lead.company_id for lead in leads if lead.company_id}).values_list("pk", "name")
    )
    for lead in leads:
        lead.name_key = keys.name_key(lead.first_name, lead.last_name)
        lead.company = names.get(lead.company_id, "")
        lead.search_changed = True


def _remove(rows, run, account, change):
    if not rows:
        return
    ids = [row.lead_id for row in rows]
    # A new task takes no mark, only the weakest lock on its lead as it commits: this is what it has to wait for.
    list(Lead.objects.filter(pk__in=ids).order_by("pk").select_for_update().values_list("pk"))
    kept = _kept(ids, run)
    for row in rows:
        if row.lead_id in kept:
            _keep(account, row, kept[row.lead_id])
    free = [lead_id for lead_id in ids if lead_id not in kept]
    account["removed"] += len(free)
    remove_leads(change, leads=Lead.objects.filter(pk__in=free), facts={"undone_import": run.file_name})


def _kept(ids, run):
    """{lead id: why she stays} of those that somebody or something else has to do with since the import."""
    others = ImportRow.objects.filter(result__in=[RowResult.CREATED, RowResult.UPDATED]).exclude(run=run)
    # What was undone counts nowhere.
    undone = others.filter(lead__in=ids, run__status=ImportStatus.UNDONE).order_by().values_list("run").distinct()
    imports = Q(kind=IMPORTED.code, payload__import__in=[run.pk, *(pk for (pk,) in undone)])
    own = Q(kind__in=codes_with(Trait.AUTOMATIC), actor=None) | Q(kind=IMPORTED.code)
    handover = Lead._meta.get_field("handovers").related_model
    worked = (
        Q(Exists(Activity.objects.filter(lead=OuterRef("pk")).exclude(own)))
        | Q(Exists(Task.objects.filter(lead=OuterRef("pk"))))
        | Q(Exists(Transition.objects.filter(lead=OuterRef("pk"), seq__gt=1, actor__isnull=False)))
        | Q(
            Exists(
                handover.objects.filter(lead=OuterRef("pk")).exclude(
                    accepted_at__isnull=True, first_touch_at__isnull=True
                )
            )
        )
    )
    more = Q(Exists(others.filter(lead=OuterRef("pk")).exclude(run__status=ImportStatus.UNDONE)))
    more |= Q(Exists(Activity.objects.filter(lead=OuterRef("pk"), kind=IMPORTED.code).exclude(imports)))
    why = Case(When(worked, then=Value(KeptWhy.WORKED)), When(more, then=Value(KeptWhy.LATER)))
    found = Lead.objects.filter(pk__in=ids).order_by().annotate(why=why).filter(why__isnull=False)
    return {pk: KeptWhy(code) for pk, code in found.values_list("pk", "why")}


def _keep(account, row, why, fields=()):
    account["kept"] += 1
    if len(account["examples"]) < EXAMPLES:
        account["examples"].append(
            {"row": row.number, "lead": row.lead_id, "why": why.value} | ({"fields": list(fields)} if fields else {})
        )
