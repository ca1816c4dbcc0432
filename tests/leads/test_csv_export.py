import csv
import datetime
import io
import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leads import csv_export
from leads.csv_export import UnknownFields, csv_lines, escape, lead_lines, restore
from leads.enums import FieldType
from leads.fields import CODES
from leads.models import Lead, OtherKey
from tests.factories.leads import make_campaign, make_field, make_lead

TRIGGERS = "=+-@\t\r"
# Surrogates cannot be written to a file at all, and NUL cannot be stored.
text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
nasty = st.builds(str.__add__, st.text("'=+-@\t\r\n,;\" 0123456789", max_size=6), text)


def read(lines):
    return list(csv.reader(io.StringIO("".join(lines), newline="")))


@given(nasty)
@example('=HYPERLINK("http://x")')
@example("+49-30-123")
@example("-2+3+cmd|' /C calc'!A0")
@example("@SUM(A1)")
@example("\t=1")
@example("\r=1")
@example("'=1")
@example("+49 30 1234567")
@example("-12.5")
def test_no_cell_starts_a_formula_and_every_cell_comes_back(value):
    _, (cell, other) = read(csv_lines(["a", "b"], [[value, "x"]]))

    if cell[:1] and cell[0] in TRIGGERS:
        # Only what is a number through and through may start with a sign.
        assert set(cell) <= set("+-0123456789. ")
        assert not set(cell[1:]) & set("+-")
    assert (restore(cell), other) == (value, "x")


@given(st.lists(st.tuples(nasty, nasty), max_size=5))
def test_rows_survive_the_round_trip(rows):
    table = read(csv_lines(["a", "b"], rows))

    assert [[restore(cell) for cell in row] for row in table] == [["a", "b"], *map(list, rows)]


@pytest.mark.parametrize("number", ["+49301234567", "+49 30 1234567", "-12.5", "-3", "030 1234", "Zoë"])
def test_numbers_and_plain_words_stay_as_they_are(number):
    assert escape(number) == number


def test_every_built_in_field_but_composed_ones_can_be_exported(db):
    assert {column.code for column in csv_export.lead_columns() if column.source} == CODES - {"full_name"}


def test_lead_lines_of_all_kinds_of_fields(cast, now):
    make_field("seats", FieldType.INTEGER)
    make_field("trial", FieldType.BOOLEAN)
    make_field("colours", FieldType.CHOICES, answers=["red", "blue"])
    campaign = make_campaign()
    lead = make_lead(
        now=now,
        campaign=campaign,
        first_name="=Zoë",
        email="zoe@example.com",
        phone="+49 30 1234567",
        company='Acme, "Sons"',
        tags=["vip", "show"],
        grade="A",
        score=-5,
        owner=cast.ben,
        seats=7,
        trial=False,
        colours=["blue", "red"],
    )
    codes = ["id", "first_name", "phone", "company", "tags", "score", "grade", "owner", "source", "campaign"]
    codes += ["created_at", "do_not_call", "seats", "trial", "colours"]

    assert read(lead_lines(Lead.objects.all(), codes)) == [
        codes,
        [
            str(lead.pk),
            "'=Zoë",
            "+49 30 1234567",
            'Acme, "Sons"',
            "vip; show",
            "-5",
            "A",
            "ben@example.com",
            "website",
            "spring",
            "2026-06-10T10:00:00+00:00",
            "0",
            "7",
            "0",
            "red: red; blue: blue",
        ],
    ]


def test_lead_lines_names_every_unknown_field(db):
    with pytest.raises(UnknownFields) as raised:
        lead_lines(Lead.objects.all(), ["email", "password", "owner__password"])

    assert raised.value.codes == ("password", "owner__password")


def test_lead_lines_goes_chunk_by_chunk(cast, now, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(csv_export, "CHUNK", 2)
    leads = [make_lead(now=now) for _ in range(5)]

    with django_assert_num_queries(4):
        table = read(lead_lines(Lead.objects.order_by("-score"), ["id"]))

    assert table == [["id"], *([str(lead.pk)] for lead in leads)]


def test_lead_lines_holds_one_chunk_in_memory(db, now, monkeypatch):
    monkeypatch.setattr(csv_export, "CHUNK", 50)
    Lead.objects.bulk_create(
        Lead(last_name=str(number), fields={"note": "x" * 3000}, stage_since=now, created_at=now, changed_at=now)
        for number in range(2000)
    )
    make_field("note")
    tracemalloc.start()
    try:
        rows = sum(1 for _ in lead_lines(Lead.objects.all(), ["id", "note"]))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert rows == 2001
    assert peak < 2 * 1024 * 1024  # the notes together hold 6 MB


def test_times_are_written_in_utc():
    moment = datetime.datetime(2026, 6, 10, 12, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))

    assert csv_export.cell_text(moment) == "2026-06-10T10:00:00+00:00"


def test_other_addresses_numbers_and_ids_are_exported_beside_the_main_ones(db):
    lead = make_lead(last_name="Ames", email="a@x.example")
    for kind, system, value in (
        ("email", "", "b@x.example"),
        ("email", "", "c@x.example"),
        ("external_id", "shop", "7"),
    ):
        OtherKey.objects.create(lead=lead, kind=kind, system=system, value=value, key=value)

    codes = ["email", "other_emails", "other_phones", "other_external_ids"]
    header, row = csv_export.lead_lines(Lead.objects.all(), codes)
    assert header == "email,other_emails,other_phones,other_external_ids\n"
    assert row == "a@x.example,b@x.example; c@x.example,,shop 7\n"
