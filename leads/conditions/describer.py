"""From the grammar to English. Two conditions that differ in meaning never read the same."""

import datetime
import json
import re

from leads.activities import kind_of
from leads.conditions.grammar import ActivityTest, All, Any, FieldTest, Not
from leads.conditions.operators import FILLING
from leads.conditions.values import is_day
from leads.fields import ValueType

# The label of an admin's field stands in quotes when one of these words in it could be read as part of a test.
_VERBS = frozenset(
    [
        *("is", "was", "are", "has", "had", "have", "include", "includes", "contains", "starts", "ends", "in", "with"),
        *("and", "or", "not", "neither", "nor", "before", "after", "between", "filled", "empty", "yes", "no"),
    ]
)
_PLAIN = re.compile(r"[^\W\d_][\w/&'-]*(?: [\w/&'-]+)*\Z")


def describe_node(node, vocabulary):
    """The English of a node that was read with this vocabulary."""
    return _say(node, vocabulary)[0]


def _say(node, vocabulary):
    """(sentence part, whether it needs brackets inside another)."""
    if isinstance(node, Not):
        return f"not ({_say(node.member, vocabulary)[0]})", False
    if isinstance(node, All | Any):
        said = [_say(each, vocabulary) for each in node.members]
        joined = (" and " if isinstance(node, All) else " or ").join(
            f"({text})" if compound else text for text, compound in said
        )
        return joined, True
    if isinstance(node, ActivityTest):
        return _activity(node, vocabulary)
    field = vocabulary.get(node.code)
    label = _label(field, node.code in vocabulary.shared_labels)
    text, compound = _field(node, field, label, _references(node, field, vocabulary))
    return text + (_zone(node.value, vocabulary) if field.type == ValueType.DATETIME else ""), compound


def _zone(value, vocabulary):
    """The zone that a day of a time is meant in, behind what tells the day."""
    days = any(map(is_day, value if isinstance(value, tuple) else (value,)))
    return f" ({vocabulary.zone})" if days else ""


def _references(test, field, vocabulary):
    """Asked for only where the test names one."""
    names = field.type == ValueType.REFERENCE and test.op not in FILLING
    return vocabulary.references[field.code] if names else None


def _label(field, is_shared):
    """The name of a field within a sentence; with its code where another field has the same label."""
    words = re.findall(r"\w+", field.label.casefold())
    if field.is_custom and (not _PLAIN.match(field.label) or _VERBS.intersection(words)):
        name = _quoted(field.label)
    else:
        tail = field.label[1:]
        name = field.label[0].lower() + tail if tail == tail.lower() else field.label
    return f"{name} ({field.code})" if is_shared else name


def _field(test: FieldTest, field, label, references):
    values = test.value if isinstance(test.value, tuple) else (test.value,)
    names = dict(field.choices) if field.type == ValueType.CHOICE and not field.is_custom else {}
    words = [names[each].lower() if each in names and len(each) > 1 else _word(each, names) for each in values]
    if field.answers and test.op not in FILLING:
        words = [_quoted(field.answers.label(each)) for each in values]
    if references is not None:
        words = [_referred(each, references) for each in values]
    return _phrase(label, test.op, words, values)


def _referred(value, references):
    """What a reference points to, by the name it has now; what is not there is told as such."""
    if isinstance(value, str):
        return f"{_quoted(value)} (unknown)"
    row = references.get(value)
    return f"number {value} (gone)" if row is None else _quoted(references.label(row))


def _word(value, names=()):
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value if value in names else _quoted(value)
    if isinstance(value, datetime.datetime):
        return f"{value.replace(tzinfo=None).isoformat(' ')} UTC"
    if isinstance(value, datetime.date):
        return value.isoformat()
    return f"{value:,f}" if value is not None else ""


def _phrase(label, op, words, values):
    """(sentence part, whether it needs brackets inside a group)."""
    one, many = words[0], len(words) > 1
    verbs = {
        "is": f"is {one}",
        "is_not": f"is not {one}",
        "contains": f"contains {one}",
        "starts_with": f"starts with {one}",
        "ends_with": f"ends with {one}",
        "over": f"is over {one}",
        "at_least": f"is at least {one}",
        "under": f"is under {one}",
        "at_most": f"is at most {one}",
        "before": f"is before {one}",
        "after": f"is after {one}",
        "filled": "is filled",
        "empty": "is empty",
    }
    if op in verbs:
        return f"{label} {verbs[op]}", False
    if op in {"within_days", "more_than_days_ago", "next_days"}:
        return f"{label} is {_days(op, values[0])}", False
    if op == "between":
        return f"{label} is between {one} and {words[1]}", True
    if op == "in":
        return f"{label} is {' or '.join(words)}", True
    if op == "not_in":
        return f"{label} is neither {' nor '.join(words)}", True
    if op == "has_none":
        return f"{label} {'include neither' if many else 'do not include'} {' nor '.join(words)}", many
    return f"{label} include {(' and ' if op == 'has_all' else ' or ').join(words)}", many


def _days(op, days):
    span = f"{days:,} day{'' if days == 1 else 's'}"
    return {
        "within_days": f"in the last {span}",
        "more_than_days_ago": f"more than {span} ago",
        "next_days": f"in the next {span}",
    }[op]


def _activity(test, vocabulary):
    nouns = [(kind.one, kind.many) for kind in map(kind_of, test.kinds)]
    compound = len(nouns) > 1
    where = " and ".join(_match(match) for match in test.where)
    matching = f" ({where})" if where else ""
    if test.seen:
        what = " or ".join(one for one, _ in nouns)
        when = _days(test.op, test.value) if isinstance(test.value, int) else f"{test.op} {_word(test.value)}"
        return f"{test.seen} {what}{matching} was {when}{_zone(test.value, vocabulary)}", compound
    if test.at_least == 1:
        what = " or ".join(f"{'an' if one[0] in 'aeiou' else 'a'} {one}" for one, _ in nouns)
    else:
        what = f"at least {test.at_least:,} {' or '.join(many for _, many in nouns)}"
    window = f" in the last {test.within_days:,} day{'' if test.within_days == 1 else 's'}" if test.within_days else ""
    return f"had {what}{matching}{window}", compound


def _match(match):
    values = match.value if isinstance(match.value, tuple) else (match.value,)
    text, compound = _phrase(match.path, match.op, [_word(each) for each in values], values)
    return f"({text})" if compound else text


def _quoted(text):
    return json.dumps(text, ensure_ascii=False)
