"""XLSX workbooks: a guard that inflates every member before a parser sees it, and the way from sheet to CSV.

The parser has no limits of its own, so it runs in a child process with a cap on its memory and writes the sheet as
CSV; from there on a workbook is a text file like any other, read in bounded memory and from any row.
"""

import json
import re
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

from capture.importing.reading.refusal import Unreadable

MAX_BYTES = 50 * 1024 * 1024
MAX_INFLATED = 200 * 1024 * 1024
MAX_RATIO = 100
MAX_MEMBERS = 2000
MAX_CELLS = 4_000_000
# Below this size a member may be as empty as it likes.
RATIO_MATTERS_FROM = 1024 * 1024
CHILD_SECONDS = 120
MEMORY_BYTES = 600 * 1024 * 1024

_BLOCK = 256 * 1024
_OVERLAP = 16
_CELL = re.compile(rb"<(?:\w+:)?c[ />]")
_ENTITY = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_END_OF_DIRECTORY = b"PK\x05\x06"
_ADVICE = "Save the sheet as CSV and import that."


def is_archive(path):
    """Whether the file is a zip archive or an OLE container, so a workbook or something that is no list."""
    with path.open("rb") as file:
        return file.read(8).startswith((b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0"))


def check(path):
    """Raises Unreadable unless the workbook is safe to parse; reads it as a stream, in constant memory."""
    with path.open("rb") as file:
        if file.read(4) == b"\xd0\xcf\x11\xe0":
            raise Unreadable(_about_ole(path))
    if path.stat().st_size > MAX_BYTES:
        raise Unreadable(f"The workbook is larger than {MAX_BYTES // 2**20} MB. {_ADVICE}")
    _check_directory(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if not any(member.filename.lower() == "xl/workbook.xml" for member in members):
                raise Unreadable("This is a zip archive, not a workbook. Unpack it first, or save the list as CSV.")
            if len(members) > MAX_MEMBERS:
                raise Unreadable(f"The workbook has more than {MAX_MEMBERS:,} parts. {_ADVICE}")
            _inflate(archive, members)
    except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError, OSError) as error:
        raise Unreadable(f"The workbook is damaged and cannot be opened. {_ADVICE}") from error


def convert(path, target):
    """Writes the first visible sheet that holds anything to `target` as UTF-8 CSV; returns (its name, other sheets).

    Raises Unreadable when there is none, or when it needs more memory than a list of people ever would.
    """
    check(path)
    command = [sys.executable, "-I", str(Path(__file__).with_name("unpack.py")), path, target, str(MEMORY_BYTES)]
    try:
        child = subprocess.run(command, capture_output=True, timeout=CHILD_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise Unreadable(f"The workbook takes more than {CHILD_SECONDS} seconds to open. {_ADVICE}") from error
    try:
        answer = json.loads(child.stdout)
    except ValueError:
        # The parser ran into the memory cap and was ended.
        raise Unreadable(f"The workbook is too large to open. {_ADVICE}") from None
    if "error" in answer:
        raise Unreadable(f"{answer['error']} {_ADVICE}" if answer.get("advise") else answer["error"])
    return answer["sheet"], answer["others"]


def _about_ole(path):
    with path.open("rb") as file:
        start = file.read(1024 * 1024)
    if "EncryptedPackage".encode("utf-16-le") in start or "EncryptedPackage".encode("utf-16-le") in _tail(path):
        return "The workbook is protected by a password. Remove the password and try again."
    return "This is an old Excel file (.xls) or another Office document. Save the sheet as XLSX or CSV."


def _tail(path, size=1024 * 1024):
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - size))
        return file.read()


def _check_directory(path):
    """A table of contents of millions of entries would fill the memory before a member is looked at."""
    tail = _tail(path, 66_000)
    at = tail.rfind(_END_OF_DIRECTORY)
    if at < 0 or len(tail) < at + 22:
        raise Unreadable(f"The workbook is damaged and cannot be opened. {_ADVICE}")
    _, entries, size = struct.unpack("<HHL", tail[at + 8 : at + 16])
    if entries > MAX_MEMBERS or size > MAX_MEMBERS * 500:
        raise Unreadable(f"The workbook has more than {MAX_MEMBERS:,} parts. {_ADVICE}")


def _inflate(archive, members):
    total = cells = 0
    for member in members:
        if member.flag_bits & 1:
            raise Unreadable("The workbook is protected by a password. Remove the password and try again.")
        is_sheet = member.filename.lower().startswith("xl/worksheets/")
        is_xml = member.filename.lower().endswith((".xml", ".rels"))
        size, rest = 0, b""
        with archive.open(member) as stream:
            while block := stream.read(_BLOCK):
                size += len(block)
                total += len(block)
                if total > MAX_INFLATED:
                    raise Unreadable(f"Unpacked, the workbook is larger than {MAX_INFLATED // 2**20} MB. {_ADVICE}")
                if size > RATIO_MATTERS_FROM and size > MAX_RATIO * max(member.compress_size, 1):
                    raise Unreadable(
                        f"The workbook unpacks to more than {MAX_RATIO} times its size, as an attack would. {_ADVICE}"
                    )
                if is_xml and _ENTITY.search(rest + block):
                    raise Unreadable(f"The workbook defines entities of its own, as an attack would. {_ADVICE}")
                if is_sheet:
                    cells += len(_CELL.findall(rest[-3:] + block))
                    if cells > MAX_CELLS:
                        raise Unreadable(f"The workbook has more than {MAX_CELLS:,} cells. {_ADVICE}")
                rest = block[-_OVERLAP:]
