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
_NUMBER_SIGNS = re.compile(r"[\s().+/\u2010-\u2015\u2212\u00b7-]+")
# Stands before a number written from its end, and in no folded word.
_FROM_THE_END = "<"
# So many digits are taken for a number that is typed with signs, and for the end of one.
_NUMBER, _END = 5, 4


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
    """The folded words of a text, and of phone numbers words of digits: with and without the country code, and from
    the end.

    `phone` counts as it was typed where it has no key, or more digits behind, and then behind a zero too, which stands
    for a country that nobody knows. `phone_keys`: of others beside it.
    """
    words = fold_for_search(text).split(" ")
    for key in (phone_key, *phone_keys):
        if key:
            digits = key[1:]
            words += (digits, _split(digits)[1], _from_the_end(digits))
    typed = _in_ascii("".join(filter(str.isdecimal, phone))).lstrip("0")
    if typed and not phone_key.endswith(typed[-_END:]):
        words += (typed, f"0{typed}", _from_the_end(typed))
    return " ".join(dict.fromkeys(filter(None, words)))


def _split(digits):
    """Country code and national number, without a trunk zero, of an international number; "" where that is unknown."""
    for length in (1, 2, 3):
        if int(digits[:length]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return digits[:length], digits[length:].lstrip("0")
    return "", ""


def _from_the_end(digits):
    return f"{_FROM_THE_END}{digits[::-1]}"


def _in_ascii(digits):
    return digits if digits.isascii() else "".join(str(unicodedata.decimal(digit)) for digit in digits)


def search_words(text) -> list[list[str]]:
    """What to look for, at most eight times: beginnings of words, none longer than LONGEST_WORD, of which a document
    has to hold one each time.

    Four digits or more are looked for at the end of phone numbers as well. A number that is typed with signs is one
    word, and is looked for without its country code too, among those of an unknown country.
    """
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    digits = _NUMBER_SIGNS.sub("", plain)
    if digits.isdecimal() and len(digits) >= _NUMBER:
        return [_as_number(_in_ascii(digits)[:LONGEST_WORD], is_signed="+" in plain)]
    return [_as_word(word[:LONGEST_WORD]) for word in fold_for_search(text).split()[:8]]


def _as_word(word):
    is_end = word.isdecimal() and len(word) >= _END
    return [word, _from_the_end(_in_ascii(word))] if is_end else [word]


def _as_number(digits, *, is_signed):
    has_country_code = is_signed or digits.startswith("00") or len(digits) > 10 and digits[0] != "0"
    whole = digits.lstrip("0") or digits
    code, national = _split(whole) if has_country_code else ("", "")
    if not national:
        return [whole, _from_the_end(whole)]
    # A zero behind the country code is dialled in Italy, and no part of the number in +49 (0)30.
    numbers = dict.fromkeys((whole, code + national))
    return [*numbers, *map(_from_the_end, numbers), f"0{national}"]


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
