"""Pure rules about the record: words of search, which fields exist, what is stored. No queries."""

import datetime
import decimal
import math
import re
import unicodedata

import phonenumbers

from leads.enums import FieldType

TEXT_LIMIT = 5000  # characters in a custom text field
LONGEST_WORD = 250  # that is looked for; PostgreSQL takes no word of more than two thousand bytes
# Dates and moments lie in these years: well inside the calendar, whatever time zone they are shown in.
FIRST_YEAR, LAST_YEAR = 1900, 2199

_WORDS = re.compile(r"[^\W_]+")


def composed(text) -> str:
    """The text in Unicode's form NFC, in which all text is kept: brought to it where it comes in."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def fold_for_search(text) -> str:
    """Lower case without accents, runs of anything but letters and digits as one space.

    Words to look for: many names fold to the same, so this never says who or what somebody is (leads.intake.keys).
    """
    if text.isascii():
        return " ".join(_WORDS.findall(text.lower()))
    # Decomposed before and after: some letters, such as a mathematical capital, have a case only when taken apart.
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(_WORDS.findall(bare))


def search_document(text, *, phone="", phone_key="", phone_keys=()) -> str:
    """The folded words of a text, and phone numbers as words of digits, with and without the country code.

    `phone` counts as it was typed where it has no key; `phone_keys`: of others beside it.
    """
    typed = "".join(filter(str.isdecimal, phone)).lstrip("0")
    numbers = f"{phone_key.lstrip('+')} {_national(phone_key)}" if phone_key else typed
    for key in phone_keys:
        numbers = f"{numbers} {key.lstrip('+')} {_national(key)}"
    return " ".join(dict.fromkeys(filter(None, f"{fold_for_search(text)} {numbers}".split(" "))))


def _national(phone_key):
    """The digits of an E.164 number behind its country code, without a trunk zero; "" where the code is unknown."""
    for length in (1, 2, 3):
        if int(phone_key[1 : 1 + length]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return phone_key[1 + length :].lstrip("0")
    return ""


def search_words(text) -> list[str]:
    """The words to look for, at most eight, none longer than LONGEST_WORD.

    A phone number typed with spaces or signs is one word of digits.
    """
    compact = re.sub(r"[\s().+/-]+", "", text)
    if compact.isdigit() and len(compact) >= 5:
        words = [compact.lstrip("0") or compact]
    else:
        words = fold_for_search(text).split()[:8]
    return [word[:LONGEST_WORD] for word in words]


def stored_value(field_type, value, answers=None) -> object:
    """`value` in the JSON form that Lead.fields keeps for a field of this type; None means not answered.

    Takes Python values, for dates and times ISO 8601 text, and of `answers` codes or labels, retired ones too. Raises
    ValueError with what is wrong.
    """
    if value is None or value == "" or value == []:
        return None
    return _STORED[FieldType(field_type)](value, answers)


def _text(value, _answers):
    if not isinstance(value, str):
        raise ValueError("Give text.")
    value = composed(value).strip()
    if "\0" in value or len(value) > TEXT_LIMIT:
        raise ValueError(f"Give at most {TEXT_LIMIT:,} characters of plain text.")
    return value or None


def _integer(value, _answers):
    if isinstance(value, bool) or not isinstance(value, int | float | decimal.Decimal) or value != value // 1:
        raise ValueError("Give a whole number.")
    if abs(value) >= 2**63:
        raise ValueError("This number is too large.")
    return int(value)


def _number(value, _answers):
    if isinstance(value, bool) or not isinstance(value, int | float | decimal.Decimal) or not math.isfinite(value):
        raise ValueError("Give a number.")
    if abs(value) >= 1e15:
        raise ValueError("This number is too large.")
    return int(value) if value == int(value) else float(value)


def _boolean(value, _answers):
    if not isinstance(value, bool):
        raise ValueError("Give yes or no.")
    return value


def check_year(value) -> None:
    """Raises ValueError for a date or a moment outside FIRST_YEAR to LAST_YEAR."""
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"Give a date from {FIRST_YEAR} to {LAST_YEAR}.")


def _date(value, _answers):
    if isinstance(value, str):
        value = datetime.date.fromisoformat(value)
    if isinstance(value, datetime.datetime) or not isinstance(value, datetime.date):
        raise ValueError("Give a date.")
    check_year(value)
    return value.isoformat()


def _datetime(value, _answers):
    if isinstance(value, str):
        value = datetime.datetime.fromisoformat(value)
    if not isinstance(value, datetime.datetime) or value.tzinfo is None:
        raise ValueError("Give a date and time with a time zone.")
    check_year(value)
    return value.astimezone(datetime.UTC).isoformat()


def _choice(value, answers):
    if not isinstance(value, str):
        raise ValueError("Give an answer.")
    return answers.find(value).code


def _choices(value, answers):
    if not isinstance(value, list | tuple) or not all(isinstance(word, str) for word in value):
        raise ValueError("Give a list of answers.")
    chosen = {answers.find(word).code for word in value}
    return [choice.code for choice in answers.choices if choice.code in chosen]


_STORED = {
    FieldType.TEXT: _text,
    FieldType.INTEGER: _integer,
    FieldType.NUMBER: _number,
    FieldType.BOOLEAN: _boolean,
    FieldType.DATE: _date,
    FieldType.DATETIME: _datetime,
    FieldType.CHOICE: _choice,
    FieldType.CHOICES: _choices,
}
