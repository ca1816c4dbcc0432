"""A cell that nobody has thought of costs its column, at most its row, and never the file."""

import pytest

from capture.importing import cleaning
from capture.importing.models import ImportProblem
from leads.enums import FieldType
from leads.models import Lead
from tests.capture.importing.conftest import counts
from tests.factories.leads import make_field

pytestmark = pytest.mark.django_db

COLUMNS = {
    "Mail": "email",
    "Phone": "phone",
    "Name": "full_name",
    "Company": "company",
    "Tags": "tags",
    "Zone": "time_zone",
    "Employees": "employees",
    "No mail": "do_not_email",
    "Source": "source",
    **{type.value: type.value for type in FieldType},
}
HOSTILE = {
    "thousands of brackets": "[" * 3000,
    "closed brackets": "[" * 3000 + "]" * 3000,
    "deep objects": '[{"a":' * 400 + "1" + "}]" * 400,
    "NUL by its number": r'["a\u0000b"]',
    "half a character by its number": r'["\ud800"]',
    "a number of thousands of digits": "9" * 5000,
    "a list of such a number": "[" + "9" * 5000 + "]",
    "no number": "[NaN, Infinity, 1e999]",
    "digits of other scripts": "\u0663" * 20,
    "a path": "../" * 500,
    "an at sign": "@" * 3000,
    "an address of signs": "a@" + "xn--" * 60 + ".example",
    "a day of no calendar": "99/99/9999 99:99 -99:99",
    "a phone": "+" + "1" * 3000,
}


@pytest.fixture(autouse=True)
def _fields(cast):
    for type in FieldType:
        make_field(type.value, type, answers=["One", "Two"] if "choice" in type else [])


@pytest.mark.parametrize("cell", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_cell_leaves_the_other_rows_alone(bring, cell):
    quoted = cell.replace('"', '""')
    lines = ["Id," + ",".join(COLUMNS), "good,ann@x.example" + "," * (len(COLUMNS) - 1)]
    for number in range(len(COLUMNS)):
        cells = [""] * len(COLUMNS)
        cells[number] = f'"{quoted}"'
        lines.append(f"{number}," + ",".join(cells))

    run = bring("\n".join(lines) + "\n", mapping={"external_system": "crm", "columns": {"Id": "external_id"} | COLUMNS})

    assert run.status == "done"
    assert counts(run) == (1 + len(COLUMNS), 0, 0, 0)
    assert Lead.objects.filter(email="ann@x.example").exists()
    assert ImportProblem.objects.filter(run=run).exists()


@pytest.mark.parametrize("error", [RecursionError, KeyError, ValueError, OverflowError])
def test_a_cell_that_no_cleaner_expects_is_left_out_and_named(bring, monkeypatch, error):
    def fails(raw, *args):
        raise error(raw)

    monkeypatch.setattr(cleaning, "tags", fails)
    monkeypatch.setattr(cleaning, "phone", fails)
    columns = {"Id": "external_id", "Mail": "email", "Tags": "tags", "Phone": "phone"}

    run = bring(
        "Id,Mail,Tags,Phone\n1,ann@x.example,strange,030 1\n2,bo@x.example,,\n",
        mapping={"external_system": "crm", "columns": columns},
    )

    assert counts(run) == (2, 0, 0, 0)
    problems = ImportProblem.objects.filter(run=run).values_list("number", "column", "message").order_by("column")
    assert list(problems) == [
        (1, "Phone", "“030 1” cannot be read."),
        (1, "Tags", "“strange” cannot be read."),
    ]
