"""The large tables that only grow can be cut up by lead: every unique key of theirs contains lead_id."""

from django.db import connection

APPEND_ONLY = ["leads_activity", "leads_changerow", "leads_transition"]
# Keys without lead_id, and why. Whoever partitions the table makes it (lead_id, id); till then that key would be a
# second, wider index that nothing looks anything up by.
WITHOUT_LEAD = {
    "leads_activity_pkey": "a number for pages to point at; no foreign key refers to it",
    "leads_transition_pkey": "a number for pages to point at; no foreign key refers to it",
}

_KEYS = """
SELECT index.relname FROM pg_index
JOIN pg_class AS index ON index.oid = pg_index.indexrelid
WHERE indrelid = ANY(%s::regclass[]) AND indisunique AND NOT EXISTS (
    SELECT FROM pg_attribute WHERE attrelid = indrelid AND attname = 'lead_id' AND attnum = ANY(indkey)
)
ORDER BY 1
"""
_REFERENCES = """
SELECT conname FROM pg_constraint JOIN pg_index ON indexrelid = conindid
JOIN pg_class AS index ON index.oid = indexrelid
WHERE contype = 'f' AND index.relname = ANY(%s)
"""


def rows(sql, values):
    with connection.cursor() as cursor:
        cursor.execute(sql, [values])
        return [name for (name,) in cursor.fetchall()]


def test_unique_keys_of_append_only_tables_contain_the_lead(db):
    assert rows(_KEYS, APPEND_ONLY) == sorted(WITHOUT_LEAD)


def test_nothing_refers_to_the_keys_without_a_lead(db):
    assert rows(_REFERENCES, list(WITHOUT_LEAD)) == []
