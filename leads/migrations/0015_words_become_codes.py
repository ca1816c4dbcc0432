"""Whatever kept the word of an answer keeps its code from now on: leads, conditions, mappings, what an import can undo.

All of it in one transaction, and so in one migration, although the tables are of several rooms: between two of them
scores would be wrong. Activities and receipts never change; they keep the words, and whoever shows them reads both.
"""

import json
import re
import unicodedata

from django.db import migrations
from django.utils import timezone

CODE_LIMIT, LABEL_LIMIT = 50, 500
SIGNS = {
    "<=": "up to",
    ">=": "from",
    "≤": "up to",
    "≥": "from",
    "<": "under",
    ">": "over",
    "+": "plus",
    "&": "and",
    "%": "percent",
    "#": "sharp",
}
SIGN = re.compile("|".join(map(re.escape, SIGNS)))

# Table and column of the conditions there are.
CONDITIONS = (
    ("scoring_scoringrule", "condition"),
    ("scoring_graderequirement", "condition"),
    ("routing_assignmentrule", "condition"),
    ("leads_stagedefinition", "entry"),
)
# What keeps a published scoring model from changing. It says the same afterwards, so this once it may.
GUARDS = {
    "scoring_scoringrule": "scoring_rule_never_changes",
    "scoring_graderequirement": "scoring_requirement_never_changes",
}
SAME = {"is", "is_not", "in", "not_in", "has_any", "has_all", "has_none"}
SEVERAL = {"is": "in", "is_not": "not_in"}
SEARCHES = {
    "contains": lambda word, part: part in word,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
}

WORDS_OF_LEADS = """
SELECT DISTINCT jsonb_path_query(fields -> %(code)s, '$[*] ? (@.type() == "string")') #>> '{}'
FROM leads_lead WHERE fields ? %(code)s
"""
# `known`: {word: {code, place}} of one field; `value`: what a lead has there. A list comes into the order of the answers,
# each of them once, as it is stored from now on.
TO_CODE = """
CREATE OR REPLACE FUNCTION pg_temp.to_code(known jsonb, value jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE jsonb_typeof(value)
        WHEN 'string' THEN coalesce(known -> (value #>> '{}') -> 'code', value)
        WHEN 'array' THEN coalesce((
            SELECT jsonb_agg(code ORDER BY place NULLS LAST, number)
            FROM (
                SELECT DISTINCT ON (code) code, place, number
                FROM (
                    SELECT coalesce(known -> (each #>> '{}') -> 'code', each) AS code,
                        (known -> (each #>> '{}') ->> 'place')::integer AS place, number
                    FROM jsonb_array_elements(value) WITH ORDINALITY AS listed (each, number)
                ) AS found
                ORDER BY code, number
            ) AS once
        ), value)
        ELSE value
    END
$$
"""
LEADS = """
UPDATE leads_lead SET fields = fields || (
    SELECT jsonb_object_agg(field.key, pg_temp.to_code(field.value, fields -> field.key))
    FROM jsonb_each(%(codes)s::jsonb) AS field WHERE fields ? field.key
)
WHERE fields ?| %(fields)s::text[]
"""
# Each is [the value before, the value imported].
IMPORTED = """
UPDATE capture_importrow SET before = jsonb_set(before, '{fields}', (
    SELECT jsonb_object_agg(change.key, CASE WHEN field.key IS NULL THEN change.value ELSE (
        SELECT jsonb_agg(pg_temp.to_code(field.value, each) ORDER BY number)
        FROM jsonb_array_elements(change.value) WITH ORDINALITY AS listed (each, number)
    ) END)
    FROM jsonb_each(before -> 'fields') AS change
    LEFT JOIN jsonb_each(%(codes)s::jsonb) AS field ON field.key = change.key
))
WHERE before -> 'fields' ?| %(fields)s::text[]
"""


class Words:
    """The answers of one field as they come to be known."""

    def __init__(self, listed):
        self.code_of = {}
        self.labels = {}
        self.listed = list(dict.fromkeys(word for word in listed if isinstance(word, str) and word.strip()))
        for word in self.listed:
            self.add(word)

    def add(self, word):
        label = " ".join(word.split())[:LABEL_LIMIT] or "?"
        number = 2
        while label in self.labels.values():
            label, number = f"{label[: LABEL_LIMIT - 6]} ({number})", number + 1
        code = free_code(word, {*self.labels, *self.labels.values(), *self.listed} - {word, label})
        self.code_of[word] = code
        self.labels[code] = label

    def codes_like(self, word):
        """The codes of all words that differ from `word` in case at most: for conditions they were the same."""
        like = [code for known, code in self.code_of.items() if known.lower() == word.lower()]
        return list(dict.fromkeys(like)) or [word]

    def places(self):
        place = {code: number for number, code in enumerate(self.labels)}
        return {word: {"code": code, "place": place[code]} for word, code in self.code_of.items()}

    def meet(self, word):
        """A word that a lead or a rule holds: an answer taken off the list stays as one that is retired."""
        if word in self.code_of or not word:
            return
        same = {self.code_of[known] for known in self.listed if known.casefold() == word.casefold()}
        if len(same) == 1:
            self.code_of[word] = same.pop()
        else:
            self.add(word)


def free_code(word, taken):
    text = SIGN.sub(lambda sign: f" {SIGNS[sign[0]]} ", word.casefold())
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    code = re.sub(r"[^a-z0-9]+", "_", bare).strip("_")[: CODE_LIMIT - 6].strip("_") or "answer"
    free, number = code, 2
    while free in taken:
        free, number = f"{code}_{number}", number + 1
    return free


def tests_of(node):
    """Every test of a field in a condition."""
    if isinstance(node, list):
        return [test for each in node for test in tests_of(each)]
    if not isinstance(node, dict):
        return []
    if "field" in node or "answer" in node:
        return [node]
    return [test for head in ("all", "any", "not") for test in tests_of(node.get(head))]


def texts(value):
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]


def field_of(test):
    code = test.get("field", test.get("answer"))
    return code if isinstance(code, str) else None


def translated(node, words):
    """The condition with codes for words. A search in the words of answers becomes the answers that it finds."""
    if isinstance(node, list):
        return [translated(each, words) for each in node]
    if not isinstance(node, dict):
        return node
    if "field" not in node and "answer" not in node:
        return {key: translated(each, words) if key in {"all", "any", "not"} else each for key, each in node.items()}
    known = words.get(field_of(node))
    if known is None:
        return node
    op, value = node.get("op"), node.get("value")
    if op in SAME:
        if isinstance(value, list):
            meant = [known.codes_like(each) if isinstance(each, str) else [each] for each in value]
            if op == "has_all" and any(len(codes) > 1 for codes in meant):
                return {"all": [node | {"op": "has_any", "value": codes} for codes in meant]}
            return node | {"value": list(dict.fromkeys(code for codes in meant for code in codes))}
        if not isinstance(value, str):
            return node
        codes = known.codes_like(value)
        return node | ({"value": codes[0]} if len(codes) == 1 else {"op": SEVERAL[op], "value": codes})
    if op in SEARCHES and isinstance(value, str):
        found = [code for word, code in known.code_of.items() if SEARCHES[op](word.lower(), value.lower())]
        found = list(dict.fromkeys(found))
        if found:
            return node | {"op": "in", "value": found}
        bare = {key: each for key, each in node.items() if key != "value"}
        return {"all": [bare | {"op": "filled"}, bare | {"op": "empty"}]}
    return node


def give_codes(apps, schema_editor):
    definition = apps.get_model("leads", "FieldDefinition")
    fields = {field.code: field for field in definition.objects.filter(type__in=["choice", "choices"])}
    if not fields:
        return
    words = {code: Words(field.choices if isinstance(field.choices, list) else []) for code, field in fields.items()}
    with schema_editor.connection.cursor() as cursor:
        for code in fields:
            cursor.execute(WORDS_OF_LEADS, {"code": code})
            for (word,) in sorted(cursor.fetchall()):
                words[code].meet(word)
        trees = {}
        for table, column in CONDITIONS:
            cursor.execute(f"SELECT id, {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY id")
            trees[table] = [(pk, json.loads(tree) if isinstance(tree, str) else tree) for pk, tree in cursor.fetchall()]
            for _, tree in trees[table]:
                for test in tests_of(tree):
                    if field_of(test) in words and test.get("op") in SAME:
                        for word in texts(test.get("value")):
                            words[field_of(test)].meet(word)
        _write_answers(apps, fields, words)
        codes = {code: known.places() for code, known in words.items()}
        everything = {"codes": json.dumps(codes), "fields": list(codes)}
        cursor.execute(TO_CODE)
        cursor.execute(LEADS, everything)
        cursor.execute(IMPORTED, everything)
        for table, column in CONDITIONS:
            if table in GUARDS:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {GUARDS[table]}")
            for pk, tree in trees[table]:
                new = translated(tree, words)
                if new != tree:
                    cursor.execute(f"UPDATE {table} SET {column} = %s WHERE id = %s", [json.dumps(new), pk])
            if table in GUARDS:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {GUARDS[table]}")
    for name in ("Import", "RememberedMapping"):
        _forget_choices(apps.get_model("capture", name), fields)


def _write_answers(apps, fields, words):
    answer, label = apps.get_model("leads", "Answer"), apps.get_model("leads", "AnswerLabel")
    now = timezone.now()
    made = []
    for code, known in words.items():
        offered = {known.code_of[word] for word in known.listed}
        made += [
            answer(
                field=fields[code],
                code=own,
                label=text,
                position=position,
                retired_at=None if own in offered else now,
            )
            for position, (own, text) in enumerate(known.labels.items(), 1)
        ]
    label.objects.bulk_create(
        label(answer=each, version=1, label=each.label, since=now) for each in answer.objects.bulk_create(made)
    )


def _forget_choices(model, fields):
    """A mapping names the answers only of a field that it makes; one that there is has its own."""
    for row in model.objects.all():
        columns = row.mapping.get("columns") or {}
        known = [value for value in columns.values() if isinstance(value, dict) and value.get("field") in fields]
        if [value.pop("choices") for value in known if "choices" in value]:
            row.save(update_fields=["mapping"])


class Migration(migrations.Migration):
    # What it reads of scoring, routing and capture is older than this in every database that does not begin with the
    # one migration of each room. To say so would be a circle between those: they depend on leads.
    dependencies = [("leads", "0014_answers")]

    operations = [migrations.RunPython(give_codes, migrations.RunPython.noop)]
