"""The way back: people whom an import created are removed unless somebody has worked them since, values that it
overwrote are restored where they still stand."""

from django.db.models import Exists, OuterRef, Q

from capture.activities import IMPORTED
from capture.importing.actions.merging import load_leads
from capture.importing.actions.staging import write_restored
from capture.importing.enums import RowResult
from capture.importing.matching import FLAGS
from capture.importing.models import ImportRow
from leads.activities import Trait, codes_with
from leads.changes import changing
from leads.intake import keys
from leads.models import Activity, Company, Lead, Task, Transition
from team.models import Workspace

CHUNK_ROWS = 2000
EXAMPLES = 20


def undo_chunk(*, run, now) -> bool:
    """Undoes the next rows, last row first, in the caller's transaction; True while there is more.

    Keeps account in run.undone: {"next", "removed", "restored", "kept", "examples"}; the caller saves it.
    """
    account = {"next": None, "removed": 0, "restored": 0, "kept": 0, "examples": []} | (run.undone or {})
    rows = ImportRow.objects.filter(run=run, result__in=[RowResult.CREATED, RowResult.UPDATED])
    if account["next"] is not None:
        rows = rows.filter(number__lt=account["next"])
    rows = list(rows.order_by("-number")[:CHUNK_ROWS])
    if not rows:
        run.undone = account
        return False
    account["next"] = rows[-1].number
    with changing(by=None, now=now) as change:
        # Nobody works on them beside this; what is decided about them has to be read after it.
        held = set(change.hold([row.lead_id for row in rows if row.lead_id]))
        rows = [row for row in rows if row.lead_id in held]
        _restore(change, [row for row in rows if row.result == RowResult.UPDATED], account)
        _remove([row for row in rows if row.result == RowResult.CREATED], run, account)
    run.undone = account
    return True


def _restore(change, rows, account):
    """Puts values back of held leads, so that the rows written are the rows that were read."""
    leads = load_leads([row.lead_id for row in rows]) if rows else {}
    region = Workspace.objects.current().phone_region
    changed = {}
    for row in rows:
        lead = leads.get(row.lead_id)
        if lead is None:
            continue
        kept = [code for code, change in (row.before or {}).items() if not _put_back(lead, code, change, region)]
        if len(kept) < len(row.before or {}):
            changed[lead["id"]] = lead
            account["restored"] += 1
        if kept:
            _keep(account, row, f"{', '.join(kept)} changed since")
    if changed:
        _recompute_keys(changed.values())
        write_restored(change, list(changed.values()))


def _put_back(lead, code, change, region):
    """Restores one value where the imported one still stands; False when it does not."""
    if code == "fields":
        mine = {key: old for key, (old, new) in change.items() if lead["fields"].get(key) == new}
        lead["fields"] = {
            key: value for key, value in (lead["fields"] | mine).items() if not (key in mine and value is None)
        }
        return len(mine) == len(change)
    old, new = change
    current = lead[code]
    if code == "others":
        lead["dropped"] = [tuple(other) for other in new if other not in old]
        lead["others"] = [other for other in lead["others"] if other not in lead["dropped"]]
        return True
    if code == "tags":
        added = [tag for tag in new if tag not in old]
        lead["tags"] = [tag for tag in current if tag not in added]
        return True
    if (current.isoformat() if hasattr(current, "isoformat") else current) != new:
        return False
    lead[code] = old
    if code == "phone":
        lead["phone_key"] = keys.phone_key(old, region)
    return True


def _recompute_keys(leads):
    names = dict(
        Company.objects.filter(pk__in={lead["company_id"] for lead in leads if lead["company_id"]}).values_list(
            "pk", "name"
        )
    )
    for lead in leads:
        lead["email_key"] = keys.email_key(lead["email"])
        lead["name_key"] = keys.name_key(lead["first_name"], lead["last_name"])
        lead["company"] = names.get(lead["company_id"], "")
        lead["search_changed"] = True
        for flag in FLAGS:
            lead[flag] = bool(lead[flag])


def _remove(rows, run, account):
    if not rows:
        return
    ids = [row.lead_id for row in rows]
    # A new task takes no mark, only the weakest lock on its lead as it commits: this is what it has to wait for.
    list(Lead.objects.filter(pk__in=ids).order_by("pk").select_for_update().values_list("pk"))
    worked = set(_worked(ids, run).values_list("pk", flat=True))
    for row in rows:
        if row.lead_id in worked:
            _keep(account, row, "worked since")
    free = [lead_id for lead_id in ids if lead_id not in worked]
    account["removed"] += len(free)
    Lead.objects.filter(pk__in=free).delete()


def _worked(ids, run):
    """Those of the leads that somebody or something else has to do with since the import."""
    own = Q(kind__in=codes_with(Trait.AUTOMATIC), actor=None) | Q(kind=IMPORTED.code, payload__import=run.pk)
    touched = Q(Exists(Activity.objects.filter(lead=OuterRef("pk")).exclude(own)))
    touched |= Q(Exists(Task.objects.filter(lead=OuterRef("pk"))))
    touched |= Q(Exists(Transition.objects.filter(lead=OuterRef("pk"), seq__gt=1, actor__isnull=False)))
    touched |= Q(
        Exists(
            ImportRow.objects.filter(lead=OuterRef("pk"), result__in=[RowResult.CREATED, RowResult.UPDATED]).exclude(
                run=run
            )
        )
    )
    handover = Lead._meta.get_field("handovers").related_model
    touched |= Q(
        Exists(
            handover.objects.filter(lead=OuterRef("pk")).exclude(accepted_at__isnull=True, first_touch_at__isnull=True)
        )
    )
    return Lead.objects.filter(touched, pk__in=ids)


def _keep(account, row, why):
    account["kept"] += 1
    if len(account["examples"]) < EXAMPLES:
        account["examples"].append({"row": row.number, "lead": row.lead_id, "why": why})
