"""From a JSON tree to the grammar, naming everything that is wrong on the way."""

import re

from leads.activities import all_kinds
from leads.conditions import grammar
from leads.conditions.grammar import ActivityTest, All, Any, ConditionError, FieldTest, Not, PayloadTest, Problem
from leads.conditions.operators import OPERATORS, PAYLOAD_OPS, SEEN_OPS, Takes
from leads.conditions.values import (
    Refused,
    is_backwards,
    read_boolean,
    read_date,
    read_days,
    read_moment,
    read_number,
    read_text,
    read_whole,
    shown,
)
from leads.fields import ValueType
from leads.fields.answers import NoAnswer, SeveralAnswers

HEADS = ("all", "any", "not", "field", "answer", "activity")
LARGEST_ID = 2**63 - 1
PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,49}\Z")

_READERS = {
    ValueType.TEXT: read_text,
    ValueType.NUMBER: read_number,
    ValueType.BOOLEAN: read_boolean,
    ValueType.DATE: read_date,
    ValueType.DATETIME: read_moment,
    ValueType.CHOICE: read_text,
    ValueType.LIST: read_text,
}


def read(tree, vocabulary, *, closed=True, portable=False):
    """The grammar node of a JSON tree; raises ConditionError with every problem found.

    closed: whether an answer that an own field does not have, or a reference to nothing, is a problem. It is one when a
    condition is written down; when it runs, nobody has that, and twice the size is allowed so that conditions can be
    joined. portable: whether it comes from elsewhere, where an id says something else or nothing.
    vocabulary None reads activity tests only: tests of fields become None, unchecked.
    """
    reader = _Reader(vocabulary, closed, portable)
    node = reader.node(tree, "", 0)
    if reader.problems:
        raise ConditionError(reader.problems)
    return node


def as_stored(tree, vocabulary):
    """The tree of a condition that was checked, with the code or the id of each answer and reference named in words."""

    def stored(field, value):
        if field.type != ValueType.REFERENCE:
            return field.choice(value)
        return vocabulary.references[field.code].find(value).pk if isinstance(value, str) else value

    return _renamed(tree, vocabulary, stored)


def as_written(tree, vocabulary):
    """The tree of a condition as another installation can read it: what it refers to by the code that has now.

    What is gone keeps its id, for whoever reads it to refuse. Raises ConditionError.
    """
    read(tree, vocabulary, closed=False)

    def written(field, value):
        if field.type != ValueType.REFERENCE or isinstance(value, str):
            return value
        row = vocabulary.references[field.code].get(value)
        return value if row is None else row.code

    return _renamed(tree, vocabulary, written)


def _renamed(tree, vocabulary, name):
    """The tree with `name` of the field and the value in the place of each answer and reference."""
    if not isinstance(tree, dict):
        return tree
    if "not" in tree:
        return tree | {"not": _renamed(tree["not"], vocabulary, name)}
    for head in ("all", "any"):
        if head in tree:
            return tree | {head: [_renamed(each, vocabulary, name) for each in tree[head]]}
    field = vocabulary.get(tree.get("field", tree.get("answer")))
    names_others = field is not None and (field.answers or field.type == ValueType.REFERENCE)
    if not names_others or not OPERATORS[tree["op"]].is_closed:
        return tree
    value = tree["value"]
    named = [name(field, each) for each in value] if isinstance(value, list) else name(field, value)
    return tree | {"value": named}


def _under(path, key):
    name = key if isinstance(key, str) and PATH.match(key) else shown(key)
    return f"{path}.{name}" if path else name


class _Reader:
    """Collects problems on one walk; a method returns None where it has found one."""

    def __init__(self, vocabulary, closed, portable):
        self.vocabulary = vocabulary
        self.closed = closed
        self.portable = portable
        self.most_nodes = grammar.MAX_NODES * (1 if closed else 2)
        self.most_depth = grammar.MAX_DEPTH * (1 if closed else 2)
        self.problems = []
        self.nodes = 0

    def problem(self, path, message):
        self.problems.append(Problem(path, message))
        if len(self.problems) >= grammar.MAX_PROBLEMS:
            raise ConditionError(self.problems)

    def value(self, path, reader, *args):
        """What `reader` makes of the arguments, or None and a problem."""
        try:
            return reader(*args)
        except Refused as error:
            return self.problem(path, str(error))

    def node(self, tree, path, depth):
        self.nodes += 1
        if self.nodes > self.most_nodes:
            self.problem(path, f"the condition is too big: more than {self.most_nodes} groups and tests")
            raise ConditionError(self.problems)
        if depth > self.most_depth:
            return self.problem(path, f"groups are nested deeper than {self.most_depth}")
        if not isinstance(tree, dict):
            return self.problem(path, f"give an object with one of {', '.join(HEADS)}, not {shown(tree)}")
        heads = [head for head in HEADS if head in tree]
        if len(heads) != 1:
            told = f"{' and '.join(heads)} do not go together: " if heads else ""
            return self.problem(path, f"{told}give exactly one of {', '.join(HEADS)}")
        head = heads[0]
        if head in {"all", "any"}:
            return self.group(tree, path, depth, head)
        if head == "not":
            self.only(tree, path, ("not",))
            member = self.node(tree["not"], _under(path, "not"), depth + 1)
            return member and Not(member)
        if head == "activity":
            return self.activity(tree, path)
        return self.field(tree, path, head)

    def only(self, tree, path, known):
        """Names the keys that have no place here."""
        for key in tree:
            if not isinstance(key, str) or key not in known:
                self.problem(_under(path, key), f"unknown here; known are {', '.join(known)}")

    def group(self, tree, path, depth, head):
        self.only(tree, path, (head,))
        members = tree[head]
        place = _under(path, head)
        if not isinstance(members, list):
            return self.problem(place, f"give a list of conditions, not {shown(members)}")
        if not members:
            return self.problem(place, "give at least one condition: an empty group says nothing")
        read_members = tuple(self.node(each, f"{place}[{at}]", depth + 1) for at, each in enumerate(members))
        if len(read_members) == 1:
            return read_members[0]
        return (All if head == "all" else Any)(read_members)

    def field(self, tree, path, head):
        if self.vocabulary is None:
            return None
        self.only(tree, path, (head, "op", "value"))
        code = tree[head]
        place = _under(path, head)
        field = self.vocabulary.get(code) if isinstance(code, str) else None
        if field is None:
            if not isinstance(code, str):
                return self.problem(place, f"give the code of a field, not {shown(code)}")
            near = self.vocabulary.nearest(code)
            return self.problem(place, f"unknown field {shown(code)}{f'; is {near} meant?' if near else ''}")
        if head == "answer" and not field.dimension:
            return self.problem(place, f"{code} is not a rating question; say field instead of answer")
        op = self.op(tree, path, field.ops, f"{code} knows")
        if op is None:
            return None
        days = OPERATORS[op].takes == Takes.DAYS
        value = self.operand(tree, path, op, read_days if days else self.reader_of(field, op))
        return self.simplest(FieldTest, code, op, value)

    def op(self, tree, path, known, whose):
        """The operator, or None and a problem."""
        op = tree.get("op")
        if isinstance(op, str) and op in known:
            return str(op)
        place = _under(path, "op")
        said = "give an operator" if "op" not in tree else f"unknown operator {shown(op)}"
        return self.problem(place, f"{said}; {whose} {', '.join(known)}")

    def reader_of(self, field, op):
        """The reader of one value of this field, with the check that it stands in the closed list."""
        if field.type == ValueType.REFERENCE:
            return lambda value: self.referred(field, value)
        read_one = _READERS[field.type]
        if not field.choices or not OPERATORS[op].is_closed:
            return read_one

        def read_choice(value):
            word = read_one(value)
            try:
                return field.choice(word)
            except NoAnswer as error:
                if not self.closed and field.is_custom:
                    return word
                if isinstance(error, SeveralAnswers):
                    raise Refused(str(error)) from None
                words = ", ".join(ascii(choice)[1:-1][:40] for choice, _ in field.choices[:12])
                more = ", ..." if len(field.choices) > 12 else ""
                raise Refused(f"{shown(value)} is not one of the answers of {field.code}: {words}{more}") from None

        return read_choice

    def referred(self, field, value):
        """The id of the row that an id, a code or a name stands for. Where it runs, a text stands for nothing."""
        if isinstance(value, str):
            word = read_text(value)
            if not self.closed:
                return word
            try:
                return self.vocabulary.references[field.code].find(word).pk
            except NoAnswer as error:
                told = str(error) if isinstance(error, SeveralAnswers) else f"there is no {field.code} {shown(word)}"
                raise Refused(told) from None
        if self.portable:
            raise Refused(f"give the code of the {field.code}, not {shown(value)}: it is another one elsewhere")
        pk = read_whole(value, 1, LARGEST_ID)
        if self.closed and self.vocabulary.references[field.code].get(pk) is None:
            raise Refused(f"there is no {field.code} with the number {pk}")
        return pk

    def operand(self, tree, path, op, read_one):
        """The value that `op` takes: None for nothing, a tuple for a list or a range."""
        takes, place = OPERATORS[op].takes, _under(path, "value")
        if takes == Takes.NOTHING:
            return self.problem(place, f"{op} takes no value") if "value" in tree else None
        if "value" not in tree:
            return self.problem(place, f"{op} needs a value")
        value = tree["value"]
        if takes in {Takes.ONE, Takes.DAYS}:
            return self.value(place, read_one, value)
        if not isinstance(value, list):
            return self.problem(place, f"{op} takes a list, not {shown(value)}")
        if takes == Takes.RANGE and len(value) != 2:
            return self.problem(place, "between takes a list of two: from and to, both included")
        if not value:
            return self.problem(place, "give at least one value")
        if len(value) > grammar.MAX_LIST:
            return self.problem(place, f"give at most {grammar.MAX_LIST} values")
        read_values = tuple(self.value(f"{place}[{at}]", read_one, each) for at, each in enumerate(value))
        if None in read_values:
            return None
        if takes == Takes.RANGE:
            if self.closed and is_backwards(*read_values, self.vocabulary):
                return self.problem(place, "the first of the two is the greater one")
            return read_values
        return tuple(dict.fromkeys(read_values))

    def simplest(self, kind, code, op, value):
        """A list of one is said with the operator for one."""
        if isinstance(value, tuple) and len(value) == 1:
            if op in {"in", "not_in"}:
                return kind(code, "is" if op == "in" else "is_not", value[0])
            if op == "has_all":
                return kind(code, "has_any", value)
        return kind(code, op, value)

    def activity(self, tree, path):
        seen = "seen" in tree
        self.only(
            tree, path, ("activity", "where", *(("seen", "op", "value") if seen else ("at_least", "within_days")))
        )
        kinds = self.kinds(tree["activity"], _under(path, "activity"))
        where = self.where(tree["where"], _under(path, "where")) if "where" in tree else ()
        if seen:
            which = tree["seen"]
            if not isinstance(which, str) or which not in {"first", "last"}:
                self.problem(_under(path, "seen"), f"give first or last, not {shown(which)}")
            op = self.op(tree, path, SEEN_OPS, "seen knows")
            if op is None:
                return None
            value = self.operand(tree, path, op, read_days if OPERATORS[op].takes == Takes.DAYS else read_moment)
            return ActivityTest(kinds, where, seen=str(which), op=op, value=value)
        count = self.value(_under(path, "at_least"), read_whole, tree.get("at_least", 1), 1, grammar.MAX_COUNT)
        days = None
        if "within_days" in tree:
            days = self.value(_under(path, "within_days"), read_days, tree["within_days"])
        return ActivityTest(kinds, where, at_least=count, within_days=days)

    def kinds(self, given, path):
        known = [kind.code for kind in all_kinds() if kind.in_conditions]
        many = isinstance(given, list)
        if many and not 0 < len(given) <= len(known):
            return self.problem(path, "give one kind of activity or a list of different kinds")
        for at, kind in enumerate(given if many else [given]):
            if not isinstance(kind, str) or kind not in known:
                place = f"{path}[{at}]" if many else path
                self.problem(place, f"unknown kind {shown(kind)}; known are {', '.join(known)}")
        chosen = given if many else [given]
        return tuple(kind for kind in known if kind in chosen)

    def where(self, given, path):
        many = isinstance(given, list)
        if many and not 0 < len(given) <= grammar.MAX_MATCHES:
            return self.problem(path, f"give one match or a list of up to {grammar.MAX_MATCHES}")
        read_matches = [
            self.match(each, f"{path}[{at}]" if many else path) for at, each in enumerate(given if many else [given])
        ]
        return tuple(dict.fromkeys(read_matches))

    def match(self, given, path):
        if not isinstance(given, dict):
            return self.problem(path, f"give an object with path, op and value, not {shown(given)}")
        self.only(given, path, ("path", "op", "value"))
        key = given.get("path")
        if not isinstance(key, str) or not PATH.match(key):
            self.problem(_under(path, "path"), "give a top-level key of the payload: letters, digits, _, . and -")
        op = self.op(given, path, PAYLOAD_OPS, "a match knows")
        if op is None:
            return None
        value = self.operand(given, path, op, _reader_of_payload(op))
        if isinstance(value, tuple) and len({type(each) for each in value}) > 1:
            return self.problem(_under(path, "value"), "give only texts or only numbers")
        return self.simplest(PayloadTest, str(key), op, value)


def _reader_of_payload(op):
    """A payload has no declared types: the value given says whether texts, numbers or yes and no are compared."""

    compares = OPERATORS[op].compares

    def read_scalar(value):
        if isinstance(value, str) or compares == (ValueType.TEXT,):
            if ValueType.TEXT not in compares:
                raise Refused(f"give a number, not {shown(value)}")
            return read_text(value)
        if isinstance(value, bool) and ValueType.BOOLEAN in compares:
            return value
        return read_number(value)

    return read_scalar
