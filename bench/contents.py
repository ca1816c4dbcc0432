"""What stands in the tables of leads, so that nothing written by hand can leave less behind than the program."""

from collections.abc import Collection

from django.db import connection

_TABLES = """
SELECT DISTINCT relation.relname FROM pg_class AS relation JOIN pg_attribute AS part ON attrelid = relation.oid
WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
    AND (attname = 'lead_id' OR relname IN ('leads_lead', 'leads_company'))
ORDER BY 1
"""
# The columns but for moments, which differ.
_COLUMNS = """
SELECT attname, atttypid = 'jsonb'::regtype FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND atttypid <> 'timestamptz'::regtype
    AND attname <> ALL(%s)
ORDER BY attnum
"""
# Ids differ as well, and so do the words that search throws together: their vector is compared.
_NO_COLUMNS = {"id", "lead_id", "company_id", "run_id", "document", "position", "reference"}
_NO_KEYS = {"import", "due_at"}
_LEFT = "SELECT count(*), sum(hashtextextended(concat_ws('|', {words}), 0)) FROM {table} AS line {joins}"
_JOINS = {
    "leads_lead": ("LEFT JOIN leads_company AS company ON company.id = line.company_id", "company.name_key"),
    "leads_company": ("", "''"),
}
_LEAD = ("JOIN leads_lead AS lead ON lead.id = line.lead_id", "lead.external_id")


def contents(*, ignoring: Collection[str] = ()) -> dict[str, tuple]:
    """{table: (rows, checksum)} of all tables about leads, but for ids and moments and columns and keys `ignoring`."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        return {table: _left(cursor, table, set(ignoring)) for (table,) in cursor.fetchall()}


def same(by_hand: dict, ours: dict) -> None:
    """Stops unless both are the same."""
    if by_hand != ours:
        differing = [f"{name}: {by_hand.get(name)}, {left}" for name, left in ours.items() if by_hand.get(name) != left]
        raise SystemExit(f"By hand another thing is left than by the program. {'; '.join(differing)}")


def _left(cursor, table, ignoring):
    cursor.execute(_COLUMNS, [table, list(_NO_COLUMNS | ignoring)])
    keys = ", ".join(f"'{key}'" for key in sorted(_NO_KEYS | ignoring))
    joins, who = _JOINS.get(table, _LEAD)
    words = [who]
    for column, is_json in cursor.fetchall():
        value = (
            f"CASE jsonb_typeof(line.{column}) WHEN 'object' THEN line.{column} - ARRAY[{keys}] ELSE line.{column} END"
        )
        words.append(f"coalesce(({value if is_json else f'line.{column}'})::text, '-')")
    cursor.execute(_LEFT.format(words=", ".join(words), table=table, joins=joins))
    return cursor.fetchone()
