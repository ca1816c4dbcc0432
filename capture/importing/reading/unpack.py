"""Run as a program by capture.importing.reading.workbook: SHEET.xlsx TARGET.csv BYTES. Prints one JSON object.

Stands alone, so that the child starts fast and has nothing in its memory but the parser.
"""

import contextlib
import csv
import datetime
import json
import resource
import sys

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

MAX_COLUMNS = 200


def main(source, target, memory):
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    try:
        answer = write_first_sheet(source, target)
    except PasswordError:
        answer = {"error": "The workbook is protected by a password. Remove the password and try again."}
    except MemoryError:
        answer = {"error": "The workbook is too large to open.", "advise": True}
    except CalamineError:
        answer = {"error": "The workbook is damaged and cannot be opened.", "advise": True}
    json.dump(answer, sys.stdout)


def write_first_sheet(source, target):
    with CalamineWorkbook.from_path(source) as book:
        visible = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
        ]
        for name in visible:
            sheet = book.get_sheet_by_name(name)
            if not sheet.height:
                continue
            if sheet.width > MAX_COLUMNS:
                return {"error": f'The sheet "{name}" has more than {MAX_COLUMNS} columns.', "advise": True}
            with open(target, "w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([as_text(cell) for cell in row] for row in sheet.iter_rows())
            return {"sheet": name, "others": [other for other in visible if other != name]}
    return {"error": "The workbook is empty."}


def as_text(cell):
    """A cell as CSV would hold it: whole numbers without a point, dates in ISO form."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(" ") if cell.time() != datetime.time() else cell.date().isoformat()
    return str(cell)


if __name__ == "__main__":
    main(*sys.argv[1:])
