"""Conditions name sources, campaigns, owners and pools by their ids instead of by codes and addresses that can change.

It stands here because this room is above all that keep conditions. What a text stood for at this moment is certain; a
text that stood for nothing stays, and is shown as unknown.
"""

import json

from django.db import migrations

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
NAMED = {
    "source": ("leads", "Source", "code"),
    "campaign": ("leads", "Campaign", "code"),
    "owner": ("team", "User", "email"),
    "pool": ("team", "Pool", "code"),
}
SEVERAL = {"is": "in", "is_not": "not_in", "in": "in", "not_in": "not_in"}


def by_id(node, ids):
    """The condition with ids for texts; `ids` is {code of a field: {text in small letters: ids}}."""
    if isinstance(node, list):
        return [by_id(each, ids) for each in node]
    if not isinstance(node, dict):
        return node
    code = node.get("field")
    if not isinstance(code, str):
        return {key: by_id(each, ids) if key in {"all", "any", "not"} else each for key, each in node.items()}
    if code not in ids or node.get("op") not in SEVERAL:
        return node
    value = node.get("value")
    meant = [
        each
        for word in (value if isinstance(value, list) else [value])
        for each in (ids[code].get(word.lower(), [word]) if isinstance(word, str) else [word])
    ]
    if isinstance(value, list) or len(meant) > 1:
        return node | {"op": SEVERAL[node["op"]], "value": list(dict.fromkeys(meant))}
    return node | {"value": meant[0]}


def name_by_id(apps, schema_editor):
    ids = {}
    for field, (app, model, column) in NAMED.items():
        known = ids.setdefault(field, {})
        for pk, word in apps.get_model(app, model).objects.order_by("pk").values_list("pk", column):
            known.setdefault(word.lower(), []).append(pk)
    with schema_editor.connection.cursor() as cursor:
        for table, column in CONDITIONS:
            cursor.execute(f"SELECT id, {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY id")
            trees = [(pk, json.loads(tree) if isinstance(tree, str) else tree) for pk, tree in cursor.fetchall()]
            changed = [(pk, new) for pk, tree in trees if (new := by_id(tree, ids)) != tree]
            if not changed:
                continue
            if table in GUARDS:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {GUARDS[table]}")
            for pk, tree in changed:
                cursor.execute(f"UPDATE {table} SET {column} = %s WHERE id = %s", [json.dumps(tree), pk])
            if table in GUARDS:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {GUARDS[table]}")


class Migration(migrations.Migration):
    dependencies = [
        ("routing", "0006_permissions_of_the_role_table"),
        ("scoring", "0007_chunks_that_failed"),
        ("leads", "0026_truncated_keys"),
        ("team", "0004_workspace"),
    ]

    operations = [migrations.RunPython(name_by_id, migrations.RunPython.noop)]
