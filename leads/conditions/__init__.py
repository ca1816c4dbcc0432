"""The one language in which LeadFunnel writes rules about people (docs/conditions.md).

Scoring rules, stage entry, routing, filters and programs all say who they mean with a JSON tree that is checked,
compiled, described and edited here and nowhere else.
"""

from leads.conditions.compiler import activity_filter, compile_node, seen_holds
from leads.conditions.describer import describe_node
from leads.conditions.field import Column, Field, Joined, Related, Rows, Stored
from leads.conditions.grammar import ActivityTest, ConditionError, FieldTest, PayloadTest, Problem, tests_of
from leads.conditions.lacking import lacking, lacking_words
from leads.conditions.moments import GRACE, NOW, settled
from leads.conditions.operators import OPERATORS, Takes
from leads.conditions.reading import as_stored, as_written, read
from leads.conditions.registry import built_in, check_dependencies, foundations, register
from leads.conditions.sql import where
from leads.conditions.values import is_day
from leads.conditions.vocabulary import Vocabulary
from leads.fields import ValueType

__all__ = [
    "GRACE",
    "NOW",
    "ActivityTest",
    "Column",
    "ConditionError",
    "Field",
    "Joined",
    "PayloadTest",
    "Problem",
    "Related",
    "Rows",
    "Stored",
    "Vocabulary",
    "activity_filter",
    "activity_tests",
    "answers_of",
    "as_stored",
    "as_written",
    "built_in",
    "check",
    "check_dependencies",
    "compile_condition",
    "describe",
    "foundations",
    "lacking",
    "lacking_words",
    "matching",
    "names_days",
    "register",
    "reads",
    "seen_holds",
    "settled",
]


def check(tree, vocabulary=None, *, portable=False):
    """Returns None when `tree` is a condition; raises ConditionError with every problem and its path when not.

    portable: it comes from another installation, so references have to be named by code and not by id.
    """
    read(tree, vocabulary or Vocabulary.load(), portable=portable)


def compile_condition(tree, *, now, vocabulary=None, activities=None):
    """A Django boolean expression over Lead that is never NULL; for filter(), annotate() and Case(When()).

    The tree is one as it is stored (as_stored): a reference that is a text refers to nothing.
    It refers to columns of leads_lead and to subqueries of its own alone. `activities`, a callable from ActivityTest
    to a boolean expression that is never NULL, replaces the subquery of each activity test. With NOW for `now` the time
    stays open: what the expression compiles to is for `settled`. Raises ConditionError.
    """
    vocabulary = vocabulary or Vocabulary.load()
    node = read(tree, vocabulary, closed=False)
    return compile_node(node, now=now, vocabulary=vocabulary, activities=activities)


def matching(leads, tree, *, now, vocabulary=None):
    """The leads of a queryset of Lead that meet the condition at the moment `now`. Raises ConditionError."""
    return leads.filter(where(compile_condition(tree, now=now, vocabulary=vocabulary)))


def describe(tree, vocabulary=None):
    """The condition as a part of an English sentence. Different conditions read differently. Raises ConditionError."""
    vocabulary = vocabulary or Vocabulary.load()
    return describe_node(read(tree, vocabulary, closed=False), vocabulary)


def activity_tests(tree):
    """The distinct ActivityTests of the tree, from left to right. Raises ConditionError, not for what fields say."""
    found = tests_of(read(tree, None, closed=False))
    return tuple(dict.fromkeys(test for test in found if isinstance(test, ActivityTest)))


def answers_of(tree, vocabulary=None):
    """The (code of a field, code of an answer) pairs that the tree names, from left to right. Raises ConditionError."""
    vocabulary = vocabulary or Vocabulary.load()
    found = []
    for test in tests_of(read(tree, vocabulary, closed=False)):
        if not isinstance(test, ActivityTest):
            known = vocabulary.get(test.code).answers
            values = test.value if isinstance(test.value, tuple) else (test.value,)
            found += [(test.code, value) for value in values if known.get(value)]
    return tuple(dict.fromkeys(found))


def names_days(tree, vocabulary):
    """Whether whom the tree finds depends on the zone that has the days. Raises ConditionError."""
    return any(_names_day(test, vocabulary) for test in tests_of(read(tree, vocabulary, closed=False)))


def _names_day(test, vocabulary):
    if isinstance(test, FieldTest) and vocabulary.get(test.code).type == ValueType.DATE:
        return OPERATORS[test.op].takes == Takes.DAYS
    values = test.value if isinstance(test.value, tuple) else (test.value,)
    return any(map(is_day, values))


def reads(tree, vocabulary=None):
    """(codes of fields, kinds of activity) that the tree looks at, as frozen sets. Raises ConditionError."""
    tests = tests_of(read(tree, vocabulary or Vocabulary.load(), closed=False))
    kinds = {kind for test in tests if isinstance(test, ActivityTest) for kind in test.kinds}
    return frozenset(test.code for test in tests if not isinstance(test, ActivityTest)), frozenset(kinds)
