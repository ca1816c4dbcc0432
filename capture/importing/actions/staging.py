"""Rows on their way into the tables: COPY into temporary tables, then one statement per table for the whole set."""

import io

from django.db import connection

from capture.activities import IMPORTED
from capture.importing.matching import codes_of
from leads.activities import Because
from leads.intake.copying import columns_of, copying_beside, encode, escape, other_keys_of
from leads.intake.entering import copy_activities, enter_people
from leads.intake.people import COLUMNS, OTHERS, TEXTS, document_of
from leads.intake.resolving import Tables

_NAMES = ", ".join(COLUMNS)
_TYPES = ", ".join([*(f"{name} text" for name in TEXTS), *(f"{name} {kind}" for name, kind in OTHERS.items())])

_STAGE = f"""
DROP TABLE IF EXISTS pg_temp.staged_lead;
CREATE TEMP TABLE staged_lead (lead_id bigint, document text, {_TYPES}) ON COMMIT DROP
"""
# A dry run writes here what an import would write to the leads, so that its later rows see it; gone with the session.
OVERLAY = Tables("overlay_lead", "overlay_otherkey")
_START_OVERLAY = f"""
CREATE TEMP TABLE IF NOT EXISTS overlay_lead (id bigint PRIMARY KEY, touched boolean, {_TYPES});
CREATE INDEX IF NOT EXISTS overlay_email ON overlay_lead (email_key);
CREATE INDEX IF NOT EXISTS overlay_phone ON overlay_lead (phone_key);
CREATE INDEX IF NOT EXISTS overlay_name ON overlay_lead (name_key);
CREATE INDEX IF NOT EXISTS overlay_id ON overlay_lead (external_id);
CREATE TEMP TABLE IF NOT EXISTS overlay_otherkey (
    place bigint GENERATED ALWAYS AS IDENTITY, lead_id bigint, kind text, system text, key text, value text
);
CREATE INDEX IF NOT EXISTS overlay_other_key ON overlay_otherkey (kind, key);
CREATE INDEX IF NOT EXISTS overlay_other_lead ON overlay_otherkey (lead_id);
TRUNCATE overlay_lead, overlay_otherkey
"""
_FORGET_OTHERS = "DELETE FROM overlay_otherkey WHERE lead_id = ANY(%s)"
_COPY_OVERLAY_OTHERS = "COPY overlay_otherkey (lead_id, kind, system, key, value) FROM STDIN"

_UPDATE_LEADS = f"""
UPDATE leads_lead AS lead
SET {", ".join(f"{name} = staged.{name}" for name in COLUMNS)}, changed_at = greatest(%(now)s, lead.changed_at)
FROM staged_lead AS staged
WHERE lead.id = staged.lead_id
"""
_UPDATE_SEARCH = """
INSERT INTO leads_leadsearch (lead_id, document)
SELECT lead_id, document FROM staged_lead WHERE document IS NOT NULL ORDER BY lead_id
ON CONFLICT (lead_id) DO UPDATE SET document = excluded.document
"""
_ADD_OTHER_KEYS = """
INSERT INTO leads_otherkey (lead_id, kind, system, key, value)
SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[])
ON CONFLICT DO NOTHING
"""
_DROP_OTHER_KEYS = """
DELETE FROM leads_otherkey AS other
USING unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) AS dropped (lead_id, kind, system, key)
WHERE (other.lead_id, other.kind, other.system, other.key)
    = (dropped.lead_id, dropped.kind, dropped.system, dropped.key)
"""
# Only the owner of an index may ask for it; where that is somebody else, it takes them in by and by.
_TIDY_SEARCH = """
SELECT gin_clean_pending_list(oid) FROM pg_class
WHERE oid = to_regclass('lead_search_vector') AND pg_has_role(relowner, 'USAGE')
"""
_COPY_ROWS = "COPY capture_importrow (run_id, number, result, lead_id, before) FROM STDIN"
_COPY_PROBLEMS = 'COPY capture_importproblem (run_id, number, "column", message, rejects, raw) FROM STDIN'


def write_chunk(change, *, run, rows, problems) -> None:
    """Writes what the rows of a chunk did, as sets; the change holds the leads that are there already.

    rows: (number, result, MergedLead or None, before or None); new leads get their ids here. problems: (number,
    column, message, rejects, raw cells or None).
    """
    # Each lead once, with the first row that is about her.
    changed, codes = {}, {}
    for number, _, lead, before in rows:
        if lead is not None and lead.is_changed:
            changed.setdefault(lead, number)
            if before and not lead.is_new:
                codes.setdefault(lead, set()).update(codes_of(before))
    new = {lead: number for lead, number in changed.items() if lead.is_new}
    old = {lead: number for lead, number in changed.items() if not lead.is_new}
    reason = Because("imported", {"import": run.pk, "file": run.file_name})
    told = encode(reason.facts)[:-1]
    with connection.cursor() as cursor, copying_beside(cursor) as copy:
        enter_people(
            change,
            list(new),
            reason=reason,
            kind=IMPORTED,
            payloads=[f'{told}, "row": {number}, "new": true}}' for number in new.values()],
            campaign_id=run.campaign_id,
            copy=copy,
        )
        copy(_COPY_ROWS, _row_lines(run.pk, rows))
        if old:
            payloads = [(lead.id, f'{told}, "row": {number}, "new": false}}') for lead, number in old.items()]
            copy_activities(change, payloads, kind=IMPORTED, campaign_id=run.campaign_id, copy=copy)
        if problems := _problem_lines(run.pk, problems):
            copy(_COPY_PROBLEMS, problems)
    if old:
        _update(list(old), change.now)
        _note(change, codes, kinds=[IMPORTED.code])


def put_search_in_order() -> None:
    """Has the search index take in the documents that wait, so that the first search after an import is quick."""
    with connection.cursor() as cursor:
        cursor.execute(_TIDY_SEARCH)


def start_overlay() -> None:
    """An empty overlay for a dry run, in this database session."""
    with connection.cursor() as cursor:
        cursor.execute(_START_OVERLAY)


def end_overlay() -> None:
    """Forgets what the dry run kept."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS overlay_lead, overlay_otherkey")


def write_overlay(leads) -> None:
    """Keeps leads as a dry run left them; new ones get negative ids, in the order of the file."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM overlay_lead WHERE id < 0")
        taken = cursor.fetchone()[0]
        for lead in leads:
            if lead.id is None:
                taken += 1
                lead.id = -taken
        ids = [lead.id for lead in leads]
        cursor.execute("DELETE FROM overlay_lead WHERE id = ANY(%s)", [ids])
        cursor.execute(_FORGET_OTHERS, [ids])
        lines = io.StringIO("".join(f"{lead.id}\tt\t{columns_of(lead)}\n" for lead in leads))
        cursor.copy_expert("COPY overlay_lead FROM STDIN", lines)
        cursor.copy_expert(_COPY_OVERLAY_OTHERS, io.StringIO(other_keys_of(leads)))


def write_restored(change, codes) -> None:
    """Updates held leads, for undo. codes: {lead: the codes of what was put back of her}."""
    leads = list(codes)
    _update(leads, change.now)
    if dropped := [(lead.id, *other[:3]) for lead in leads for other in lead.dropped]:
        with connection.cursor() as cursor:
            cursor.execute(_DROP_OTHER_KEYS, list(map(list, zip(*dropped, strict=True))))
    _note(change, codes)


def _note(change, codes, kinds=()):
    """Notes of each lead what changed, {lead: codes}; those of whom it is the same in one note."""
    alike = {}
    for lead, changed in codes.items():
        alike.setdefault(frozenset(changed), []).append(lead.id)
    for fields, ids in alike.items():
        change.note(ids, fields=fields, kinds=kinds)


def _update(leads, now):
    lines = []
    for lead in leads:
        document = escape(document_of(lead)) if lead.search_changed else "\\N"
        lines.append(f"{lead.id}\t{document}\t{columns_of(lead)}\n")
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        cursor.copy_expert("COPY staged_lead FROM STDIN", io.StringIO("".join(lines)))
        cursor.execute("ANALYZE staged_lead (lead_id)")
        cursor.execute(_UPDATE_LEADS, {"now": now})
        cursor.execute(_UPDATE_SEARCH)
        if others := [(lead.id, *other) for lead in leads for other in lead.others]:
            cursor.execute(_ADD_OTHER_KEYS, list(map(list, zip(*others, strict=True))))


def _row_lines(run_id, rows):
    lines = []
    for number, result, lead, before in rows:
        lead_id = "\\N" if lead is None else lead.id
        was = "\\N" if before is None else escape(encode(before))
        lines.append(f"{run_id}\t{number}\t{result.value}\t{lead_id}\t{was}\n")
    return "".join(lines)


def _problem_lines(run_id, problems):
    lines = []
    for number, column, message, rejects, raw in problems:
        cells = "\\N" if raw is None else escape(encode([_storable(cell) for cell in raw]))
        lines.append(
            "\t".join([str(run_id), str(number), escape(column), escape(message), "ft"[rejects], cells]) + "\n"
        )
    return "".join(lines)


def _storable(cell):
    """jsonb holds neither NUL nor halves of characters."""
    if cell.isascii() and "\0" not in cell:
        return cell[:5000]
    return cell[:5000].replace("\0", "").encode("utf-8", "replace").decode()
