"""Rows on their way into the tables: COPY into temporary tables, then one statement per table for the whole set."""

import functools
import io
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.db import connection
from django.db.models import DateTimeField

from capture.activities import IMPORTED
from capture.importing.columns import CHANGED, COLUMNS, OTHERS, TEXTS
from leads import rules
from leads.actions.lifecycle import begin_new_histories
from leads.activities import Because
from leads.fields import Key
from leads.models import Lead

_NAMES = ", ".join(COLUMNS)
_TYPES = ", ".join([*(f"{name} text" for name in TEXTS), *(f"{name} {kind}" for name, kind in OTHERS.items())])

_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode

_STAGE = f"""
DROP TABLE IF EXISTS pg_temp.staged_lead;
CREATE TEMP TABLE staged_lead (lead_id bigint, document text, {_TYPES}) ON COMMIT DROP
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
_NEW_IDS = """
SELECT nextval(sequence) FROM (SELECT pg_get_serial_sequence('leads_lead', 'id')::regclass AS sequence OFFSET 0) AS one
CROSS JOIN generate_series(1, %s)
"""
# Only the owner of an index may ask for it; where that is somebody else, it takes them in by and by.
_TIDY_SEARCH = """
SELECT gin_clean_pending_list(oid) FROM pg_class
WHERE oid = to_regclass('lead_search_vector') AND pg_has_role(relowner, 'USAGE')
"""

# What a new lead has beside the columns of the file: nobody's, unscored, at the first stage since now.
_FIRST = [
    field for field in Lead._meta.concrete_fields if not (field.null or field.primary_key or field.attname in COLUMNS)
]
_COPY_LEADS = f"COPY leads_lead (id, {_NAMES}, {', '.join(field.attname for field in _FIRST)}) FROM STDIN"
_COPY_SEARCH = "COPY leads_leadsearch (lead_id, document) FROM STDIN"
_COPY_ACTIVITIES = """
COPY leads_activity (lead_id, kind, occurred_at, recorded_at, actor_id, campaign_id, payload, is_machine) FROM STDIN
"""
_COPY_ROWS = "COPY capture_importrow (run_id, number, result, lead_id, before) FROM STDIN"
_COPY_PROBLEMS = 'COPY capture_importproblem (run_id, number, "column", message, rejects, raw) FROM STDIN'


def write_chunk(change, *, run, rows, problems) -> None:
    """Writes what the rows of a chunk did, as sets; the change holds the leads that are there already.

    rows: (number, result, lead dict or None, before or None); new leads get their ids here. problems: (number,
    column, message, rejects, raw cells or None).
    """
    leads = _changed_leads(rows)
    new = [pair for pair in leads if pair[0]["is_new"]]
    old = [lead for lead, _ in leads if not lead["is_new"]]
    with connection.cursor() as cursor, _copying(cursor) as copy:
        # What is quick to put into words comes first: the database is busy with it while the rest is put into words.
        if new:
            _give_ids(cursor, [lead for lead, _ in new])
            begin_new_histories(
                change,
                lead_ids=[lead["id"] for lead, _ in new],
                reason=Because("imported", {"import": run.pk, "file": run.file_name}),
                copy=copy,
            )
        copy(_COPY_ROWS, _row_lines(run.pk, rows))
        if leads:
            copy(_COPY_ACTIVITIES, _activity_lines(leads, run, change.now))
        if new:
            copy(_COPY_SEARCH, "".join([f"{lead['id']}\t{_escape(_document(lead))}\n" for lead, _ in new]))
            copy(_COPY_LEADS, _new_lines(new, change.now))
        if problems := _problem_lines(run.pk, problems):
            copy(_COPY_PROBLEMS, problems)
    if others := [(lead["id"], *other) for lead, _ in leads for other in lead["others"]]:
        with connection.cursor() as cursor:
            cursor.execute(_ADD_OTHER_KEYS, list(map(list, zip(*others, strict=True))))
    if old:
        with connection.cursor() as cursor:
            _update(cursor, old, change.now)
        change.note([lead["id"] for lead in old], fields=CHANGED, kinds=[IMPORTED.code])


@contextmanager
def _copying(cursor):
    """A function (statement, text) that has the text copied into the database by a thread, in the order given.

    The context ends when all of it is there, or with the first error. Until then the connection is the thread's.
    """
    errors = cursor.db.wrap_database_errors

    def copy(statement, text):
        with errors:
            cursor.copy_expert(statement, io.StringIO(text))

    with ThreadPoolExecutor(max_workers=1) as thread:
        copies = []
        yield lambda statement, text: copies.append(thread.submit(copy, statement, text))
        for each in copies:
            each.result()


def put_search_in_order() -> None:
    """Has the search index take in the documents that wait, so that the first search after an import is quick."""
    with connection.cursor() as cursor:
        cursor.execute(_TIDY_SEARCH)


def start_overlay() -> None:
    """An empty overlay for a dry run, in this database session."""
    with connection.cursor() as cursor:
        cursor.execute(_OVERLAY)


def end_overlay() -> None:
    """Forgets what the dry run kept."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS overlay_lead")


def write_overlay(leads) -> None:
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


def write_restored(change, leads) -> None:
    """Updates held leads (dicts of all columns), for undo."""
    with connection.cursor() as cursor:
        _update(cursor, leads, change.now)
        if dropped := [(lead["id"], *other[:3]) for lead in leads for other in lead.get("dropped", ())]:
            cursor.execute(_DROP_OTHER_KEYS, list(map(list, zip(*dropped, strict=True))))
    change.note([lead["id"] for lead in leads], fields=CHANGED)


def _changed_leads(rows):
    """The (lead, first row number) pairs to be written, each lead once."""
    leads = {}
    for number, _, lead, _ in rows:
        if lead is not None and lead["changed"]:
            leads.setdefault(id(lead), (lead, number))
    return list(leads.values())


def _give_ids(cursor, leads):
    cursor.execute(_NEW_IDS, [len(leads)])
    for lead, (lead_id,) in zip(leads, cursor.fetchall(), strict=True):
        lead["id"] = lead_id


def _update(cursor, leads, now):
    lines = []
    for lead in leads:
        document = _escape(_document(lead)) if lead["search_changed"] else "\\N"
        lines.append(f"{lead['id']}\t{document}\t{_columns(lead)}\n")
    cursor.execute(_STAGE)
    cursor.copy_expert("COPY staged_lead FROM STDIN", io.StringIO("".join(lines)))
    cursor.execute("ANALYZE staged_lead (lead_id)")
    cursor.execute(_UPDATE_LEADS, {"now": now})
    cursor.execute(_UPDATE_SEARCH)


def _new_lines(leads, now):
    first = "\t".join(_first(field, now) for field in _FIRST)
    return "".join([f"{lead['id']}\t{_columns(lead)}\t{first}\n" for lead, _ in leads])


def _first(field, now):
    value = now if isinstance(field, DateTimeField) else field.get_default()
    return _array(value) if isinstance(value, list) else str(value)


def _activity_lines(leads, run, now):
    """One line of history each: which row of which file."""
    at, actor, campaign = now.isoformat(), _number(run.created_by_id), _number(run.campaign_id)
    before = f"{IMPORTED.code}\t{at}\t{at}\t{actor}\t{campaign}"
    payload = _escape(_encode({"import": run.pk, "file": run.file_name})[:-1])
    return "".join(
        [
            f'{lead["id"]}\t{before}\t{payload}, "row": {number}, "new": {_JSON[lead["is_new"]]}}}\tf\n'
            for lead, number in leads
        ]
    )


_JSON = {True: "true", False: "false"}


def _document(lead):
    others = lead["others"]
    return rules.search_document(
        first_name=lead["first_name"],
        last_name=lead["last_name"],
        email=" ".join([lead["email"], *(other[3] for other in others if other[0] == Key.EMAIL)]),
        company=lead.get("company") or "",
        phone=lead["phone"],
        phone_key=lead["phone_key"],
        phone_keys=[other[2] for other in others if other[0] == Key.PHONE],
    )


def _columns(lead):
    """The columns of a lead as COPY reads them, tabs between."""
    texts = "\t".join([lead[name] for name in TEXTS])
    if "\\" in texts or texts.count("\t") != len(TEXTS) - 1 or "\n" in texts or "\r" in texts:
        texts = "\t".join([_escape(lead[name]) for name in TEXTS])
    return "\t".join([texts, *[write(lead[name]) for name, write in _WRITERS]])


def _number(value):
    return "\\N" if value is None else str(value)


def _array(words):
    if not words:
        return "{}"
    quoted = ('"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in words)
    return _escape("{" + ",".join(quoted) + "}")


def _object(fields):
    """Custom fields as JSON for COPY. Answers repeat, so each text is encoded once and remembered for a while."""
    parts = []
    for code, value in fields.items():
        if type(value) is str:
            text = _encoded_text(value)
        else:
            text = str(value) if type(value) is int else _escape(_encode(value))
        parts.append(f"{_encoded_text(code)}: {text}")
    return "{" + ", ".join(parts) + "}"


@functools.lru_cache(maxsize=10_000)
def _encoded_text(text):
    return _escape(_encode(text))


def _row_lines(run_id, rows):
    lines = []
    for number, result, lead, before in rows:
        lead_id = "\\N" if lead is None else lead["id"]
        was = "\\N" if before is None else _escape(_encode(before))
        lines.append(f"{run_id}\t{number}\t{result.value}\t{lead_id}\t{was}\n")
    return "".join(lines)


def _problem_lines(run_id, problems):
    lines = []
    for number, column, message, rejects, raw in problems:
        cells = "\\N" if raw is None else _escape(_encode([_storable(cell) for cell in raw]))
        lines.append(
            "\t".join([str(run_id), str(number), _escape(column), _escape(message), "ft"[rejects], cells]) + "\n"
        )
    return "".join(lines)


def _storable(cell):
    """jsonb holds neither NUL nor halves of characters."""
    if cell.isascii() and "\0" not in cell:
        return cell[:5000]
    return cell[:5000].replace("\0", "").encode("utf-8", "replace").decode()


def _escape(text):
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


_WRITERS = [
    (name, {"jsonb": _object, "varchar[]": _array, "boolean": "ft".__getitem__}.get(kind, _number))
    for name, kind in OTHERS.items()
]
