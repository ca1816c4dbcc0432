"""The columns a lead list can show."""

from typing import NamedTuple

from leads.enums import Stage
from leads.fields import BY_CODE, FIELDS, ValueType
from web.leads.facts import said


class ListColumn(NamedTuple):
    code: str
    label: str
    is_number: bool = False


class Cell(NamedTuple):
    """What stands in one cell; `moment` is a time that the page says relative to now."""

    column: ListColumn
    text: str
    moment: object = None


BUILT_IN = {
    field.code: ListColumn(field.code, field.label, is_number=field.type == ValueType.NUMBER)
    for field in FIELDS
    if field.is_column or field.in_list
}
# What columns were called in links of before.
FORMERLY = {"created": "created_at", "changed": "changed_at"}
# What the person is called by, and her place in the list.
_IN_EVERY_ROW = (*(field.path for field in FIELDS if field.key and field.path), "grade", "score")
STANDARD = tuple(field.code for field in FIELDS if field.in_list)


def all_columns(definitions):
    """{code: ListColumn} of the built-in columns and of the fields that an admin added."""
    return BUILT_IN | {field.code: ListColumn(field.code, field.label) for field in definitions}


def columns_of_today(codes, columns):
    """(codes among `columns`, codes that none of them has any more) of the columns that a link asks for."""
    codes = list(dict.fromkeys(FORMERLY.get(code, code) for code in codes))
    return [code for code in codes if code in columns], [code for code in codes if code not in columns]


def reading(leads, columns):
    """The queryset `leads` with what the rows of a list of these columns say, and nothing else of so many rows."""
    codes = {column.code for column in columns}
    beside = {"company", *codes & {"source", "campaign"}, *(("owner", "pool") if "owner" in codes else ())}
    own = {BY_CODE[code].column for code in codes & BY_CODE.keys()}
    if codes - BY_CODE.keys():
        own.add("fields")
    names = [f"{row}__name" for row in beside] + (["owner__email"] if "owner" in beside else [])
    return leads.select_related(*beside).only(*_IN_EVERY_ROW, *own, *names)


def cells(lead, columns, fields):
    """The cells of one row, without a query; `fields` are the custom fields by code."""
    return [_cell(lead, column, fields) for column in columns if column.code != "grade"]


def _cell(lead, column, fields):
    code = column.code
    field = BY_CODE.get(code)
    if field and field.type == ValueType.DATETIME:
        return Cell(column, "", getattr(lead, code))
    if code in fields:
        return Cell(column, said(lead.fields.get(code), fields[code]))
    match code:
        case "stage":
            text = Stage(lead.stage).label
        case "side" | "disposition":
            text = getattr(lead, f"get_{code}_display")()
        case "owner":
            text = str(lead.owner or (f"Waits in {lead.pool}" if lead.pool else ""))
        case "source" | "campaign":
            text = str(getattr(lead, code) or "")
        case _:
            text = said(getattr(lead, code))
    return Cell(column, text)
