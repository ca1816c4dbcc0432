"""What makes two one, and what does not."""

import unicodedata

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.fields.spelling import AmbiguousSpelling, Spellings
from leads.intake import keys
from leads.rules import fold_for_search

# Pairs of different people whose names hold the same bare letters.
NAMES_APART = [
    ("किरण", "करण"),  # Hindi: Kiran, Karan
    ("มานี", "มานะ"),  # Thai: Mani, Mana
    ("குமார்", "கமர"),  # Tamil
    ("রিতা", "রাতু"),  # Bengali
    ("かとう", "がとう"),  # Japanese: a dakuten
    ("Ämi", "Ami"),
]


@pytest.mark.parametrize(("one", "other"), NAMES_APART)
def test_marks_tell_people_apart(one, other):
    assert keys.name_key(one, "X") != keys.name_key(other, "X")
    assert keys.company_key(one) != keys.company_key(other)


@pytest.mark.parametrize("name", [name for pair in NAMES_APART for name in pair])
def test_how_unicode_composes_a_name_does_not(name):
    assert keys.name_key(unicodedata.normalize("NFD", name), "") == keys.name_key("", name) == name.lower()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Ada", "King"), (" ADA ", "king")),
        (("J. R.", "Smith"), ("J R", "Smith,")),
        (("Conan", "O\u2019Brien"), ("conan", "o'brien")),
        (("Anna", "Smith\u2011Jones"), ("anna", "smith-jones")),
        (("John", "Doe (Jr.)"), ("john", "doe jr")),
    ],
)
def test_names_that_are_one(one, other):
    assert keys.name_key(*one) == keys.name_key(*other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Acme, Inc.", " ACME  Inc"),
        ("„Übermut“ AG", "Übermut AG"),
        ("Levi\u2019s", "LEVI'S"),
        ("Coca\u2011Cola Co.", "coca-cola co"),
        ("Café Müller", "Cafe\u0301 Mu\u0308ller"),
    ],
)
def test_companies_that_are_one(one, other):
    assert keys.company_key(one) == keys.company_key(other) != ""


def test_companies_that_are_not():
    names = ["C++ Ltd", "C# Ltd", "C Ltd", "C. & Ltd", "C/Ltd", "C-Ltd", ".C Ltd", "CLtd", "Ç Ltd", "C Ltd."]
    assert len({keys.company_key(name) for name in names}) == len(names) - 1  # the dot at the end says nothing


@pytest.mark.parametrize("name", ["", "  ", "!", "++", ".", "\u0301"])
def test_signs_alone_name_nobody(name):
    assert keys.company_key(name) == keys.name_key(name, "") == ""


def test_what_is_cut_off_tells_two_apart():
    one, other = (f"{'Long ' * 39}name {end}" for end in "ab")
    assert len(one) < keys.NAME_KEY_LIMIT + 2
    assert keys.name_key("İ" * 100, one) != keys.name_key("İ" * 100, other)
    assert len(keys.name_key("İ" * 100, one)) <= keys.NAME_KEY_LIMIT


@given(st.text(max_size=250))
def test_a_key_is_finer_than_the_words_of_search_and_its_own_key(name):
    key = keys.company_key(name)

    assert len(key) <= keys.NAME_KEY_LIMIT
    if key and len(key) < keys.NAME_KEY_LIMIT - 1:
        assert fold_for_search(key) == fold_for_search(name)
        assert keys.company_key(key) == key


@pytest.mark.parametrize(
    ("email", "key"),
    [
        (" Jo.Doe@Example.COM ", "jo.doe@example.com"),
        ("o'neil+x@mail.example.co.uk", "o'neil+x@mail.example.co.uk"),
        ("jo@straße.de", "jo@xn--strae-oqa.de"),
        ("Jo@STRAẞE.DE", "jo@xn--strae-oqa.de"),
        ("jo@XN--STRAE-OQA.de", "jo@xn--strae-oqa.de"),
        ("jo@STRASSE.de", "jo@strasse.de"),
        ("jo@e\u0301cole.fr", "jo@xn--cole-9oa.fr"),
        ("jo@उदाहरण.भारत", "jo@xn--p1b6ci4b4b3a.xn--h2brj9c"),
        ("jo@例え。テスト", "jo@xn--r8jz45g.xn--zckzah"),
        ("jo@localhost", ""),
        ("jo..doe@example.com", ""),
        ("jo@example..com", ""),
        ("jo@exa_mple.com", ""),
        ("jo@-example.com", ""),
        ("jo@xn--0.de", ""),
        ("jo@exam\u200bple\u2003.de", ""),
        ("\u212ao@example.com", ""),
        ("jo@example.com, al@example.com", ""),
        ("@example.com", ""),
        ("x" * 250 + "@example.com", ""),
    ],
)
def test_email_key(email, key):
    assert keys.email_key(email) == key
    assert keys.email_key(key) == key


@pytest.mark.parametrize(
    ("phone", "region", "key"),
    [
        ("+49 30 1234567", "US", "+49301234567"),
        ("0049-30-1234567", "US", "+49301234567"),
        ("+49 (0)30 1234567", "US", "+49301234567"),
        ("0049 (0)30/1234567", "US", "+49301234567"),
        ("030 1234567", "DE", "+49301234567"),
        ("(212) 736-5000", "US", "+12127365000"),
        ("1-212-736-5000", "US", "+12127365000"),
        ("+1 (212) 736.5000 ext. 12", "DE", "+12127365000"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("06 698 12345", "IT", "+3906698 12345".replace(" ", "")),
        ("", "US", ""),
        ("n/a", "US", ""),
        ("12", "US", ""),
        ("+", "US", ""),
        ("+0123456789", "US", ""),
        ("+491234567890123456", "US", ""),
        ("call me", "US", ""),
        ("9" * 200, "US", ""),
    ],
)
def test_phone_key(phone, region, key):
    assert keys.phone_key(phone, region) == key


@given(st.text(max_size=60) | st.text("+0123456789() -./x", max_size=25))
def test_phone_key_is_e164_or_nothing(phone):
    key = keys.phone_key(phone, "DE")

    assert key == "" or (key[0] == "+" and key[1:].isdecimal() and key.isascii() and 8 <= len(key) <= 16)
    assert keys.phone_key(key, "US") == key


ANSWERS = Spellings((word, word) for word in ("<50", ">50", "50", "Yes", "yes", "Größe", "C#", "C++"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<50", "<50"),
        (">50", ">50"),
        (" 50 ", "50"),
        ("Yes", "Yes"),
        ("GRÖSSE", "Größe"),
        ("Gro\u0308ße", "Größe"),
        ("c++", "C++"),
        ("C", None),
        ("=50", None),
        ("", None),
    ],
)
def test_a_spelling_is_found_exactly_or_where_only_case_differs(text, found):
    assert ANSWERS.find(text) == found


def test_what_may_be_two_is_refused():
    with pytest.raises(AmbiguousSpelling) as caught:
        ANSWERS.find("YES")
    assert caught.value.values == ["Yes", "yes"]


def test_a_code_goes_before_a_label():
    words = Spellings([("one", 1), ("two", 2)], [("two", 1), ("both", 1), ("both", 2)])
    assert words.find("two") == 2
    with pytest.raises(AmbiguousSpelling):
        words.find("both")


@given(st.from_regex(r"1?[ (.]?[2-9][0-9]{2}[) .-]?[2-9][0-9]{2}[ .-]?[0-9]{4}", fullmatch=True))
def test_the_fast_way_to_north_american_numbers_is_the_slow_way(raw):
    number = phonenumbers.parse(raw, "US")
    assert keys.phone_key(raw, "US") == phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
