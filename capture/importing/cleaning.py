"""One cell at a time: what a text in a file means as an address, a number, a date. No queries.

Each cleaner takes the cell without surrounding space and returns the value, or None for nothing. It raises BadCell
for what it cannot take; `kept` is the part it could.
"""

import datetime
import functools
import json
import logging
import re
import zoneinfo

from capture.importing.countries import phone_region
from leads import rules
from leads.enums import FieldType
from leads.fields.answers import NoAnswer
from leads.fields.spelling import AmbiguousSpelling
from leads.foreign_json import ForeignJSON
from leads.intake import keys

logger = logging.getLogger(__name__)

TEXT_LIMIT = rules.TEXT_LIMIT
# Stands for the id of a source or a campaign that nobody new is given.
RETIRED = 0
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd\ud800-\udfff\u200b\ufeff]")

TRUE = frozenset(["yes", "y", "true", "t", "1", "x", "ja", "oui", "si", "vrai", "wahr", "on"])
FALSE = frozenset(["no", "n", "false", "f", "0", "nein", "non", "faux", "falsch", "off", "-"])
UNMAILABLE = frozenset(
    [
        "unsubscribed",
        "unsub",
        "bounced",
        "cleaned",
        "unreachable",
        "blocked",
        "complained",
        "spam",
        "blocklisted",
        "blacklisted",
        "optedout",
        "invalid",
        "suppressed",
        "removed",
    ]
)
MAIL_STATUS = UNMAILABLE | frozenset(
    ["active", "subscribed", "confirmed", "unconfirmed", "enabled", "disabled", "noconsent", "pending", "nonsubscribed"]
)

_SEVERAL = re.compile(r"[;,|\s]+|\s+/\s+")
_ANGLED = re.compile(r"<([^<>]+)>")
_NUMBER = re.compile(r"[-+]?(\d+([.,'\u2019 ]\d{3})*|\d+)?([.,]\d+)?")
_INTEGER = re.compile(r"[-+]?\d{1,18}")
_MONEY = str.maketrans("", "", "$€£¥%\u00a0\u202f")
_TITLES = frozenset(["mr", "mrs", "ms", "miss", "dr", "prof", "herr", "frau", "mme", "m", "sir"])

_MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "jan january",
            "feb february",
            "mar march",
            "apr april",
            "may",
            "jun june",
            "jul july",
            "aug august",
            "sep sept september",
            "oct october",
            "nov november",
            "dec december",
        ],
        start=1,
    )
    for name in names.split()
}
_TIME = r"(?:[ T,]+(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d+)?)?\s*(?P<half>[AaPp]\.?[Mm]\.?)?)?"
_ZONE = r"\s*(?P<zone>Z|UTC|GMT|[-+]\d\d:?\d\d)?"
_YEAR_FIRST = re.compile(rf"(?P<year>\d{{4}})([-/.])(?P<month>\d{{1,2}})\2(?P<day>\d{{1,2}}){_TIME}{_ZONE}")
_YEAR_LAST = re.compile(rf"(?P<a>\d{{1,2}})(?P<sign>[-/.])(?P<b>\d{{1,2}})(?P=sign)(?P<year>\d{{4}}){_TIME}{_ZONE}")
_DAY_NAMED = re.compile(
    rf"(?:[A-Za-z]{{3,9}},? +)?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[ -]+(?P<month>[A-Za-z]{{3,9}})\.?[ ,-]+"
    rf"(?P<year>\d{{4}}){_TIME}{_ZONE}"
)
_MONTH_NAMED = re.compile(
    rf"(?:[A-Za-z]{{3,9}},? +)?(?P<month>[A-Za-z]{{3,9}})\.? +(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? +"
    rf"(?P<year>\d{{4}}){_TIME}{_ZONE}"
)
_COMPACT = re.compile(r"(?P<year>(?:19|20)\d\d)(?P<month>0\d|1[0-2])(?P<day>[0-2]\d|3[01])")
_SERIAL = re.compile(r"[2-7]\d{4}(\.\d+)?")
_SERIAL_START = datetime.datetime(1899, 12, 30, tzinfo=datetime.UTC)


class BadCell(Exception):
    """Why a cell cannot be taken; `kept` is what was taken of it after all."""

    def __init__(self, message, kept=None):
        super().__init__(message)
        self.message = message
        self.kept = kept


class Undiallable(BadCell):
    """A number that nobody can dial. It is kept, unless there is another (`left_out` says that it was not)."""

    def __init__(self, raw, number, region):
        super().__init__(f"{raw} is kept, but nobody is found by it: it is no number of {region}.", (number, ""))
        self.left_out = f"{raw} was left out: it is no number of {region}."


def read(clean, raw, *args):
    """What `clean` makes of a cell; raises BadCell, whatever it is that `clean` raises.

    A text that nobody has thought of is the fault of its cell: a column without it, never the end of the import.
    """
    try:
        return clean(raw, *args)
    except BadCell:
        raise
    except Exception:
        # Without the cell, which is somebody's.
        logger.exception("A cell could not be read")
        raise BadCell(f"{_short(raw)} cannot be read.") from None


def text(limit, lines=False):
    """Text of at most `limit` characters, longer is cut; in one line unless `lines`."""

    def clean(raw):
        value = raw if lines else " ".join(raw.split())
        if len(value) > limit:
            raise BadCell(f"The text is longer than {limit:,} characters and was cut.", value[:limit].rstrip())
        return value

    return clean


def company(limit):
    """The name of a company, as `text`; one without a letter or digit names none."""
    name = text(limit)

    def clean(raw):
        if not keys.company_key(raw):
            raise BadCell(f"{_short(raw)} is no name of a company: it has neither a letter nor a digit.")
        return name(raw)

    return clean


def email(raw):
    """A (typed address, key) pair; of several in a cell the first valid one."""
    key = keys.email_key(raw)
    if key:
        return raw, key
    angled = _ANGLED.findall(raw)
    parts = angled or [part.strip("<>()\"'") for part in _SEVERAL.split(raw)]
    parts = [part.strip().removeprefix("mailto:") for part in parts]
    valid = [part for part in parts if keys.email_key(part)]
    if not valid:
        raise BadCell(f"{_short(raw)} is no e-mail address.")
    found = valid[0], keys.email_key(valid[0])
    others = sum("@" in part for part in parts) - 1
    if others > 0:
        raise BadCell(f"The cell holds {others + 1} e-mail addresses; {valid[0]} was taken.", found)
    return found


def phone(raw, region, default_region):
    """A (number as it is kept, E.164 key) pair. `region` is the person's own, if known."""
    number = " ".join(raw.removeprefix("p:").removeprefix("tel:").lstrip("'").split())
    if number.endswith(".0") and number[:-2].isdigit():
        number = number[:-2]
    key = keys.phone_key(number, region or default_region)
    if key and (region in {None, default_region} or number[0] == "+"):
        return number, key
    if key:
        # Keys are computed anew, without the country, whenever somebody edits the number.
        return (number if keys.phone_key(number, default_region) == key else key), key
    for part in re.split(r"[;,|]|\s+/\s+|\s+or\s+", number) if len(number) > 8 else ():
        key = keys.phone_key(part.strip(), region or default_region)
        if key:
            raise BadCell(f"The cell holds more than one phone number; {key} was taken.", (key, key))
    if sum(map(str.isdigit, number)) >= 5 and len(number) <= 50:
        raise Undiallable(_short(raw), number, region or default_region)
    raise BadCell(f"{_short(raw)} is no phone number.")


def full_name(raw):
    """(first, last): "Last, First" or the first word and the rest; one word alone is the last name."""
    value = " ".join(raw.split())
    if value.count(",") == 1:
        last, first = (part.strip() for part in value.split(","))
        return first[:100], last[:100]
    words = value.split(" ")
    while len(words) > 1 and words[0].rstrip(".").casefold() in _TITLES:
        words = words[1:]
    if len(words) == 1:
        return "", words[0][:100]
    return words[0][:100], " ".join(words[1:])[:100]


def tags(raw):
    """A list of words: JSON, or separated by commas, else semicolons, else bars; quotes around a word fall off."""
    parts = None
    if raw.startswith("["):
        try:
            parts = [str(part) for part in json.loads(raw, cls=ForeignJSON)]
        except ValueError:
            parts = None
    if parts is None:
        separator = next((sign for sign in ",;|\n" if sign in raw), None)
        parts = raw.split(separator) if separator else [raw]
    words = [" ".join(part.strip().strip('"').split()) for part in parts]
    words = list(dict.fromkeys(word for word in words if word))
    long = [word for word in words if len(word) > 50]
    if long:
        raise BadCell(f"The tag {_short(long[0])} is longer than 50 characters.", [w for w in words if len(w) <= 50])
    return words or None


def flag(raw):
    """True, or None: a file can set an objection, never lift one."""
    return True if boolean(raw) else None


def boolean(raw):
    word = raw.casefold()
    if word in TRUE:
        return True
    if word in FALSE:
        return False
    raise BadCell(f"{_short(raw)} is neither yes nor no.")


def mail_status(raw):
    """True (do not mail) for a word such as unsubscribed or bounced."""
    return True if rules.fold_for_search(raw).replace(" ", "") in UNMAILABLE else None


def anything(raw):
    """True for any text at all, for columns that are filled only when mail bounced."""
    return True


def integer(raw):
    if _INTEGER.fullmatch(raw):
        value = int(raw)
    else:
        value = number(raw)
        if value != int(value):
            raise BadCell(f"{_short(raw)} is no whole number.")
        value = int(value)
    if abs(value) >= 2**63:
        raise BadCell(f"{_short(raw)} is too large.")
    return value


def number(raw):
    """A number with or without separators: 1,234.56 and 1.234,56 and 1'234. A comma before three digits groups."""
    value = raw.translate(_MONEY).strip()
    if len(value) <= 40 and value and _NUMBER.fullmatch(value) and any(map(str.isdigit, value)):
        value = value.replace("'", "").replace("\u2019", "").replace(" ", "")
        if "," in value and "." in value:
            last = max(value.rfind(","), value.rfind("."))
            value = value[:last].replace(",", "").replace(".", "") + "." + value[last + 1 :]
        elif value.count(",") == 1:
            whole, rest = value.split(",")
            value = whole + rest if len(rest) == 3 and 1 <= len(whole.lstrip("+-")) <= 3 else f"{whole}.{rest}"
        elif value.count(",") > 1 or value.count(".") > 1:
            value = value.replace(",", "").replace(".", "")
        result = float(value)
        if abs(result) < 1e15:
            return int(result) if result == int(result) else result
    raise BadCell(f"{_short(raw)} is no number.")


def date(day_first):
    """Cleaner of dates; `day_first` says what 03/04/2024 means, None that nobody can say."""
    moment = date_and_time(day_first)
    return lambda raw: moment(raw).date()


def date_and_time(day_first):
    """Cleaner of moments; without a zone they are taken as UTC."""

    def clean(raw):
        for pattern in (_YEAR_FIRST, _YEAR_LAST, _DAY_NAMED, _MONTH_NAMED, _COMPACT):
            found = pattern.fullmatch(raw)
            if found:
                return _moment(raw, found.groupdict(), day_first)
        if _SERIAL.fullmatch(raw):
            return _SERIAL_START + datetime.timedelta(days=float(raw))
        raise BadCell(f"{_short(raw)} is no date.")

    return clean


def _moment(raw, parts, day_first):
    try:
        month = parts.get("month")
        if "sign" in parts:
            month, day = _month_and_day(raw, int(parts["a"]), int(parts["b"]), parts["sign"], day_first)
        else:
            month = int(month) if month.isdigit() else _MONTHS[month.lower()]
            day = int(parts["day"])
        hour = int(parts.get("hour") or 0)
        half = (parts.get("half") or "").lower()[:1]
        if half:
            hour = hour % 12 + (12 if half == "p" else 0)
        moment = datetime.datetime(
            int(parts["year"]),
            month,
            day,
            hour,
            int(parts.get("minute") or 0),
            int(parts.get("second") or 0),
            tzinfo=_zone(parts.get("zone")),
        )
        if not 1900 <= moment.year <= 2100:
            raise ValueError
        return moment
    except (ValueError, KeyError):
        raise BadCell(f"{_short(raw)} is no date.") from None


def _month_and_day(raw, a, b, sign, day_first):
    if sign == "." or a > 12:
        return b, a
    if b > 12 or day_first is False:
        return a, b
    if day_first is None and a != b:
        raise BadCell(f"{_short(raw)} can be read with the day or the month first.")
    return b, a


def _zone(name):
    if not name or name in {"Z", "UTC", "GMT"}:
        return datetime.UTC
    hours, minutes = int(name[1:3]), int(name[-2:])
    return datetime.timezone((-1 if name[0] == "-" else 1) * datetime.timedelta(hours=hours, minutes=minutes))


def reads_day_first(samples):
    """True, False or None (cannot tell) from a column's cells: a 13 to 31 in front or in the middle decides."""
    front = middle = False
    for raw in samples:
        found = _YEAR_LAST.fullmatch(raw)
        if found and found["sign"] != ".":
            front = front or int(found["a"]) > 12
            middle = middle or int(found["b"]) > 12
    return front if front != middle else None


def time_zone(raw):
    try:
        zoneinfo.ZoneInfo(raw)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise BadCell(f"{_short(raw)} is no time zone, such as Europe/Berlin.") from None
    return raw


def one_of(words, what):
    """Cleaner that finds one of `words` (leads.fields.spelling.Spellings)."""

    def clean(raw):
        try:
            found = words.find(raw)
        except AmbiguousSpelling as error:
            raise BadCell(f"{_short(raw)} can be more than one of the {what}; write one exactly as it is.") from error
        if found is None:
            raise BadCell(f"{_short(raw)} is none of the {what}.")
        if found == RETIRED:
            raise BadCell(f"{_short(raw)} is no longer offered among the {what}.")
        return found

    return clean


def stored(field_type, answers, day_first):
    """Cleaner of a custom field: from text to what Lead.fields keeps."""
    parse = {
        FieldType.TEXT: text(TEXT_LIMIT, lines=True),
        FieldType.INTEGER: integer,
        FieldType.NUMBER: number,
        FieldType.BOOLEAN: boolean,
        FieldType.DATE: date(day_first),
        FieldType.DATETIME: date_and_time(day_first),
        FieldType.CHOICE: lambda raw: answer(answers, raw),
    }.get(FieldType(field_type))
    if parse is None:
        parse = functools.partial(several_answers, answers)

    if field_type in {FieldType.DATE, FieldType.DATETIME}:
        return lambda raw: rules.stored_value(field_type, parse(raw))
    return parse


def answer(answers, raw):
    """The code of the answer that a cell names by code or label; a retired one is left where it is."""
    try:
        choice = answers.find(raw)
    except NoAnswer as problem:
        raise BadCell(str(problem).replace(raw, _short(raw), 1)) from None
    if choice.is_retired:
        raise BadCell(f"{_short(choice.label)} is no longer offered: whoever has it keeps it.")
    return choice.code


def several_answers(answers, raw):
    """The codes of the answers in a cell, in the order of the field."""
    named = [raw] if answers.has(raw) else parts_of(raw)
    codes = {answer(answers, part) for part in named}
    return [choice.code for choice in answers.choices if choice.code in codes] or None


def parts_of(raw):
    """The words of a cell: JSON, or between semicolons, as exports write them, else commas, else bars or lines."""
    if raw.startswith("["):
        try:
            return [str(part) for part in json.loads(raw, cls=ForeignJSON)]
        except ValueError:
            pass
    separator = next((sign for sign in ";,|\n" if sign in raw), None)
    parts = raw.split(separator) if separator else [raw]
    return list(dict.fromkeys(filter(None, (part.strip().strip('"').strip() for part in parts))))


def infer_type(samples):
    """The FieldType that every one of these cells can be read as; text when nothing else fits or there are none."""
    samples = [sample for sample in samples if sample]
    if not samples:
        return FieldType.TEXT
    words = {sample.casefold() for sample in samples}
    if words <= (TRUE | FALSE) - {"1", "0", "-", "x"}:
        return FieldType.BOOLEAN
    day_first = reads_day_first(samples)
    # A leading zero makes a code, not a number.
    codes = any(re.fullmatch(r"0\d+", sample) for sample in samples)
    tries = [(FieldType.INTEGER, _INTEGER.fullmatch), (FieldType.NUMBER, number)] if not codes else []
    tries.append((FieldType.DATETIME, date_and_time(day_first)))
    for field_type, attempt in tries:
        if _all_readable(samples, attempt):
            if field_type == FieldType.DATETIME and not any(":" in sample for sample in samples):
                return FieldType.DATE
            return field_type
    return FieldType.TEXT


def _all_readable(samples, attempt):
    try:
        return all(read(attempt, sample) is not None for sample in samples)
    except BadCell:
        return False


@functools.lru_cache(maxsize=1000)
def region_of(country):
    return phone_region(country)


def _short(raw):
    raw = " ".join(CONTROL.sub("", raw[:200]).split())
    return f"“{raw[:57]}…”" if len(raw) > 60 else f"“{raw}”"
