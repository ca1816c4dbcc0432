import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads import rules


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
    assert rules.phone_key(phone, region) == key


@given(st.text(max_size=60) | st.text("+0123456789() -./x", max_size=25))
def test_phone_key_is_e164_or_nothing(phone):
    key = rules.phone_key(phone, "DE")

    assert key == "" or (key[0] == "+" and key[1:].isdecimal() and key.isascii() and 8 <= len(key) <= 16)
    assert rules.phone_key(key, "US") == key


@pytest.mark.parametrize(
    ("email", "key"),
    [
        (" Jo.Doe@Example.COM ", "jo.doe@example.com"),
        ("o'neil+x@mail.example.co.uk", "o'neil+x@mail.example.co.uk"),
        ("jo@exämple.de", "jo@exämple.de"),
        ("jo@localhost", ""),
        ("jo..doe@example.com", ""),
        ("jo@example.com, al@example.com", ""),
        ("@example.com", ""),
        ("x" * 250 + "@example.com", ""),
    ],
)
def test_email_key(email, key):
    assert rules.email_key(email) == key


@given(st.text(max_size=40))
def test_folding_twice_is_folding_once(text):
    folded = rules.fold(text)

    assert rules.fold(folded) == folded
    assert not set(folded) & set("&|!():*'\\<>")
