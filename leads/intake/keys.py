"""What makes two people, companies or answers one: keys of identity. Pure; words of search are in leads.rules.

A key keeps every letter, mark and meaningful sign. What it passes over is how the same thing is typed: the form in
which Unicode composes it, upper and lower case, space, and the punctuation named here (docs/adr/0011).
"""

import hashlib
import re

import idna
import phonenumbers

from leads.rules import composed

EMAIL_LIMIT = 254
NAME_KEY_LIMIT = 200

_INTERNATIONAL = re.compile(r"(?:\+|00)([1-9][0-9]{6,14})")
# A number of the United States or Canada as it is dialled there.
_NORTH_AMERICAN = re.compile(r"1?([2-9][0-9]{2}[2-9][0-9]{6})")
_PHONE_SIGNS = str.maketrans("", "", " \t\u00a0-./()")
# RFC 5321: a local part of RFC 5322's atext and dots, a domain of letters, digits and hyphens that ends in letters.
_EMAIL = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@"
    r"(?P<domain>(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9]))"
)
_ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
# The typewriter's apostrophe and hyphen stand for those of print.
_ONE_SIGN = str.maketrans("\u2018\u2019\u02bc\u00b4`\u2010\u2011\u2012\u2013", "'''''----")
_COMPANY_SIGNS = _ONE_SIGN | dict.fromkeys(map(ord, ',;"\u201c\u201d\u201e\u00ab\u00bb'), " ")
_PERSON_SIGNS = _COMPANY_SIGNS | dict.fromkeys(map(ord, ".()"), " ")


def email_key(email):
    """The address as it is matched, by the rules of mail and of IDNA 2008; "" for what is no address.

    The local part is its own but for the case of ASCII letters, the domain is in A-labels: straße.de and strasse.de are
    two, STRASSE.de and strasse.de one.
    """
    address = email.strip()
    if address.isascii():
        key = address.lower()
    else:
        local, _, domain = address.rpartition("@")
        key = f"{local.translate(_ASCII_LOWER)}@{_a_labels(domain)}"
    found = _EMAIL.fullmatch(key)
    if not found or len(key) > EMAIL_LIMIT or ".." in key:
        return ""
    if "xn--" in key and not _a_labels(found["domain"]):
        return ""
    return key


def _a_labels(domain):
    try:
        return idna.encode(domain, uts46=True, std3_rules=True).decode()
    except idna.IDNAError:
        return ""


def phone_key(phone, region):
    """The number in E.164, such as +4930123456, as it is matched; "" for what can be no number.

    `region` (ISO 3166, such as DE) is where a number without a country code is dialled. Numbers with + or 00 are
    taken at their word, and those of North America by their form, without a look at the numbering plan, because
    imports ask this a million times.
    """
    bare = phone.translate(_PHONE_SIGNS)
    if region in {"US", "CA"} and (plain := _NORTH_AMERICAN.fullmatch(bare)):
        return f"+1{plain[1]}"
    international = _INTERNATIONAL.fullmatch(bare)
    # A trunk zero, as in +49 (0)30, must go: that needs the numbering plan.
    if international and "(0" not in phone:
        return f"+{international[1]}"
    if len(phone) < 5 or len(phone) > 50:
        return ""
    if phone.startswith("00"):
        phone = f"+{phone[2:]}"
    try:
        number = phonenumbers.parse(phone, region)
    except phonenumbers.NumberParseException:
        return ""
    key = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return key if phonenumbers.is_possible_number(number) and 8 <= len(key) <= 16 else ""


def name_key(first_name, last_name):
    """The name of a person as it is matched; "" without a letter or digit. Dots and brackets say nothing."""
    return _fitting(_lower(f"{first_name} {last_name}").translate(_PERSON_SIGNS).split())


def company_key(name):
    """Two spellings of a company are one when this is equal; "" without a letter or digit.

    Commas, quotation marks and the dot at the end of a word say nothing; + # & . / - within a word do, and so does the
    legal form.
    """
    words = _lower(name).translate(_COMPANY_SIGNS).split()
    return _fitting([word.rstrip(".") for word in words] if "." in name else words)


def _lower(text):
    return text.lower() if text.isascii() else composed(composed(text).lower())


def _fitting(words):
    key = " ".join(filter(None, words))
    if len(key) > NAME_KEY_LIMIT:
        # What is cut off tells two apart as well.
        key = f"{key[:150]} {hashlib.sha256(key.encode()).hexdigest()[:48]}"
    return key if any(map(str.isalnum, key)) else ""
