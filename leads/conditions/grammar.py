"""What a condition is made of once it has been read: small frozen values that compare and hash by meaning."""

from dataclasses import dataclass

MAX_DEPTH = 12  # groups within groups
MAX_NODES = 200  # groups and tests together
MAX_LIST = 500  # values of one test
MAX_TEXT = 500  # letters of one value
MAX_NUMBER = 10**15
MAX_DAYS = 36_500
MAX_COUNT = 1_000
MAX_PROBLEMS = 50
MAX_MATCHES = 10  # payload matches of one activity test


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: `path` is where, such as "all[1].not.value" ("" is the condition itself)."""

    path: str
    message: str

    def __str__(self):
        return f"{self.path or 'condition'}: {self.message}"


class ConditionError(ValueError):
    """The tree is no condition; `problems` is a tuple of every Problem found, in the order of the tree."""

    def __init__(self, problems):
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))


@dataclass(frozen=True)
class All:
    members: tuple


@dataclass(frozen=True)
class Any:
    members: tuple


@dataclass(frozen=True)
class Not:
    member: object


@dataclass(frozen=True)
class FieldTest:
    """A test of one field; `{"answer": CODE}` is the same test of a field that is a rating question.

    value: None where the operator takes none, else str, Decimal, bool, date, datetime (UTC), a number of days as int,
    the id of what a reference names as int, or a tuple of such for a list or a range. A reference that is a text names
    nothing.
    """

    code: str
    op: str
    value: object = None


@dataclass(frozen=True)
class PayloadTest:
    """A test of one top-level key of an activity's payload. value: None, str, Decimal, bool or a tuple of them."""

    path: str
    op: str
    value: object = None


@dataclass(frozen=True)
class ActivityTest:
    """Either a count (`at_least` of them, `within_days` when given) or a look at the first or last one (`seen`).

    kinds are codes of leads.activities in the order of their registration, where is a tuple of PayloadTest that must
    all hold.
    With `seen` ("first" or "last"), `op` is before, after, more_than_days_ago or within_days and `value` a date, a
    datetime (UTC) or a number of days; at_least is then 1 and within_days None. Without it op and value are None.
    """

    kinds: tuple
    where: tuple = ()
    at_least: int = 1
    within_days: int | None = None
    seen: str | None = None
    op: str | None = None
    value: object = None


def tests_of(node):
    """Every FieldTest and ActivityTest of a condition that was read, from left to right."""
    if isinstance(node, All | Any):
        return [test for member in node.members for test in tests_of(member)]
    if isinstance(node, Not):
        return tests_of(node.member)
    return [] if node is None else [node]
