import codecs

import pytest

from capture.importing.reading import Broken, Unreadable, open_table
from capture.importing.reading.text import MAX_RECORD_LINES

TABLE = [["Name", "Städte", "Euro"], ["Jürgen", "Łódź, Köln", "1"], ["Zoë", 'say "hi"\nthere', "2"]]


def lines(rows, delimiter=","):
    def cell(text):
        return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in f'{delimiter}"\n') else text

    return "".join(delimiter.join(map(cell, row)) + "\r\n" for row in rows)


def read(path, **choices):
    table = open_table(path, **choices)
    return [table.header, *table.rows()]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-16-le", b""),
        ("utf-32-le", codecs.BOM_UTF32_LE),
        ("utf-32-be", codecs.BOM_UTF32_BE),
        ("utf-32-be", codecs.BOM_UTF16_BE),
    ],
)
def test_every_encoding_and_delimiter_reads_alike(write, encoding, mark, delimiter):
    path = write(mark + lines(TABLE, delimiter).encode(encoding))
    table = open_table(path)
    assert (table.encoding, table.delimiter) == (encoding, delimiter)
    assert read(path) == TABLE


@pytest.mark.parametrize(("encoding", "text"), [("iso8859-1", "Müßig, Çelik"), ("cp1252", "Müßig – “Çelik” €")])
def test_western_single_byte_encodings(write, encoding, text):
    table = open_table(write(f"name;note\n{text};x\n".encode(encoding)))
    assert table.encoding == encoding
    assert list(table.rows()) == [[text, "x"]]


def test_cyrillic_is_left_to_charset_normalizer(write):
    text = "имя,город\n" + "Иван Петрович Сидоров,Москва и Московская область\n" * 20
    rows = list(open_table(write(text.encode("cp1251"))).rows())
    assert rows[0] == ["Иван Петрович Сидоров", "Москва и Московская область"]


def test_few_broken_bytes_in_utf8_are_replaced(write):
    good = "Zoë,Łódź\n" * 20
    table = open_table(write(("name,city\n" + good).encode() + b"Bad\xff,x\n"))
    assert list(table.rows())[-1] == ["Bad\ufffd", "x"]
    assert table.notes == ["Some characters are no valid UTF-8; the cells that hold them are reported."]


def test_quotes_after_a_space_are_quotes(write):
    assert read(write('Email, Name\na@x.example, "Foo, Bar"\n')) == [["Email", "Name"], ["a@x.example", "Foo, Bar"]]


def test_blank_lines_are_no_rows(write):
    assert read(write("\n\nname,mail\n\nAnn,a\n\n\nBen,b")) == [["name", "mail"], ["Ann", "a"], ["Ben", "b"]]


def test_duplicate_and_missing_column_names_are_told(write):
    table = open_table(write("Phone,Phone,,Phone (2),Name\n1,2,3,4,x\n"))
    assert table.header == ["Phone", "Phone (3)", "Column 3", "Phone (2)", "Name"]
    assert len(set(table.header)) == 5
    assert len(table.notes) == 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b" \n\t\n", "empty"),
        (b"\x00" * 500, "empty"),
        (bytes(range(256)) * 20, "binary"),
        (b"%PDF-1.7 whatever", "PDF"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "picture"),
        (b'[{"email": "a@x.example"}]', "JSON"),
        (b"<html><body>", "XML"),
        (b"ann@example.com,Ann\nben@example.com,Ben\n", "no header"),
        (b"1,2,2024-01-01\n3,4,2024-01-02\n", "no header"),
        (b"List of people,,,,\nname,mail,a,b,c\n", "names only 1 of"),
        (b"To whom it may concern: this is a letter.\nKind regards\n" * 3, "This is text"),
        (b",".join(b"c%d" % n for n in range(201)) + b"\n", "at most 200"),
    ],
)
def test_what_is_no_list_is_refused_with_the_reason(write, content, reason):
    with pytest.raises(Unreadable, match=reason):
        open_table(write(content))


def test_without_header_columns_are_numbered(write):
    assert read(write("ann@example.com,Ann\n"), has_header=False) == [
        ["Column 1", "Column 2"],
        ["ann@example.com", "Ann"],
    ]


def test_a_quote_that_is_never_closed_costs_its_own_line_alone(write):
    rows = [f"Person {number},x" for number in range(MAX_RECORD_LINES * 3)]
    rows[5] = '"Person 5,x'
    found = list(open_table(write("name,note\n" + "\n".join(rows) + "\n")).rows())
    assert [row for row in found if isinstance(row, Broken)] == [
        Broken('"Person 5,x\n', "A quotation mark is opened and never closed.")
    ]
    assert len(found) == len(rows)
    assert found[6] == ["Person 6", "x"]


def test_an_open_quote_in_the_last_lines_is_found(write):
    found = list(open_table(write('name,note\nAnn,a\n"Ben,b\nCal,c\n')).rows())
    assert found == [["Ann", "a"], Broken('"Ben,b\n', "A quotation mark is opened and never closed."), ["Cal", "c"]]


def test_endless_open_quotes_end_the_reading(write):
    with pytest.raises(Unreadable, match="More than 100"):
        list(open_table(write("name,note\n" + ('x,"y\n' + "a,b\n" * 400) * 101)).rows())


def test_a_huge_cell_and_a_huge_line_cost_their_own_row_alone(write):
    path = write("name,note\nAnn,a\nBen," + "x" * 200_000 + "\nCal,c\nDan," + "y" * 3_000_000 + "\nEva,e\n")
    found = list(open_table(path).rows())
    assert [type(row) for row in found] == [list, Broken, list, Broken, list]
    assert found[4] == ["Eva", "e"]
