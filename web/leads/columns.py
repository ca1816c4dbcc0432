"""The columns a lead list can show."""

from typing import NamedTuple

from leads.enums import Stage
from web.leads.facts import said

STANDARD = ("grade", "score", "stage", "owner", "source", "changed")


class Column(NamedTuple):
    code: str
    label: str
    is_number: bool = False


class Cell(NamedTuple):
    """What stands in one cell; `moment` is a time that the page says relative to now."""

    column: Column
    text: str
    moment: object = None


BUILT_IN = {
    column.code: column
    for column in (
        Column("grade", "Grade"),
        Column("score", "Score", is_number=True),
        Column("stage", "Stage"),
        Column("side", "Side"),
        Column("owner", "Owner"),
        Column("source", "Source"),
        Column("campaign", "First campaign"),
        Column("disposition", "Disposition"),
        Column("email", "E-mail"),
        Column("phone", "Phone"),
        Column("job_title", "Job title"),
        Column("city", "City"),
        Column("country", "Country"),
        Column("tags", "Tags"),
        Column("created", "Entered"),
        Column("changed", "Changed"),
    )
}


def all_columns(definitions):
    """{code: Column} of the built-in columns and of the fields that an admin added."""
    return BUILT_IN | {field.code: Column(field.code, field.label) for field in definitions}


def shown_beside(columns):
    """The rows beside the lead that these columns say something of, for select_related."""
    codes = {column.code for column in columns}
    return [*codes & {"source", "campaign"}, *(("owner", "pool") if "owner" in codes else ())]


def cells(lead, columns, types):
    """The cells of one row, without a query; `types` gives the type of each custom field by code."""
    return [_cell(lead, column, types) for column in columns if column.code != "grade"]


def _cell(lead, column, types):
    code = column.code
    if code in ("created", "changed"):
        return Cell(column, "", getattr(lead, f"{code}_at"))
    if code in types:
        return Cell(column, said(lead.fields.get(code), types[code]))
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
