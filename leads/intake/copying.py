"""Text for COPY, and how it gets into the database."""

import functools
import io
import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from operator import attrgetter

from django.db import connection

from leads.intake.people import OTHERS, TEXTS, Person

# What takes a COPY statement and its text.
Copy = Callable[[str, str], None]

encode = json.JSONEncoder(ensure_ascii=False, default=str).encode

_texts = attrgetter(*TEXTS)


def copy_now(statement: str, text: str) -> None:
    """Copies the text into the database."""
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.copy_expert(statement, io.StringIO(text))


@contextmanager
def copying_beside(cursor) -> Iterator[Copy]:
    """A function as `copy_now` that has the text copied by a thread, in the order given.

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


def columns_of(person: Person) -> str:
    """The COLUMNS of a person as COPY reads them, tabs between."""
    values = _texts(person)
    texts = "\t".join(values)
    if "\\" in texts or texts.count("\t") != len(TEXTS) - 1 or "\n" in texts or "\r" in texts:
        texts = "\t".join(map(escape, values))
    return "\t".join([texts, *[write(value) for write, value in zip(_WRITERS, _others(person), strict=True)]])


def other_keys_of(people: Iterable[Person]) -> str:
    """What people have beside their main keys as COPY reads it: id of the lead, kind, system, key, value."""
    return "".join(
        f"{person.id}\t{kind}\t{escape(system)}\t{escape(key)}\t{escape(value)}\n"
        for person in people
        for kind, system, key, value in person.others
    )


def escape(text: str) -> str:
    """Text as COPY reads it."""
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def number(value) -> str:
    """A number or a date as COPY reads it."""
    return "\\N" if value is None else str(value)


def array(words) -> str:
    """A list of texts as COPY reads it."""
    if not words:
        return "{}"
    quoted = ('"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in words)
    return escape("{" + ",".join(quoted) + "}")


def _object(fields):
    """Custom fields as JSON for COPY. Answers repeat, so each text is encoded once and remembered for a while."""
    parts = []
    for code, value in fields.items():
        if type(value) is str:
            text = _encoded_text(value)
        else:
            text = str(value) if type(value) is int else escape(encode(value))
        parts.append(f"{_encoded_text(code)}: {text}")
    return "{" + ", ".join(parts) + "}"


@functools.lru_cache(maxsize=10_000)
def _encoded_text(text):
    return escape(encode(text))


_others = attrgetter(*OTHERS)
_WRITERS = [
    {"jsonb": _object, "varchar[]": array, "boolean": "ft".__getitem__}.get(sql, number) for sql in OTHERS.values()
]
