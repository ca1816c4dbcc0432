"""Compiles a scoring model to the one SELECT that scores any set of leads.

Layers of the statement, inside out: activities aggregated once per lead, one FILTER per distinct test; the points of
each rule; their sum and the ledger; the grade. The OFFSET 0 between them keeps PostgreSQL from copying each layer's
expressions into every place that uses them (a third of the time on a million leads).
"""

import json
from collections import Counter
from typing import NamedTuple

from django.db import connection
from django.db.models import BooleanField, Case, DateTimeField, F, Func, IntegerField, Value, When
from django.db.models.expressions import RawSQL

from leads import conditions
from leads.models import Activity, Lead
from scoring.enums import RuleKind
from scoring.queries import names_days

# Decay is summed in whole millionths: integers add up to the same in every order, so a lead scores the same alone,
# among a thousand and in a full regrade.
WHOLE = 1_000_000
# 2^-21 of a point is less than a millionth; older activities would make exp() underflow, which is an error.
MOST_HALVINGS = 21
LN2 = 0.6931471805599453
DAY_SECONDS = 86400
# How many compiled models a process keeps: the published one, and drafts that are tried.
KEPT = 16

_kept = {}


class Span(NamedTuple):
    """All leads from one id to another, both included: a chunk of a regrade of everybody."""

    first: int
    last: int


class Statement(NamedTuple):
    sql: str
    params: list


def compiled(model, *, vocabulary=None):
    """The CompiledModel of `model`, kept by the process: compiling twenty rules takes longer than a hundred scores.

    It is known by all it is made from, rules, fields and zone, so nothing can grow stale. Raises as CompiledModel does.
    """
    vocabulary = vocabulary or conditions.Vocabulary.load()
    key = (_content(model), tuple(field for field in vocabulary.fields.values() if field.is_custom))
    found = _kept.get(key)
    # Which zone has the days is asked only where a rule names one.
    if found is None or (found.zone and found.zone != vocabulary.zone):
        found = CompiledModel(model, vocabulary=vocabulary)
        # Another thread may empty it at any moment, so what was found is looked up no second time.
        if len(_kept) >= KEPT:
            _kept.clear()
        _kept[key] = found
    return found


class CompiledModel:
    """A scoring model, ready to score any set of leads at any moment.

    `model` needs `rules` and `requirements` loaded; it may be a draft. `zone` is the one whose days its conditions
    name, "" where they name none. Raises leads.conditions.ConditionError when a condition no longer fits the fields
    that exist.
    """

    def __init__(self, model, *, vocabulary):
        self.model = model
        self.vocabulary = vocabulary
        self.aggregates = _Aggregates(vocabulary)
        self.rules = list(model.rules.all())
        self.conditions = self._conditions()
        self.zone = vocabulary.zone if names_days(model, vocabulary) else ""
        self.shared = _Shared(self.conditions.values())
        self.points = [self._points(rule) for rule in self.rules]
        self.must_haves = {
            grade: _lead_sql(_either(self.shared.replaced(condition), Value(True), Value(False), BooleanField()))
            for grade, condition in self.conditions.items()
            if isinstance(grade, str)
        }

    def select(self, lead_ids=None, *, now):
        """Statement that yields id, changed_at, scored_at, old_grade, old_ledger, old_version, score, grade, ledger.

        As of `now`. One row per existing lead of `lead_ids` (a Span or ids; None: all leads), in no particular order.
        """
        points = ", ".join(f"{sql} AS r{number}" for number, (sql, _) in enumerate(self.points))
        must_haves = "".join(f", {sql} AS m{grade}" for grade, (sql, _) in self.must_haves.items())
        people = self._people(lead_ids)
        source = self.aggregates.joined(lead_ids)
        names = [f"r{number}" for number in range(len(self.points))]
        kept = "".join(f", m{grade}" for grade in self.must_haves)
        lead = "id, changed_at, scored_at, old_grade, old_ledger, old_version"
        sql = f"""
            SELECT {lead}, score, {self._grade()} AS grade, ledger
            FROM (
                SELECT {lead}{kept}, {" + ".join(names) or "0"} AS score,
                    ARRAY[{", ".join(f"{name}::smallint" for name in names)}]::smallint[] AS ledger
                FROM (
                    SELECT leads_lead.id, leads_lead.changed_at, leads_lead.scored_at, leads_lead.grade AS old_grade,
                        leads_lead.score_ledger AS old_ledger, leads_lead.score_version AS old_version
                        {", " if points else ""}{points}{must_haves}
                    FROM ({people.sql}) AS leads_lead {source.sql}
                    OFFSET 0
                ) AS by_rule
                OFFSET 0
            ) AS totals"""
        params = [value for _, values in (*self.points, *self.must_haves.values()) for value in values]
        return Statement(sql, conditions.settled(params + people.params + source.params, now))

    def _people(self, lead_ids):
        """The leads asked for, with the values that several rules look at worked out once."""
        values = "".join(f", {sql} AS {name}" for name, (sql, _) in self.shared.columns.items())
        params = [value for _, values in self.shared.columns.values() for value in values]
        if isinstance(lead_ids, Span):
            chosen, params = "WHERE leads_lead.id BETWEEN %s AND %s", [*params, *lead_ids]
        elif lead_ids is not None:
            chosen, params = "WHERE leads_lead.id = ANY(%s::bigint[])", [*params, _id_array(lead_ids)]
        else:
            chosen = ""
        barrier = "OFFSET 0" if values else ""
        return Statement(f"SELECT leads_lead.*{values} FROM leads_lead {chosen} {barrier}", params)

    def _points(self, rule):
        if rule.kind == RuleKind.BEHAVIOUR:
            (test,) = conditions.activity_tests(rule.condition)
            return self._behaviour_points(rule, test)
        condition = self.shared.replaced(self.conditions[rule.position])
        return _lead_sql(_either(condition, Value(rule.points), Value(0), IntegerField()))

    def _behaviour_points(self, rule, test):
        """points x sum of 2^(-age / half-life), half away from zero to a whole number, at most the cap either way."""
        if rule.half_life_days:
            column = self.aggregates.decayed(test, rule.half_life_days)
            weight = abs(rule.points) / WHOLE
        else:
            column = self.aggregates.count(test)
            weight = abs(rule.points)
        sign = -1 if rule.points < 0 else 1
        sql = f"%s * least(floor(%s::float8 * coalesce({column}, 0) + 0.5), %s)::integer"
        return sql, [sign, weight, rule.cap]

    def _conditions(self):
        """Expressions by the position of their fit rule, or by the grade whose must-haves they are together."""
        trees = {rule.position: rule.condition for rule in self.rules if rule.kind == RuleKind.FIT}
        for requirement in self.model.requirements.all():
            trees.setdefault(requirement.grade, {"all": []})["all"].append(requirement.condition)
        return {
            place: conditions.compile_condition(
                tree, now=conditions.NOW, vocabulary=self.vocabulary, activities=self.aggregates.holds
            )
            for place, tree in trees.items()
        }

    def _grade(self):
        bars = {"A": self.model.a_from, "B": self.model.b_from, "C": self.model.c_from}
        arms = " ".join(
            f"WHEN score >= {int(bar)}{f' AND m{grade}' if grade in self.must_haves else ''} THEN '{grade}'"
            for grade, bar in bars.items()
        )
        return f"CASE {arms} ELSE 'D' END"


class _Shared:
    """Values that several conditions look at, such as the lower-case answer to a question, as columns v0, v1, ...

    A value is the widest part of a condition that is neither true-or-false nor a bare column and reads the lead alone.
    """

    def __init__(self, expressions):
        uses = Counter(value for expression in expressions for value in _values(expression))
        often = [value for value, times in uses.items() if times > 1]
        self.names = {value: f"v{number}" for number, value in enumerate(often)}
        self.columns = {name: _lead_sql(value) for value, name in self.names.items()}

    def replaced(self, expression):
        """The expression with its shared values read from their columns."""
        if _is_value(expression):
            name = self.names.get(expression)
            return RawSQL(f"leads_lead.{name}", []) if name else expression
        parts = _parts(expression)
        if not parts:
            return expression
        copy = expression.copy()
        copy.set_source_expressions([self.replaced(part) for part in parts])
        return copy


class _Aggregates:
    """The columns t0, t1, ... over a lead's activities, one for each distinct thing the rules ask of them."""

    def __init__(self, vocabulary):
        self.vocabulary = vocabulary
        self.columns = {}
        self.filters = {}
        self.kinds = set()

    def holds(self, test):
        """The boolean of `test` from its columns; what conditions.compile_condition asks for."""
        if test.seen:
            moment = RawSQL(self._column(test.seen, test), [], output_field=DateTimeField())
            return conditions.seen_holds(test, moment, now=conditions.NOW, vocabulary=self.vocabulary)
        return RawSQL(f"coalesce({self.count(test)}, 0) >= %s", [test.at_least], output_field=BooleanField())

    def count(self, test):
        return self._column("count", test)

    def decayed(self, test, half_life_days):
        return self._column("decayed", test, half_life_days)

    def joined(self, lead_ids):
        """The join of the aggregates to leads_lead: grouped for everybody and for a Span, else index probes per lead.

        For 20,000 neighbours grouping takes little more than half as long as probing.
        """
        if not self.columns:
            return Statement("", [])
        columns, params = self._columns()
        scored = "NOT is_machine AND occurred_at <= %s AND kind = ANY(%s)"
        params = [*params, conditions.NOW + conditions.GRACE, sorted(self.kinds)]
        if lead_ids is None or isinstance(lead_ids, Span):
            if lead_ids is not None:
                scored, params = f"{scored} AND lead_id BETWEEN %s AND %s", [*params, *lead_ids]
            join = f"""LEFT JOIN (
                SELECT lead_id, {columns} FROM leads_activity WHERE {scored} GROUP BY lead_id
            ) AS activity ON activity.lead_id = leads_lead.id"""
        else:
            join = f"""LEFT JOIN LATERAL (
                SELECT {columns} FROM leads_activity WHERE leads_activity.lead_id = leads_lead.id AND {scored}
            ) AS activity ON TRUE"""
        return Statement(join, params)

    def _column(self, kind, test, half_life_days=None):
        self.kinds.update(test.kinds)
        where = self._filter(test)
        key = (kind, half_life_days, where[0], tuple(map(repr, where[1])))
        if key not in self.columns:
            name = f"t{len(self.columns)}"
            self.columns[key] = (name, *self._aggregate(name, kind, where, half_life_days))
        return f"activity.{self.columns[key][0]}"

    def _aggregate(self, name, kind, where, half_life_days):
        condition, params = where
        if kind == "decayed":
            age = "date_part('epoch', %s - occurred_at)"
            value = f"sum((exp(-least(greatest({age}, 0) * %s, %s)) * {WHOLE})::integer)"
            params = [conditions.NOW, LN2 / (half_life_days * DAY_SECONDS), MOST_HALVINGS * LN2, *params]
        else:
            value = {"count": "count(*)", "first": "min(occurred_at)", "last": "max(occurred_at)"}[kind]
        return f"{value} FILTER (WHERE {condition}) AS {name}", params

    def _columns(self):
        rows = self.columns.values()
        return ", ".join(sql for _, sql, _ in rows), [value for _, _, params in rows for value in params]

    def _filter(self, test):
        if test not in self.filters:
            query = Activity.objects.filter(conditions.activity_filter(test, now=conditions.NOW)).order_by().query
            self.filters[test] = query.get_compiler(connection=connection).compile(query.where)
        return self.filters[test]


def _content(model):
    rules = [
        (rule.position, rule.kind, rule.condition, rule.points, rule.cap, rule.half_life_days)
        for rule in model.rules.all()
    ]
    wanted = [(each.grade, each.condition) for each in model.requirements.all()]
    return json.dumps([model.a_from, model.b_from, model.c_from, rules, wanted])


def _id_array(lead_ids):
    """The ids as PostgreSQL writes an array: one parameter, however many there are."""
    return "{" + ",".join(str(int(lead_id)) for lead_id in lead_ids) + "}"


def _either(condition, then, otherwise, output_field):
    return Case(When(condition, then=then), default=otherwise, output_field=output_field)


def _parts(expression):
    return expression.get_source_expressions() if isinstance(expression, Func) else []


def _is_value(expression):
    return (
        isinstance(expression, Func)
        # What does not say its type takes that of its parts, and is no test.
        and not isinstance(vars(expression).get("output_field"), BooleanField)
        and any(isinstance(part, F) for part in _leaves(expression))
    )


def _leaves(expression):
    parts = _parts(expression)
    return [leaf for part in parts for leaf in _leaves(part)] if parts else [expression]


def _values(expression):
    if _is_value(expression):
        return [expression]
    return [value for part in _parts(expression) for value in _values(part)]


def _lead_sql(expression):
    """(sql, params) of an expression over leads_lead alone."""
    query = Lead.objects.order_by().query
    query.get_initial_alias()
    resolved = expression.resolve_expression(query)
    if sum(map(bool, query.alias_refcount.values())) > 1:
        raise AssertionError("A scoring condition joined another table; it has to use a subquery.")
    return query.get_compiler(connection=connection).compile(resolved)
