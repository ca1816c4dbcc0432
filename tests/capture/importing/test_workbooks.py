"""Workbooks, and what somebody might send instead of one. Memory is measured in a process of its own."""

import datetime
import io
import json
import subprocess
import sys
import zipfile

import openpyxl
import pytest

from capture.importing.reading import Unreadable, open_table, unpack_workbook
from leadfunnel.environment import ROOT

MEASURE = """
import json, resource, sys
from pathlib import Path
from capture.importing.reading import Unreadable, unpack_workbook, open_table
try:
    found = unpack_workbook(sys.argv[1], Path(sys.argv[2]))
    table = open_table(sys.argv[2] if found else sys.argv[1])
    answer = sum(1 for _ in table.rows())
except Unreadable as error:
    answer = str(error)
# The kernel counts what a process was before exec into its own ru_maxrss, so this one is read elsewhere.
own = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
print(json.dumps([answer, max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) // 1024]))
"""
SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)


def save(tmp_path, sheets, name="people.xlsx"):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(tmp_path / name)
    return tmp_path / name


def with_member(tmp_path, member, blocks, name="bomb.xlsx"):
    """A sound workbook in which one member is replaced by these blocks of bytes."""
    plain = save(tmp_path, {"People": [["Email"], ["a@x.example"]]}, "plain.xlsx")
    path = tmp_path / name
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as new:
        for info in old.infolist():
            if info.filename != member:
                new.writestr(info.filename, old.read(info.filename))
        with new.open(member, "w", force_zip64=False) as stream:
            for block in blocks:
                stream.write(block)
    return path


def read_apart(path, tmp_path):
    """(rows or the refusal, peak memory in MB) of reading `path` in a fresh process."""
    command = [sys.executable, "-c", MEASURE, str(path), str(tmp_path / "out.csv")]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "LEADFUNNEL_VAR": str(tmp_path)}
    environment["DJANGO_SETTINGS_MODULE"] = "leadfunnel.settings"
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_workbook_is_read_as_text(tmp_path):
    moment = datetime.datetime(2024, 5, 6, 7, 8, 9)  # noqa: DTZ001 (a workbook knows no zones)
    path = save(
        tmp_path,
        {
            "Empty": [],
            "People": [["Name", "Day", "At", "Seats", "Share", "Yes"], ["Zoë", moment.date(), moment, 3, 0.5, True]],
            "Other": [["x"]],
        },
    )
    target = tmp_path / "out.csv"
    assert unpack_workbook(path, target) == (
        "People",
        ['Only the sheet "People" is read; the workbook also has Empty, Other.'],
    )
    assert list(open_table(target).rows()) == [["Zoë", "2024-05-06", "2024-05-06 07:08:09", "3", "0.5", "true"]]


def test_text_is_no_workbook(write, tmp_path):
    assert unpack_workbook(write("a,b\n"), tmp_path / "out.csv") is None


def xml(text):
    return text.encode()


def nested():
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * 50_000_000)
    return inner.getvalue()


BOMBS = {
    "ratio": ("xl/worksheets/sheet1.xml", lambda: [b" " * 1_000_000] * 150, "times its size"),
    "shared strings": (
        "xl/sharedStrings.xml",
        lambda: [b"<sst>", *[b"<si><t>a</t></si>" * 50_000] * 250, b"</sst>"],
        "times its size|larger than",
    ),
    "entities": (
        "xl/workbook.xml",
        lambda: [b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'],
        "entities",
    ),
    "cells": (
        "xl/worksheets/sheet1.xml",
        lambda: (
            b"".join(b'<row r="%d">' % row + b'<c r="A%d"/>' % row * 200 + b"</row>" for row in range(at, at + 100))
            for at in range(1, 30_000, 100)
        ),
        "times its size|cells",
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_in_little_memory(tmp_path, name):
    member, blocks, reason = BOMBS[name]
    answer, megabytes = read_apart(with_member(tmp_path, member, blocks()), tmp_path)
    assert any(word in str(answer) for word in reason.split("|")), answer
    assert megabytes < 300


def test_a_far_away_cell_is_no_table_of_billions(tmp_path):
    sheet = SHEET.format('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')
    path = with_member(tmp_path, "xl/worksheets/sheet1.xml", [sheet.encode()])
    answer, megabytes = read_apart(path, tmp_path)
    assert "too large" in answer or "more than 200 columns" in answer
    assert megabytes < 300


def test_a_nested_archive_is_not_unpacked(tmp_path):
    answer, megabytes = read_apart(with_member(tmp_path, "xl/media/inner.zip", [nested()]), tmp_path)
    assert answer == 1
    assert megabytes < 300


def test_many_members_are_refused(tmp_path):
    path = tmp_path / "many.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(2500):
            archive.writestr(f"xl/{number}.xml", "")
    with pytest.raises(Unreadable, match="2,000 parts"):
        unpack_workbook(path, tmp_path / "out.csv")


def test_a_lying_size_is_a_damaged_workbook(tmp_path):
    path = with_member(tmp_path, "xl/worksheets/sheet1.xml", [b"<x>" + b"y" * 5000 + b"</x>"])
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\x01\x02", 0, data.rfind(b"xl/worksheets/sheet1.xml"))
    data[at + 24 : at + 28] = (10).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(Unreadable, match="damaged"):
        unpack_workbook(path, tmp_path / "out.csv")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "old Excel file"),
        (b"PK\x03\x04" + b"x" * 100, "damaged"),
    ],
)
def test_other_office_files_are_refused_with_the_reason(write, tmp_path, content, reason):
    with pytest.raises(Unreadable, match=reason):
        unpack_workbook(write(content), tmp_path / "out.csv")


def test_a_zip_archive_is_no_workbook(tmp_path):
    path = tmp_path / "people.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("people.csv", "a,b")
    with pytest.raises(Unreadable, match="zip archive"):
        unpack_workbook(path, tmp_path / "out.csv")


def test_a_large_text_is_read_in_little_memory(tmp_path):
    path = tmp_path / "large.csv"
    with path.open("w") as file:
        file.write("name,note\n")
        for _ in range(60):
            file.write("Ann,some words to fill a line with text\n" * 10_000)
        file.write("Ben," + "x" * 100_000_000 + "\n")
    answer, megabytes = read_apart(path, tmp_path)
    assert answer == 600_001
    assert megabytes < 150
