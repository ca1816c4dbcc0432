"""What each column of a file means: a mapping in JSON, checked and made into a plan for the rows. No queries.

{"external_system": "xeducation", "not_answered": ["Select"], "header": true, "row_number": false, "columns": {
    "Prospect ID": "external_id",
    "Converted": {"field": "converted", "type": "integer", "label": "Converted"},
    "Noise": null}}

A column's target is a code of TARGETS or of a custom field; columns that are left out, or null, are skipped.
The `choices` of a column are the labels of the answers that a new field gets; a field that is there has its own.
`header` false reads the first row as data, with columns called Column 1, Column 2. `row_number` true identifies each
person by the number of her row, for lists that hold nothing else to tell people apart.
"""

import hashlib
import json
import re
from dataclasses import dataclass, field

from capture.importing import cleaning
from capture.importing.formats import BY_CODE, compact, guess, list_of_something_else, recognise
from leads.enums import FieldType
from leads.fields import FIELDS, Merge, is_taken
from leads.fields.answers import LABEL_LIMIT, NO_ANSWERS, Answers
from leads.fields.spelling import AmbiguousSpelling, Spellings, in_any_case
from leads.foreign_json import ForeignJSON
from leads.rules import composed, fold_for_search

# What a column can say of a person without being a field of hers: code to label.
SIGNS = {
    "mail_status": "Mail status (unsubscribed, bounced ...)",
    "mail_bounced": "Mail bounced (filled: do not e-mail)",
    "deleted": "Deleted (yes: row is left out)",
}
IMPORTED = tuple(field for field in FIELDS if field.merge not in {None, Merge.WITH_ID})
# Code to label of what a column can be, beside custom fields.
TARGETS = {field.code: f"{field.label} ({field.hint})" if field.hint else field.label for field in IMPORTED} | SIGNS
IDENTIFYING = tuple(field.code for field in IMPORTED if field.key)
# What the error file of an import adds; nothing to import when it comes back corrected.
ERROR_COLUMNS = ("Row in the file", "What was wrong")
SETTINGS = {"external_system", "not_answered", "columns", "header", "row_number"}
COLUMN_SETTINGS = {"field", "type", "label", "choices", "day_first"}
UNKNOWN_SYSTEM = "list-"
_SYSTEM = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,29}")
_CODE = re.compile(r"[a-z][a-z0-9_]{0,49}")
_FOR_SPACE = str.maketrans("", "", " _-.:")


class MappingError(Exception):
    """A mapping that cannot be used; `problems` names every fault in it."""

    def __init__(self, *problems):
        super().__init__(" ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class MappedColumn:
    """One column on its way in. `is_custom`: target is the code of a custom field, of `type` with `answers`."""

    index: int
    name: str
    target: str
    is_custom: bool = False
    type: str = ""
    answers: Answers = NO_ANSWERS
    day_first: bool | None = None


@dataclass(frozen=True)
class NewField:
    code: str
    label: str
    type: str
    answers: Answers = NO_ANSWERS


@dataclass
class ImportPlan:
    """What to do with the rows of one file. `mapping` is the same in JSON, with nothing left to guess."""

    format_code: str = ""
    format_name: str = ""
    external_system: str = ""
    trusts_ids: bool = True
    row_number: bool = False
    unmailable: bool = False
    id_prefix: str = ""
    columns: list = field(default_factory=list)
    new_fields: list = field(default_factory=list)
    not_answered: list = field(default_factory=list)
    skipped: list = field(default_factory=list)
    notes: list = field(default_factory=list)

    @property
    def mapping(self):
        columns = {}
        for column in self.columns:
            if column.is_custom:
                columns[column.name] = {"field": column.target, "type": column.type, "day_first": column.day_first}
            else:
                columns[column.name] = column.target
        return {
            "external_system": self.external_system,
            "not_answered": self.not_answered,
            "row_number": self.row_number,
            "columns": columns,
        }


def header_key(header):
    """SHA-256 of the header, under which a mapping is remembered: by its names as they are but for space and form NFC.

    A key of identity: columns called C and C# are two, and what is said of one is not said of the other.
    """
    names = [" ".join(composed(name).split()) for name in header]
    return hashlib.sha256(json.dumps(names, ensure_ascii=False).encode()).hexdigest()


def loosely_typed(name):
    """The name of a column or a field without case, space and the signs that stand for it."""
    return in_any_case(name).translate(_FOR_SPACE)


def load_mapping(text):
    """The mapping in a JSON text; raises MappingError naming what is wrong with it."""
    try:
        mapping = json.loads(composed(text), cls=ForeignJSON)
    except ValueError as error:
        raise MappingError(f"The mapping is no JSON: {error}.") from error
    check_mapping(mapping)
    return mapping


def check_mapping(mapping):
    """Raises MappingError for anything but an object of the form above; columns are checked against a file later."""
    if not isinstance(mapping, dict):
        raise MappingError('The mapping has to be an object with "columns".')
    problems = [f'The mapping has "{name}", which means nothing here.' for name in mapping.keys() - SETTINGS]
    columns = mapping.get("columns")
    if not isinstance(columns, dict):
        problems.append('The mapping has no "columns": an object of column name to field.')
    else:
        problems += [problem for name, value in columns.items() if (problem := _column_problem(name, value))]
    system = mapping.get("external_system", "")
    if not isinstance(system, str) or (system and not _SYSTEM.fullmatch(system)):
        problems.append("external_system has to be a name of at most 30 letters, digits, spaces, dots and dashes.")
    words = mapping.get("not_answered", [])
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        problems.append("not_answered has to be a list of words.")
    problems += [
        f"{name} has to be true or false."
        for name in ("header", "row_number")
        if not isinstance(mapping.get(name, False), bool)
    ]
    if problems:
        raise MappingError(*problems)


def make_plan(header, samples, *, definitions, mapping=None, format_code="", create_fields=False, list_system=""):
    """The ImportPlan for a file with this header. Raises MappingError.

    samples: some rows, from which types and the order of day and month are told. definitions: {code: (label, type,
    Answers)} of the custom fields there are. Without a mapping, the recognised (or given) format and the names of
    the columns decide. create_fields: targets that do not exist, and without a mapping columns that mean nothing
    else, become NewFields. list_system: what ids of an unknown system were kept under for lists of these columns.
    """
    known = _known_format(header, format_code)
    plan = ImportPlan(format_code=known.code if known else "", format_name=known.name if known else "")
    other = None if known or mapping else list_of_something_else(header)
    if other:
        raise MappingError(f"This file lists {other}, not people; only people can be imported.")
    cells = _Samples(samples, (mapping or {}).get("not_answered", []))
    if mapping:
        _follow(plan, mapping, header, cells, definitions, create_fields)
    else:
        _guess(plan, known, header, cells, definitions, create_fields)
    if known:
        plan.unmailable = known.unmailable
        plan.id_prefix = known.values.get("id_prefix", "")
        if not plan.external_system and not mapping:
            plan.external_system = known.system
    _finish_ids(plan, header, list_system)
    return plan


def _known_format(header, code):
    if code and code not in BY_CODE:
        raise MappingError(f"There is no format {code}; there are {', '.join(sorted(BY_CODE))}.")
    return BY_CODE[code] if code else recognise(header)


class _Samples:
    """The first rows by column, without what means not answered."""

    def __init__(self, rows, words):
        self.rows = rows
        self.unanswered = {word.casefold() for word in words}

    def of(self, index):
        cells = (row[index].strip() for row in self.rows if index < len(row))
        return [cell for cell in cells if cell and cell.casefold() not in self.unanswered]


def _follow(plan, mapping, header, cells, definitions, create_fields):
    check_mapping(mapping)
    plan.external_system = mapping.get("external_system", "")
    plan.not_answered = mapping.get("not_answered", [])
    plan.row_number = mapping.get("row_number", False)
    columns = Spellings(((name, index) for index, name in enumerate(header)), loosely=(in_any_case, loosely_typed))
    wanted, missing, problems = {}, [], []
    for name, value in mapping["columns"].items():
        try:
            index = columns.find(name)
        except AmbiguousSpelling as error:
            named = " or ".join(f"“{header[index]}”" for index in error.values)
            problems.append(f"The mapping's column “{name}” may be {named}: write it exactly as the file does.")
            continue
        if index is None:
            missing.append(name)
        elif value is not None:
            wanted[index] = value if isinstance(value, dict) else {"field": value}
    if missing and len(missing) == len(mapping["columns"]):
        raise MappingError(f"The file has none of the columns of the mapping, such as “{missing[0]}”.")
    plan.notes += [f"The mapping names the column “{name}”, which the file does not have." for name in missing]
    for index, value in sorted(wanted.items()):
        code = value["field"]
        if code in TARGETS:
            day_first = value.get("day_first", cleaning.reads_day_first(cells.of(index)))
            plan.columns.append(MappedColumn(index, header[index], code, day_first=day_first))
        elif code in definitions or (create_fields and not is_taken(code)):
            label = value.get("label") or header[index]
            _add_custom(plan, index, header[index], code, label, cells, definitions, value)
        elif is_taken(code):
            problems.append(f"The column “{header[index]}” cannot be imported as {code}: LeadFunnel sets that itself.")
        else:
            problems.append(
                f"The column “{header[index]}” is mapped to {code}, and there is no such field. "
                "Create it first, or allow fields to be created (--create-fields)."
            )
    plan.skipped = [name for index, name in enumerate(header) if index not in wanted]
    if problems:
        raise MappingError(*problems)


def _guess(plan, known, header, cells, definitions, create_fields):
    by_name = Spellings(
        ((code, code) for code in definitions),
        ((label, code) for code, (label, _, _) in definitions.items()),
        loosely=(in_any_case, loosely_typed),
    )
    taken = set(definitions)
    for index, name in enumerate(header):
        short = compact(name)
        if name in ERROR_COLUMNS:
            plan.skipped.append(name)
            continue
        target = known.columns.get(short) if known else None
        if target is None and not (known and short in known.noise):
            target = _guess_target(name, known, cells.of(index))
        if target:
            day_first = known.day_first if known else None
            plan.columns.append(MappedColumn(index, name, target, day_first=day_first))
        elif code := _field_called(name, by_name, plan):
            _add_custom(plan, index, name, code, name, cells, definitions, _hint(known))
        elif create_fields and not (known and short in known.noise) and cells.of(index):
            _add_custom(plan, index, name, field_code(name, taken), name, cells, definitions, _hint(known))
            taken.add(plan.columns[-1].target)
        else:
            plan.skipped.append(name)
    _drop_second_names(plan)


def _field_called(name, by_name, plan):
    try:
        return by_name.find(name)
    except AmbiguousSpelling as error:
        plan.notes.append(f"The column “{name}” may be {' or '.join(error.values)}: map it to one of them.")
        return None


def _guess_target(name, known, samples):
    # In a recognised format a column that is not listed means something of that system, not of ours.
    if known:
        return None
    if compact(name) in {"status", "emailstatus", "subscriptionstatus", "mailstatus", "state"} and samples:
        words = {compact(sample) for sample in samples}
        if words <= cleaning.MAIL_STATUS and (words & cleaning.UNMAILABLE or compact(name) != "state"):
            return "mail_status"
    target = guess(name)
    # A column of a few words that come back again and again, such as "contact": cellular, holds no names.
    if target == "full_name" and len(samples) >= 20 and len(set(samples)) * 10 < len(samples):
        return None
    return target


def _drop_second_names(plan):
    """Where first and last name have columns of their own, a full name says nothing new, unless they are empty."""
    targets = {column.target for column in plan.columns}
    if {"first_name", "last_name"} <= targets and "full_name" in targets:
        plan.columns.sort(key=lambda column: (column.target == "full_name", column.index))


def _hint(known):
    return {"day_first": known.day_first} if known and known.day_first is not None else {}


def _add_custom(plan, index, name, code, label, cells, definitions, hints):
    samples = cells.of(index)
    day_first = hints.get("day_first")
    if day_first is None:
        day_first = cleaning.reads_day_first(samples)
    if code in definitions:
        _, field_type, answers = definitions[code]
    else:
        earlier = next((new for new in plan.new_fields if new.code == code), None)
        if earlier:
            field_type, answers = earlier.type, earlier.answers
        else:
            field_type = hints.get("type") or str(cleaning.infer_type(samples))
            answers = NO_ANSWERS
            if field_type in {FieldType.CHOICE, FieldType.CHOICES}:
                answers = _new_answers(hints.get("choices") or samples, several=field_type == FieldType.CHOICES)
            plan.new_fields.append(NewField(code, label[:100], field_type, answers))
    plan.columns.append(MappedColumn(index, name, code, True, field_type, answers, day_first))


def _new_answers(words, *, several):
    """The answers of a new field: the first hundred different ones, however they are spaced."""
    if several:
        words = [part for word in words for part in cleaning.parts_of(word)]
    labels = (" ".join(word.split())[:LABEL_LIMIT] for word in words)
    return Answers.new(list(dict.fromkeys(filter(None, labels)))[:100])


def field_code(name, taken):
    """A code for a new field called `name`: letters, digits and underscores, none of `taken`, none of ours."""
    code = fold_for_search(name).encode("ascii", "ignore").decode()
    code = re.sub(r"[^a-z0-9]+", "_", code).strip("_")[:45].strip("_") or "field"
    if not code[0].isalpha():
        code = f"field_{code}"
    free, number = code, 2
    if is_taken(free) or free in TARGETS:
        free = code = f"{code}_field"
    while free in taken:
        free, number = f"{code}_{number}", number + 1
    return free


def _finish_ids(plan, header, list_system):
    targets = {column.target for column in plan.columns}
    if plan.row_number:
        plan.columns = [column for column in plan.columns if column.target != "external_id"]
        if not plan.external_system:
            raise MappingError("Row numbers identify people only with an external_system, the name of the list.")
    elif targets.isdisjoint(IDENTIFYING):
        names = ", ".join(f"“{name}”" for name in header[:6])
        raise MappingError(
            f"No column tells who a person is: {names}{' and others' if len(header) > 6 else ''}. "
            "Map one to an e-mail, a phone number, a name or an external id, or have each identified by the number of "
            'her row (in a mapping file "row_number": true).'
        )
    if "external_id" in targets and not plan.external_system:
        # Ids of an unknown system mean something only among files of the same columns, and less than an address.
        plan.external_system = list_system or f"{UNKNOWN_SYSTEM}{header_key(header)[:12]}"
    plan.trusts_ids = not plan.external_system.startswith(UNKNOWN_SYSTEM)


def _column_problem(name, value):
    if value is None:
        return None
    if isinstance(value, str):
        value = {"field": value}
    if not isinstance(value, dict) or not isinstance(value.get("field"), str):
        return f"The column “{name}” has to be mapped to a field, to an object with a field, or to null."
    unknown = value.keys() - COLUMN_SETTINGS
    if unknown:
        return f"The column “{name}” has {', '.join(sorted(unknown))}, which means nothing here."
    if not _CODE.fullmatch(value["field"]):
        return (
            f"The column “{name}” is mapped to “{value['field']}”: a field is at most 50 small letters, digits and "
            "underscores, and starts with a letter."
        )
    if value.get("type") not in {None, *FieldType.values}:
        return f"The column “{name}” has the type {value['type']}; there are {', '.join(FieldType.values)}."
    if not isinstance(value.get("label", ""), str):
        return f"The label of the column “{name}” has to be text."
    choices = value.get("choices", [])
    if not isinstance(choices, list) or not all(isinstance(word, str) and word.strip() for word in choices):
        return f"The choices of the column “{name}” have to be a list of words."
    if value.get("day_first") not in {None, True, False}:
        return f"day_first of the column “{name}” has to be true or false."
    return None
