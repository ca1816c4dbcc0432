"""What a scoring model has to be, checked without the database. The file format is told in docs/scoring.md."""

import contextlib
from typing import NamedTuple

from leads.activities import Trait, codes_with
from leads.conditions import ConditionError, check, foundations
from leads.fields.answers import NoAnswer
from scoring.conditions import SCORE

MAX_RULES = 200
MAX_POINTS = 1000
MAX_TOTAL = MAX_RULES * MAX_POINTS
MAX_DAYS = 3650
MAX_WORDS = 8

_MODEL_KEYS = {"name", "question_set", "ranges", "answers", "rules", "requirements", "notes"}
_RULE_KEYS = {"label", "points", "when", "cap", "half_life_days"}
_REQUIREMENT_KEYS = {"grade", "label", "when"}
_ABSENT = object()


class FileProblem(NamedTuple):
    """`path` leads from the top of the file to what is wrong, such as rules[2].when.all[0].field."""

    path: str
    message: str

    def __str__(self):
        return f"{self.path or 'file'}: {self.message}"


class ModelRefused(Exception):
    """A scoring model file or draft is wrong; `problems` is the tuple of every FileProblem."""

    def __init__(self, problems):
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))


def in_our_codes(data: object, vocabulary) -> object:
    """The parsed model file with its answers by the codes they have here.

    A file that comes from elsewhere may give an answer another code; what it calls it, in `answers`, tells which is
    meant. What is no answer here, or nothing that can be understood, stays as it is for model_problems to name.
    """
    told = data.get("answers") if isinstance(data, dict) else None
    if not isinstance(told, dict):
        return data
    names = {}
    for field_code, labels in told.items():
        field = vocabulary.get(field_code)
        if field is None or not isinstance(labels, dict):
            continue
        names[field_code] = known = {}
        for code, label in labels.items():
            if isinstance(label, str):
                with contextlib.suppress(NoAnswer):
                    known[code] = field.answers.find_told(code, label).code
    return data | {
        part: _renamed(data[part], names) for part in ("rules", "requirements") if isinstance(data.get(part), list)
    }


def _renamed(node, names):
    if isinstance(node, list):
        return [_renamed(each, names) for each in node]
    if not isinstance(node, dict):
        return node
    field_code = node.get("field", node.get("answer"))
    if isinstance(field_code, str) and field_code in names:
        value, known = node.get("value"), names[field_code]
        if isinstance(value, list):
            return node | {"value": [known.get(each, each) if isinstance(each, str) else each for each in value]}
        return node | {"value": known[value]} if isinstance(value, str) and value in known else node
    return {key: _renamed(each, names) for key, each in node.items()}


def answer_problems(told, vocabulary) -> list[FileProblem]:
    """Problems of {code of a field: {code of an answer: label}}: what does not name one answer that there is here."""
    if not isinstance(told, dict) or not all(isinstance(labels, dict) for labels in told.values()):
        return [FileProblem("answers", "has to be an object of fields, each an object of code and label")]
    problems = []
    for field_code, labels in told.items():
        field = vocabulary.get(field_code)
        if field is None:
            problems.append(FileProblem(join("answers", field_code), "is no field here"))
            continue
        for code, label in labels.items():
            path = join(f"answers.{field_code}", code)
            if not isinstance(label, str):
                problems.append(FileProblem(path, "has to be text"))
                continue
            try:
                field.answers.find_told(code, label)
            except NoAnswer as error:
                problems.append(FileProblem(path, str(error)))
    return problems


def model_problems(data, *, vocabulary, question_sets) -> list[FileProblem]:
    """Every FileProblem of a parsed model file, in the order of the file; [] for a good one.

    `question_sets` holds the codes that exist; `vocabulary` is what conditions may name.
    """
    if not isinstance(data, dict):
        return [FileProblem("", "has to be an object with name, ranges and rules")]
    problems = _unknown_keys("", data, _MODEL_KEYS)
    problems += _text_problems("name", data.get("name", _ABSENT))
    if not isinstance(data.get("notes", ""), str):
        problems.append(FileProblem("notes", "has to be text"))
    chosen = data.get("question_set")
    if chosen is not None and not (isinstance(chosen, str) and chosen in question_sets):
        known = ", ".join(sorted(question_sets)) or "none"
        problems.append(FileProblem("question_set", f"{chosen!r} is no question set; there are: {known}"))
    problems += range_problems(data.get("ranges", _ABSENT))
    problems += answer_problems(data.get("answers", {}), vocabulary)
    problems += _list_problems("rules", data.get("rules", _ABSENT), _rule_problems, vocabulary)
    problems += _list_problems("requirements", data.get("requirements", []), _requirement_problems, vocabulary)
    return problems


def range_problems(ranges) -> list[FileProblem]:
    """Problems of {"A": [from, null], "B": [from, to], "C": [from, to], "D": [null, to]}: gaps, overlaps, nonsense."""
    if ranges is _ABSENT:
        return [FileProblem("ranges", "is missing")]
    if not isinstance(ranges, dict):
        return [FileProblem("ranges", "has to be an object of A, B, C and D, each [from, to]")]
    problems = _unknown_keys("ranges", ranges, set("ABCD"))
    for grade in "ABCD":
        if grade not in ranges:
            problems.append(FileProblem(f"ranges.{grade}", "is missing"))
        else:
            problems += _one_range_problems(grade, ranges[grade])
    return problems or _neighbour_problems(ranges)


def condition_problems(tree, vocabulary, *, portable=False) -> list[FileProblem]:
    """Problems of a rule's condition, paths from its root: of the language, and of looking at the score.

    portable: as in leads.conditions.check.
    """
    try:
        check(tree, vocabulary, portable=portable)
    except ConditionError as error:
        return [FileProblem(problem.path, problem.message) for problem in error.problems]
    return list(_circles("", tree))


def behaviour_problems(tree) -> list[FileProblem]:
    """Why a well-formed condition cannot be counted activity by activity; [] when it can.

    A group of one is its only member: the editor writes it so.
    """
    path = ""
    while head := next((head for head in ("all", "any") if len(tree.get(head, ())) == 1), None):
        tree, path = tree[head][0], join(path, f"{head}[0]")
    if "activity" not in tree:
        return [FileProblem(path, "a rule with a cap counts activities, so it has to be a single activity test")]
    return [
        FileProblem(join(path, key), "a rule with a cap counts every activity by itself; leave out this or the cap")
        for key, harmless in (("at_least", 1), ("seen", None))
        if tree.get(key, harmless) != harmless
    ]


def number_problems(path, value, low, high) -> list[FileProblem]:
    """[] for a whole number from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, int):
        return [FileProblem(path, "has to be a whole number")]
    if not low <= value <= high:
        return [FileProblem(path, f"has to lie between {low} and {high}")]
    return []


def _one_range_problems(grade, ends):
    path = f"ranges.{grade}"
    if not isinstance(ends, list) or len(ends) != 2:
        return [FileProblem(path, "has to be [from, to]")]
    problems = []
    for place, open_for in ((0, "D"), (1, "A")):
        if grade == open_for:
            if ends[place] is not None:
                problems.append(FileProblem(f"{path}[{place}]", "has to be null: this end is open"))
        else:
            problems += number_problems(f"{path}[{place}]", ends[place], -MAX_TOTAL, MAX_TOTAL)
    if not problems and None not in ends and ends[0] > ends[1]:
        problems.append(FileProblem(path, f"{ends[0]} lies above {ends[1]}"))
    return problems


def _neighbour_problems(ranges):
    problems = []
    for upper, lower in ("AB", "BC", "CD"):
        bottom, top = ranges[upper][0], ranges[lower][1]
        if top < bottom - 1:
            problems.append(FileProblem(f"ranges.{lower}[1]", f"leaves a gap: {upper} starts at {bottom}"))
        elif top >= bottom:
            problems.append(FileProblem(f"ranges.{lower}[1]", f"overlaps: {upper} starts at {bottom}"))
    return problems


def _rule_problems(path, rule, vocabulary):
    problems = _unknown_keys(path, rule, _RULE_KEYS)
    label = rule.get("label", _ABSENT)
    problems += _text_problems(f"{path}.label", label)
    if isinstance(label, str) and len(label.split()) > MAX_WORDS:
        problems.append(FileProblem(f"{path}.label", f"has more than {MAX_WORDS} words"))
    points = rule.get("points", _ABSENT)
    if points is _ABSENT:
        problems.append(FileProblem(f"{path}.points", "is missing"))
    elif points == 0 and not isinstance(points, bool):
        problems.append(FileProblem(f"{path}.points", "zero points say nothing"))
    else:
        problems += number_problems(f"{path}.points", points, -MAX_POINTS, MAX_POINTS)
    cap, half_life = rule.get("cap"), rule.get("half_life_days")
    if cap is not None:
        problems += number_problems(f"{path}.cap", cap, 1, MAX_POINTS)
    if half_life is not None:
        problems += number_problems(f"{path}.half_life_days", half_life, 1, MAX_DAYS)
        if cap is None:
            problems.append(FileProblem(f"{path}.half_life_days", "needs a cap"))
    return problems + _when_problems(path, rule, vocabulary, counted=cap is not None)


def _requirement_problems(path, requirement, vocabulary):
    problems = _unknown_keys(path, requirement, _REQUIREMENT_KEYS)
    if requirement.get("grade") not in ("A", "B", "C"):
        problems.append(FileProblem(f"{path}.grade", "has to be A, B or C"))
    problems += _text_problems(f"{path}.label", requirement.get("label", _ABSENT))
    return problems + _when_problems(path, requirement, vocabulary, counted=False)


def _when_problems(path, holder, vocabulary, *, counted):
    if not holder.get("when"):
        return [FileProblem(f"{path}.when", "is missing")]
    found = condition_problems(holder["when"], vocabulary, portable=True)
    if not found and counted:
        found = behaviour_problems(holder["when"])
    return [FileProblem(join(f"{path}.when", problem.path), problem.message) for problem in found]


def _list_problems(path, items, check_item, vocabulary):
    if items is _ABSENT:
        return [FileProblem(path, "is missing")]
    if not isinstance(items, list):
        return [FileProblem(path, "has to be a list")]
    problems = []
    if len(items) > MAX_RULES:
        problems.append(FileProblem(path, f"holds more than {MAX_RULES}"))
    first_with = {}
    for position, item in enumerate(items[:MAX_RULES]):
        here = f"{path}[{position}]"
        if not isinstance(item, dict):
            problems.append(FileProblem(here, "has to be an object"))
            continue
        problems += check_item(here, item, vocabulary)
        label = item.get("label")
        if isinstance(label, str) and label.strip():
            first = first_with.setdefault(label.strip().casefold(), here)
            if first != here:
                problems.append(FileProblem(f"{here}.label", f"is the label of {first} too"))
    return problems


def _text_problems(path, value, most=100):
    if value is _ABSENT:
        return [FileProblem(path, "is missing")]
    if not isinstance(value, str) or not value.strip():
        return [FileProblem(path, "has to be text")]
    # NUL and halves of characters, which JSON can spell and the database cannot hold.
    if "\0" in value or value != value.encode(errors="ignore").decode():
        return [FileProblem(path, "holds a character that cannot be stored")]
    return [FileProblem(path, f"is longer than {most} characters")] if len(value) > most else []


def _unknown_keys(path, holder, known):
    return [
        FileProblem(join(path, key), f"is unknown; known are: {', '.join(sorted(known))}")
        for key in holder
        if key not in known
    ]


def _circles(path, node):
    if not isinstance(node, dict):
        return
    if "not" in node:
        yield from _circles(join(path, "not"), node["not"])
    for branch in ("all", "any"):
        for position, child in enumerate(node.get(branch, ())):
            yield from _circles(join(path, f"{branch}[{position}]"), child)
    # A rule that read what follows from its own points would change them.
    code = node.get("field")
    if code == SCORE:
        yield FileProblem(join(path, "field"), f"a scoring rule cannot look at {code}: it makes it")
    elif SCORE in foundations(code):
        yield FileProblem(join(path, "field"), f"a scoring rule cannot look at {code}: it follows from the {SCORE}")
    kinds = node.get("activity", ())
    if set(codes_with(Trait.UNSCORED)).intersection([kinds] if isinstance(kinds, str) else kinds):
        yield FileProblem(join(path, "activity"), "a scoring rule cannot look at grade changes: it makes them")


def join(path, rest) -> str:
    """`rest` below `path`, both in the notation of FileProblem."""
    if not path or not rest:
        return path or rest
    return f"{path}{rest}" if rest.startswith("[") else f"{path}.{rest}"
