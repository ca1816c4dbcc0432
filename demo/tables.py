"""Writing many rows at once: COPY, with ids taken beforehand so that rows can name each other."""

import datetime
import io
import json
import re

from django.db import connection

MOST_KNOWN = 20_000
_KNOWN = {}
_ENCODER = json.JSONEncoder(ensure_ascii=False)
_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def new_ids(table, count):
    """The next `count` ids of a table, ascending."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count])
        return [pk for (pk,) in cursor.fetchall()]


def copy_rows(table, rows):
    """Copies dicts with equal keys, the names of columns, into a table of ours."""
    if not rows:
        return
    columns = list(rows[0])
    text = io.StringIO()
    for row in rows:
        text.write("\t".join([_WRITTEN[type(value)](value) for value in row.values()]))
        text.write("\n")
    text.seek(0)
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {quote(table)} ({', '.join(map(quote, columns))}) FROM STDIN", text)


def _text(value):
    return value.translate(_ESCAPED) if _SPECIAL.search(value) else value


def _json(value):
    """Payloads are few and repeat, so each is written once."""
    try:
        key = tuple(value.items())
        known = _KNOWN.get(key)
    except TypeError:  # a list or dict inside
        return _text(_ENCODER.encode(value))
    if known is None:
        known = _text(_ENCODER.encode(value))
        if len(_KNOWN) < MOST_KNOWN:
            _KNOWN[key] = known
    return known


_WRITTEN = {
    type(None): lambda value: r"\N",
    str: _text,
    bool: lambda value: "t" if value else "f",
    int: str,
    datetime.datetime: datetime.datetime.isoformat,
    datetime.date: datetime.date.isoformat,
    dict: _json,
    list: lambda value: "{" + ",".join(f'"{item}"' for item in value) + "}",
}
