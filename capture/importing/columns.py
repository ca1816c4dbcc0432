"""What an import writes of a lead: the columns of leads_lead, their types, and what a new lead has in them."""

from leads.fields import FIELDS, Merge, ValueType

_TYPES = {
    ValueType.TEXT: "text",
    ValueType.LIST: "varchar[]",
    ValueType.BOOLEAN: "boolean",
    ValueType.DATE: "date",
}
_STAGED = [field for field in FIELDS if field.path and field.merge not in {None, Merge.FILLS_COMPANY}]
_SQL = {field.column: _TYPES[field.type] if field.column == field.path else "bigint" for field in _STAGED} | {
    "fields": "jsonb"
}

TEXTS = (
    *(name for name, sql in _SQL.items() if sql == "text"),
    *dict.fromkeys(field.key_column for field in _STAGED if field.key_column),
)
# Name to type of those that are no texts.
OTHERS = {name: sql for name, sql in _SQL.items() if sql != "text"}
COLUMNS = (*TEXTS, *OTHERS)

# The codes of what a row may change, answers and all.
CHANGED = frozenset({*(field.code for field in _STAGED), "fields"})

_EMPTY = {"boolean": False, "varchar[]": ()}
BLANK = dict.fromkeys(TEXTS, "") | {name: _EMPTY.get(sql) for name, sql in OTHERS.items()}
