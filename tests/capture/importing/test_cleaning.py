import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.importing import cleaning
from capture.importing.cleaning import BadCell
from leads.intake import keys

UTC = datetime.UTC


def at(*parts):
    return datetime.datetime(*parts, tzinfo=UTC)


def problem(clean, raw):
    with pytest.raises(BadCell) as caught:
        clean(raw)
    return caught.value


@pytest.mark.parametrize(
    ("raw", "address"),
    [
        ("Ann@Example.com", "Ann@Example.com"),
        ("Ann Ames <ann@example.com>", "ann@example.com"),
        ("mailto:ann@example.com", "ann@example.com"),
        ("<ann@example.com>", "ann@example.com"),
    ],
)
def test_an_address_is_found(raw, address):
    assert cleaning.email(raw) == (address, address.lower())


@pytest.mark.parametrize("between", [";", ", ", " / ", "|", " "])
def test_of_two_addresses_the_first_is_taken_and_told(between):
    found = problem(cleaning.email, f"a@x.example{between}b@x.example")
    assert found.kept == ("a@x.example", "a@x.example")
    assert found.message == "The cell holds 2 e-mail addresses; a@x.example was taken."


@pytest.mark.parametrize(
    "raw", ["pas-un-email", "a@", "@b.example", "a@b", "a b@c", "a@b..example", "x" * 300 + "@y.example"]
)
def test_no_address_is_left_empty(raw):
    found = problem(cleaning.email, raw)
    assert found.kept is None
    assert "is no e-mail address" in found.message


@pytest.mark.parametrize(
    ("raw", "region", "kept", "key"),
    [
        ("(415) 555-0101", None, "(415) 555-0101", "+14155550101"),
        ("1-415-555-0101", None, "1-415-555-0101", "+14155550101"),
        ("p:+33 6 12 34 56 78", None, "+33 6 12 34 56 78", "+33612345678"),
        ("+49 (0)30 123456", None, "+49 (0)30 123456", "+4930123456"),
        ("040 123456", "DE", "+4940123456", "+4940123456"),
        ("01 02 03 04 05", "FR", "+33102030405", "+33102030405"),
        ("4155550101.0", None, "4155550101", "+14155550101"),
    ],
)
def test_a_phone_number_gets_its_key(raw, region, kept, key):
    assert cleaning.phone(raw, region, "US") == (kept, key)
    assert keys.phone_key(kept, "US") == key


def test_a_number_that_cannot_be_dialled_is_kept_without_a_key():
    assert problem(lambda raw: cleaning.phone(raw, None, "US"), "040 123456").kept == ("040 123456", "")
    assert problem(lambda raw: cleaning.phone(raw, None, "US"), "ask Ann").kept is None
    several = problem(lambda raw: cleaning.phone(raw, None, "US"), "415-555-0101 / 415-555-0102")
    assert several.kept == ("+14155550101", "+14155550101")


@pytest.mark.parametrize(
    ("raw", "moment"),
    [
        ("2024-03-12", at(2024, 3, 12)),
        ("2024/3/2 09:14", at(2024, 3, 2, 9, 14)),
        ("2024-03-12T09:14:05.123Z", at(2024, 3, 12, 9, 14, 5)),
        ("2024-03-12 09:14:00+02:00", at(2024, 3, 12, 7, 14)),
        ("12.03.2024", at(2024, 3, 12)),
        ("31/12/2024", at(2024, 12, 31)),
        ("12/31/2024 11:05 PM", at(2024, 12, 31, 23, 5)),
        ("05/05/2024", at(2024, 5, 5)),
        ("15 Apr, 2021 00:03:00", at(2021, 4, 15, 0, 3)),
        ("15-Apr-2021", at(2021, 4, 15)),
        ("Apr 15, 2021", at(2021, 4, 15)),
        ("April 1st, 2021", at(2021, 4, 1)),
        ("Thu, 15 Apr 2021 10:00:00 GMT", at(2021, 4, 15, 10)),
        ("20210415", at(2021, 4, 15)),
        ("45631.0", at(2024, 12, 5)),
        ("45631.5", at(2024, 12, 5, 12)),
    ],
)
def test_unambiguous_dates_are_read(raw, moment):
    assert cleaning.date_and_time(None)(raw) == moment


@pytest.mark.parametrize(
    "raw", ["2024-02-30", "31/31/2024", "yesterday", "12:30", "3/4/24", "0000-00-00", "2024-13-01", "15 Foo 2021"]
)
def test_what_is_no_date_is_told(raw):
    assert problem(cleaning.date_and_time(None), raw).kept is None


def test_an_ambiguous_date_needs_its_column():
    assert "day or the month first" in problem(cleaning.date(None), "03/04/2024").message
    assert cleaning.date(True)("03/04/2024") == datetime.date(2024, 4, 3)
    assert cleaning.date(False)("03/04/2024") == datetime.date(2024, 3, 4)
    assert cleaning.reads_day_first(["03/04/2024", "13/04/2024"]) is True
    assert cleaning.reads_day_first(["03/04/2024", "03/14/2024"]) is False
    assert cleaning.reads_day_first(["13/04/2024", "03/14/2024"]) is None


@given(st.datetimes(datetime.datetime(1901, 1, 1), datetime.datetime(2099, 1, 1)))  # noqa: DTZ001 (zones come in the test)
@settings(max_examples=100)
def test_every_date_comes_back(moment):
    day = moment.date()
    assert cleaning.date(None)(day.isoformat()) == day
    assert cleaning.date(None)(f"{day:%d.%m.%Y}") == day
    assert cleaning.date(True)(f"{day:%d/%m/%Y}") == day
    assert cleaning.date(False)(f"{day:%m/%d/%Y}") == day
    assert cleaning.date(None)(f"{day.day} {day:%B} {day.year}") == day
    exact = moment.replace(microsecond=0, tzinfo=UTC)
    assert cleaning.date_and_time(None)(exact.isoformat()) == exact


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("1,234.56", 1234.56),
        ("1.234,56", 1234.56),
        ("1 234,5", 1234.5),
        ("1'234'567", 1234567),
        ("1,234", 1234),
        ("1,5", 1.5),
        ("0.125", 0.125),
        ("1.234.567", 1234567),
        ("$ 1,200", 1200),
        ("12 %", 12),
        ("-3", -3),
    ],
)
def test_numbers_with_separators(raw, value):
    assert cleaning.number(raw) == value


@pytest.mark.parametrize("raw", ["", "abc", "1-2", "--3", "1e999", "١٢٣x", "9" * 50, "nan", "1,2,3a"])
def test_what_is_no_number_is_told(raw):
    assert problem(cleaning.number, raw).kept is None


def test_whole_numbers_and_yes_or_no():
    assert cleaning.integer("1,200") == 1200
    assert cleaning.integer("7.0") == 7
    assert "no whole number" in problem(cleaning.integer, "7.5").message
    assert [cleaning.boolean(word) for word in ("Yes", "FALSE", "0", "ja")] == [True, False, False, True]
    assert problem(cleaning.boolean, "perhaps").kept is None
    assert cleaning.flag("no") is None


@pytest.mark.parametrize(
    ("raw", "first", "last"),
    [
        ("Ann Ames", "Ann", "Ames"),
        ("Ames, Ann", "Ann", "Ames"),
        ("Ludwig van Beethoven", "Ludwig", "van Beethoven"),
        ("Dr. Ann Ames", "Ann", "Ames"),
        ("Cher", "", "Cher"),
    ],
)
def test_full_names_are_parted(raw, first, last):
    assert cleaning.full_name(raw) == (first, last)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ('"VIP","Blog"', ["VIP", "Blog"]),
        ("a|b, c, d", ["a|b", "c", "d"]),
        ("x; y", ["x", "y"]),
        ('["x", "y"]', ["x", "y"]),
        ("VIP, VIP,", ["VIP"]),
        (",", None),
    ],
)
def test_tags(raw, words):
    assert cleaning.tags(raw) == words


def test_text_is_cut_and_told():
    found = problem(cleaning.text(5), "abc  defgh")
    assert found.kept == "abc d"
    assert "was cut" in found.message


@pytest.mark.parametrize(
    ("samples", "kind"),
    [
        (["1", "22"], "integer"),
        (["1", "2.5"], "number"),
        (["1,200", "3"], "number"),
        (["01234", "12345"], "text"),
        (["yes", "No"], "boolean"),
        (["0", "1"], "integer"),
        (["2024-01-02", "2024-01-03"], "date"),
        (["2024-01-02 10:00", "2024-01-03"], "datetime"),
        (["13/04/2024", "01/02/2024"], "date"),
        (["03/04/2024"], "text"),
        (["a", "1"], "text"),
        ([], "text"),
    ],
)
def test_types_are_told_from_samples(samples, kind):
    assert cleaning.infer_type(samples) == kind


@given(st.lists(st.text(max_size=40), max_size=4))
@settings(max_examples=200)
def test_an_inferred_type_reads_every_sample(samples):
    samples = [sample.strip() for sample in samples]
    samples = [sample for sample in samples if sample and len(sample) == len(cleaning.CONTROL.sub("", sample))]
    kind = cleaning.infer_type(samples)
    clean = cleaning.stored(kind, (), cleaning.reads_day_first(samples))
    for sample in samples:
        assert clean(sample) is not None
