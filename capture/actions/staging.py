"""Rows on their way into the tables: COPY into temporary tables, then one statement per table for the whole set."""

import io
import json

from django.db import connection

from leads import rules
from leads.actions.lifecycle import begin_history
from leads.actions.timeline import mark_dirty

TEXTS = (
    "external_system",
    "external_id",
    "first_name",
    "last_name",
    "email",
    "phone",
    "job_title",
    "street",
    "city",
    "region",
    "postal_code",
    "country",
    "website",
    "time_zone",
    "email_key",
    "phone_key",
    "name_key",
)
OTHERS = {
    "company_id": "bigint",
    "source_id": "bigint",
    "campaign_id": "bigint",
    "fields": "jsonb",
    "tags": "varchar[]",
    "do_not_email": "boolean",
    "do_not_call": "boolean",
    "do_not_post": "boolean",
    "contract_on": "date",
    "first_paid_on": "date",
}
COLUMNS = (*TEXTS, *OTHERS)
_NAMES = ", ".join(COLUMNS)
_TYPES = ", ".join([*(f"{name} text" for name in TEXTS), *(f"{name} {kind}" for name, kind in OTHERS.items())])

_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode

_STAGE = f"""
DROP TABLE IF EXISTS pg_temp.staged_lead, pg_temp.staged_row;
CREATE TEMP TABLE staged_lead (lead_id bigint, is_new boolean, document text, row_number bigint, {_TYPES})
    ON COMMIT DROP;
CREATE TEMP TABLE staged_row (number bigint, result text, lead_id bigint, before jsonb) ON COMMIT DROP
"""
# A dry run writes here what an import would write to the leads, so that its later rows see it; gone with the session.
_OVERLAY = f"""
CREATE TEMP TABLE IF NOT EXISTS overlay_lead (id bigint PRIMARY KEY, touched boolean, {_TYPES});
CREATE INDEX IF NOT EXISTS overlay_email ON overlay_lead (email_key);
CREATE INDEX IF NOT EXISTS overlay_phone ON overlay_lead (phone_key);
CREATE INDEX IF NOT EXISTS overlay_name ON overlay_lead (name_key);
CREATE INDEX IF NOT EXISTS overlay_id ON overlay_lead (external_id);
TRUNCATE overlay_lead
"""

_INSERT_LEADS = f"""
INSERT INTO leads_lead (
    id, {_NAMES}, stage, stage_since, disposition, disposition_reason, side, score, grade, score_ledger,
    created_at, changed_at
)
SELECT lead_id, {_NAMES}, 'name', %(now)s, 'open', '', 'marketing', 0, '', '{{}}', %(now)s, %(now)s
FROM staged_lead WHERE is_new ORDER BY lead_id
"""
_UPDATE_LEADS = f"""
UPDATE leads_lead AS lead
SET {", ".join(f"{name} = staged.{name}" for name in COLUMNS)}, changed_at = greatest(%(now)s, lead.changed_at)
FROM staged_lead AS staged
WHERE lead.id = staged.lead_id AND NOT staged.is_new
"""
_INSERT_SEARCH = """
INSERT INTO leads_leadsearch (lead_id, document)
SELECT lead_id, document FROM staged_lead WHERE document IS NOT NULL ORDER BY lead_id
ON CONFLICT (lead_id) DO UPDATE SET document = excluded.document
"""
_INSERT_ACTIVITIES = """
INSERT INTO leads_activity
    (lead_id, kind, occurred_at, recorded_at, actor_id, campaign_id, payload, is_machine)
SELECT lead_id, 'imported', %(now)s, %(now)s, %(actor)s, %(campaign)s,
       jsonb_build_object('import', %(run)s::bigint, 'file', %(file)s::text, 'row', row_number, 'new', is_new), false
FROM staged_lead ORDER BY lead_id
"""
_INSERT_ROWS = """
INSERT INTO capture_importrow (run_id, number, result, lead_id, before)
SELECT %(run)s, number, result, lead_id, before FROM staged_row
"""


def write_chunk(*, run, rows, problems, now):
    """Writes what the rows of a chunk did, as sets, in the caller's transaction.

    rows: (number, result, lead dict or None, before or None); new leads get their ids here. problems: (number,
    column, message, rejects, raw cells or None).
    """
    leads = _changed_leads(rows)
    new = [lead for lead, _ in leads if lead["is_new"]]
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        if new:
            _give_ids(cursor, new)
        if leads:
            cursor.copy_expert("COPY staged_lead FROM STDIN", _lead_lines(leads))
        cursor.copy_expert("COPY staged_row FROM STDIN", _row_lines(rows))
        parameters = {
            "now": now,
            "run": run.pk,
            "file": run.file_name,
            "actor": run.created_by_id,
            "campaign": run.campaign_id,
        }
        if new:
            cursor.execute(_INSERT_LEADS, parameters)
        if len(new) < len(leads):
            cursor.execute("ANALYZE staged_lead (lead_id, is_new)")
            cursor.execute(_UPDATE_LEADS, parameters)
        if leads:
            cursor.execute(_INSERT_SEARCH)
            cursor.execute(_INSERT_ACTIVITIES, parameters)
        cursor.execute(_INSERT_ROWS, parameters)
        if problems:
            columns = '(run_id, number, "column", message, rejects, raw)'
            cursor.copy_expert(f"COPY capture_importproblem {columns} FROM STDIN", _problem_lines(run.pk, problems))
    if new:
        begin_history(
            lead_ids=[lead["id"] for lead in new],
            reason=f"Imported from {run.file_name}"[:200],
            by=run.created_by,
            now=now,
        )


def start_overlay():
    """An empty overlay for a dry run, in this database session."""
    with connection.cursor() as cursor:
        cursor.execute(_OVERLAY)


def end_overlay():
    """Forgets what the dry run kept."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS overlay_lead")


def write_overlay(leads):
    """Keeps leads as a dry run left them; new ones get negative ids, in the order of the file."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM overlay_lead WHERE id < 0")
        taken = cursor.fetchone()[0]
        for lead in leads:
            if lead["id"] is None:
                taken += 1
                lead["id"] = -taken
        cursor.execute("DELETE FROM overlay_lead WHERE id = ANY(%s)", [[lead["id"] for lead in leads]])
        lines = io.StringIO("".join(f"{lead['id']}\tt\t{_columns(lead)}\n" for lead in leads))
        cursor.copy_expert("COPY overlay_lead FROM STDIN", lines)


def write_restored(leads, *, now):
    """Updates leads (dicts of all columns) and marks them dirty, for undo."""
    mark_dirty(leads=[lead["id"] for lead in leads], now=now)
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        cursor.copy_expert("COPY staged_lead FROM STDIN", _lead_lines([(lead, 0) for lead in leads]))
        cursor.execute(_UPDATE_LEADS, {"now": now})
        cursor.execute(_INSERT_SEARCH)


def _changed_leads(rows):
    """The (lead, first row number) pairs to be written, each lead once."""
    leads = {}
    for number, _, lead, _ in rows:
        if lead is not None and lead["changed"]:
            leads.setdefault(id(lead), (lead, number))
    return list(leads.values())


def _give_ids(cursor, leads):
    cursor.execute(
        "SELECT nextval(pg_get_serial_sequence('leads_lead', 'id')) FROM generate_series(1, %s)", [len(leads)]
    )
    for lead, (lead_id,) in zip(leads, cursor.fetchall(), strict=True):
        lead["id"] = lead_id


def _lead_lines(leads):
    lines = []
    for lead, number in leads:
        document = _escape(_document(lead)) if lead["search_changed"] else "\\N"
        lines.append(f"{lead['id']}\t{'t' if lead['is_new'] else 'f'}\t{document}\t{number}\t{_columns(lead)}\n")
    return io.StringIO("".join(lines))


def _document(lead):
    """As leads.rules.search_document has it; a new lead's folded name and company are known already."""
    company_key = lead.get("company_key", "")
    if lead["is_new"] and len(lead["name_key"]) < 200 and len(company_key) < 200:
        key = lead["phone_key"]
        digits = "".join(filter(str.isdigit, lead["phone"])) if lead["phone"] else ""
        words = f"{lead['name_key']} {rules.fold(lead['email'])} {company_key} {key[1:] or digits} {digits.lstrip('0')}"
        return " ".join(dict.fromkeys(words.split()))
    return rules.search_document(
        first_name=lead["first_name"],
        last_name=lead["last_name"],
        email=lead["email"],
        company=lead.get("company") or "",
        phone=lead["phone"],
        phone_key=lead["phone_key"],
    )


def _columns(lead):
    """The columns of a lead as COPY reads them, tabs between."""
    texts = "\t".join([lead[name] for name in TEXTS])
    if "\\" in texts or texts.count("\t") != len(TEXTS) - 1 or "\n" in texts or "\r" in texts:
        texts = "\t".join([_escape(lead[name]) for name in TEXTS])
    fields = _encode(lead["fields"]).replace("\\", "\\\\") if lead["fields"] else "{}"
    tags = _array(lead["tags"]) if lead["tags"] else "{}"
    return (
        f"{texts}\t{_number(lead['company_id'])}\t{_number(lead['source_id'])}\t{_number(lead['campaign_id'])}\t"
        f"{fields}\t{tags}\t{lead['do_not_email']:d}\t{lead['do_not_call']:d}\t{lead['do_not_post']:d}\t"
        f"{_number(lead['contract_on'])}\t{_number(lead['first_paid_on'])}"
    )


def _row_lines(rows):
    lines = []
    for number, result, lead, before in rows:
        lead_id = "\\N" if lead is None else lead["id"]
        was = "\\N" if before is None else _escape(_encode(before))
        lines.append(f"{number}\t{result.value}\t{lead_id}\t{was}\n")
    return io.StringIO("".join(lines))


def _problem_lines(run_id, problems):
    lines = []
    for number, column, message, rejects, raw in problems:
        cells = "\\N" if raw is None else _escape(_encode([_storable(cell) for cell in raw]))
        lines.append(
            "\t".join([str(run_id), str(number), _escape(column), _escape(message), "ft"[rejects], cells]) + "\n"
        )
    return io.StringIO("".join(lines))


def _storable(cell):
    """jsonb holds neither NUL nor halves of characters."""
    if cell.isascii() and "\0" not in cell:
        return cell[:5000]
    return cell[:5000].replace("\0", "").encode("utf-8", "replace").decode()


def _number(value):
    return "\\N" if value is None else value


def _array(words):
    quoted = ('"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in words)
    return _escape("{" + ",".join(quoted) + "}")


def _escape(text):
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
