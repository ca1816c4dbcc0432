"""Delimited text in any encoding: what it is written in, and its records one by one in bounded memory, in form NFC."""

import codecs
import contextlib
import csv
import io
import itertools
import re
from collections import Counter, deque
from typing import NamedTuple
from unicodedata import is_normalized

from charset_normalizer import from_bytes

from capture.importing.reading.refusal import Unreadable
from leads.rules import composed

SAMPLE_BYTES = 256 * 1024
BLOCK_BYTES = 1024 * 1024
DELIMITERS = ",;\t|"

# A quote that is never closed swallows the rest of a file; these limits end it early.
MAX_LINE = 1_000_000
MAX_RECORD_LINES = 300
MAX_RECORD_LENGTH = 1_000_000
MAX_RUNAWAYS = 100

_BOMS = [
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
]
# Bytes that text may hold; many others mean that this is no text at all.
_TEXT = bytes(set(range(256)) - set(range(32)) | {9, 10, 12, 13, 27})
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
# Undefined in cp1252.
_NOT_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_C1 = re.compile(rb"[\x80-\x9f]")
_HIGH = re.compile(rb"[\x80-\xff]")
_KNOWN_BINARY = {
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x1f\x8b": "a gzip archive; unpack it first",
    b"7z\xbc\xaf": "a 7z archive; unpack it first",
    b"Rar!": "a RAR archive; unpack it first",
    b"SQLite format 3": "a SQLite database",
}
_OTHER_TEXT = [
    (re.compile(r"\s*[{\[][\s\"'\[{\]}]"), "JSON"),
    (re.compile(r"\s*<(\?xml|!doctype|html|[a-z]+[ >])", re.IGNORECASE), "XML or HTML"),
    (re.compile(r"\s*\{\\rtf"), "a text document (RTF)"),
    (re.compile(r"\s*BEGIN:VCARD", re.IGNORECASE), "a vCard file; export the contacts as CSV"),
]


class Dialect(NamedTuple):
    """How a text file is written. `skip` are the bytes of the byte order mark."""

    encoding: str
    skip: int
    delimiter: str
    spaced_quotes: bool
    errors: str = "strict"


class Broken(NamedTuple):
    """A stretch of the file that is no record: the text of its first line, and why."""

    text: str
    message: str


def detect(path):
    """The Dialect of the file at `path`; Unreadable when it is empty or no delimited text."""
    with path.open("rb") as file:
        start = file.read(SAMPLE_BYTES)
    if not start.strip(b"\x00 \t\r\n"):
        raise Unreadable("The file is empty.")
    for magic, what in _KNOWN_BINARY.items():
        if start.startswith(magic):
            raise Unreadable(f"This is {what}, not a table. Save the list as CSV or XLSX.")
    encoding, skip, errors = _encoding(path, start)
    sample = codecs.getincrementaldecoder(encoding)(errors).decode(start[skip:])
    if not sample.strip():
        raise Unreadable("The file is empty.")
    if len(_CONTROL.findall(sample)) > 4 + len(sample) // 50:
        raise Unreadable("This is a binary file, not a table. Save the list as CSV or XLSX.")
    for pattern, what in _OTHER_TEXT:
        if pattern.match(sample):
            raise Unreadable(f"This is {what}, not a table. Save the list as CSV or XLSX.")
    delimiter = _delimiter(sample)
    spaced = re.search(rf'{re.escape(delimiter)} +"[^"\n]*" *({re.escape(delimiter)}|\r?\n|$)', sample)
    return Dialect(encoding, skip, delimiter, bool(spaced), errors)


def read_records(path, dialect):
    """Yields a list of cells per record (blank lines left out), or a Broken where there is none to be had.

    Memory stays bounded whatever the file holds. Unreadable when quotes run away again and again.
    """
    with path.open("rb") as binary:
        binary.seek(dialect.skip)
        stream = io.TextIOWrapper(binary, encoding=dialect.encoding, errors=dialect.errors, newline="")
        lines = _Lines(stream)
        reader = _reader(lines, dialect)
        runaways = 0
        while True:
            lines.begin()
            try:
                cells = next(reader)
                if not lines.ended:
                    if cells:
                        # Whatever is composed as a whole is so in its parts.
                        yield cells if is_normalized("NFC", "".join(cells)) else list(map(composed, cells))
                    continue
                message = "A quotation mark is opened and never closed."
            except StopIteration:
                return
            except _TooLongLine as error:
                reader = _reader(lines, dialect)
                yield Broken(error.start, "The line is longer than a million characters.")
                continue
            except (_Runaway, csv.Error) as error:
                message = (
                    "A cell is longer than 131,072 characters, or a quotation mark is opened and never closed."
                    if "field larger" in str(error)
                    else "A quotation mark is opened and never closed."
                )
            runaways += 1
            if runaways > MAX_RUNAWAYS:
                raise Unreadable(f"More than {MAX_RUNAWAYS} quotation marks are opened and never closed.")
            yield Broken(lines.give_back(), message)
            reader = _reader(lines, dialect)


class _Runaway(Exception):
    pass


class _TooLongLine(Exception):
    def __init__(self, start):
        super().__init__()
        self.start = start


class _Lines:
    """Physical lines for csv.reader that remember the record under way, so that a runaway can be given back."""

    def __init__(self, stream):
        self.readline = stream.readline
        self.returned = deque()
        self.begin()

    def __iter__(self):
        return self

    def begin(self):
        self.record = []
        self.length = 0
        self.ended = False

    def __next__(self):
        line = self.returned.popleft() if self.returned else self.readline(MAX_LINE)
        if not line:
            self.ended = True
            raise StopIteration
        size = len(line)
        if size >= MAX_LINE and line[-1] not in "\r\n":
            self._skip_line()
            raise _TooLongLine(line[:1000])
        record = self.record
        record.append(line)
        self.length += size
        if len(record) > MAX_RECORD_LINES or self.length > MAX_RECORD_LENGTH:
            raise _Runaway
        return line

    def give_back(self):
        """The first line of the record under way; its other lines will be read again."""
        self.returned.extendleft(reversed(self.record[1:]))
        return self.record[0]

    def _skip_line(self):
        while (more := self.readline(MAX_LINE)) and more[-1] not in "\r\n":
            pass


def _reader(lines, dialect):
    return csv.reader(lines, delimiter=dialect.delimiter, skipinitialspace=dialect.spaced_quotes)


def _encoding(path, start):
    bom = next((mark for mark in _BOMS if start.startswith(mark[0])), (b"", ""))
    body = start[len(bom[0]) : len(bom[0]) + 4096]
    # Where the zero bytes stand tells UTF-16 from UTF-32 and the byte order, whatever the mark says.
    body = body[: len(body) // 4 * 4]
    if body and body.count(0) > len(body) // 5:
        holes = [body[offset::4].count(0) > len(body) // 4 * 0.6 for offset in range(4)]
        wide = {
            (False, True, True, True): "utf-32-le",
            (True, True, True, False): "utf-32-be",
            (False, True, False, True): "utf-16-le",
            (True, False, True, False): "utf-16-be",
        }.get(tuple(holes))
        if wide:
            return wide, len(bom[0]), "replace"
    if bom[1].startswith(("utf-16", "utf-32")):
        return bom[1], len(bom[0]), "replace"
    if len(start.translate(None, delete=_TEXT)) > 4 + len(start) // 50:
        raise Unreadable("This is a binary file, not a table. Save the list as CSV or XLSX.")
    if _is_utf8(path, len(bom[0])):
        return "utf-8", len(bom[0]), "strict"
    valid, broken = _utf8_sequences(path, len(bom[0]))
    if valid > 10 * broken:
        return "utf-8", len(bom[0]), "replace"
    return _single_byte(path), 0, "replace"


def _is_utf8(path, skip):
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        file.seek(skip)
        try:
            while block := file.read(BLOCK_BYTES):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _utf8_sequences(path, skip):
    """How many multi-byte sequences of the file are UTF-8, and how many bytes are not."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    valid = broken = 0
    with path.open("rb") as file:
        file.seek(skip)
        while block := file.read(BLOCK_BYTES):
            if block.isascii():
                text = decoder.decode(block)
                broken += text.count("\ufffd")
                continue
            text = decoder.decode(block)
            bad = text.count("\ufffd")
            broken += bad
            valid += sum(map(len, re.findall(r"[^\x00-\x7f\ufffd]+", text)))
        broken += decoder.decode(b"", final=True).count("\ufffd")
    return valid, broken


def _single_byte(path):
    """cp1252 or latin-1 for a text with some accents; asks charset-normalizer where most letters are no ASCII."""
    letters = high = 0
    c1 = odd = False
    sample = b""
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            foreign = _HIGH.findall(block)
            high += len(foreign)
            letters += sum(map(len, re.findall(rb"[A-Za-z\x80-\xff]+", block)))
            c1 = c1 or bool(_C1.search(block))
            odd = odd or bool(_NOT_CP1252.search(block))
            if len(sample) < SAMPLE_BYTES:
                sample += block[: SAMPLE_BYTES - len(sample)]
    if odd or (high > 20 and high > letters * 0.25):
        guess = from_bytes(sample).best()
        if guess is not None and guess.encoding != "ascii":
            with contextlib.suppress(LookupError):
                return codecs.lookup(guess.encoding).name
    return "cp1252" if c1 else "iso8859-1"


def _delimiter(sample):
    """The delimiter under which most records of the sample have one and the same width."""
    best = (0, 0.0, 0), ","
    for delimiter in DELIMITERS:
        with contextlib.suppress(csv.Error):
            records = list(itertools.islice(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter), 60))
            widths = [len(record) for record in (records[:-1] if len(records) > 2 else records) if record]
            if not widths:
                continue
            width, often = Counter(widths).most_common(1)[0]
            score = (width > 1 and widths[0] > 1, round(often / len(widths), 1), width)
            if score > best[0]:
                best = score, delimiter
    return best[1]
