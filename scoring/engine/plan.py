"""Compiles a scoring model to the one SELECT that scores any set of leads.

Layers of the statement, inside out: activities aggregated once per lead, one FILTER per distinct test; the points of
each rule; their sum and the ledger; the grade. The OFFSET 0 between them keeps PostgreSQL from copying each layer's
expressions into every place that uses them (a third of the time on a million leads).
"""

import datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import BooleanField, Case, DateTimeField, IntegerField, Value, When
from django.db.models.expressions import RawSQL

from leads import conditions
from leads.models import Activity, Lead
from scoring.enums import RuleKind

# Decay is summed in whole millionths: integers add up to the same in every order, so a lead scores the same alone,
# among a thousand and in a full regrade.
WHOLE = 1_000_000
# 2^-21 of a point is less than a millionth; older activities would make exp() underflow, which is an error.
MOST_HALVINGS = 21
# Clocks differ and a worker takes its time first: what is dated this little after it has happened all the same.
LEEWAY = datetime.timedelta(minutes=1)
LN2 = 0.6931471805599453
DAY_SECONDS = 86400


class Statement(NamedTuple):
    sql: str
    params: list


class Plan:
    """A scoring model at one moment, ready to score any set of leads.

    `model` needs `rules` and `requirements` loaded; it may be a draft. Raises leads.conditions.ConditionError when a
    condition no longer fits the fields that exist.
    """

    def __init__(self, model, *, now, vocabulary=None):
        self.model = model
        self.now = now
        self.vocabulary = vocabulary or conditions.Vocabulary.load()
        self.aggregates = _Aggregates(now)
        self.points = [self._points(rule) for rule in model.rules.all()]
        self.must_haves = self._must_haves()

    def select(self, lead_ids=None):
        """Statement yielding id, changed_at, scored_at, old_grade, old_ledger, old_version, score, grade, ledger.

        One row per existing lead of `lead_ids` (None: all leads), in no particular order.
        """
        points = ", ".join(f"{sql} AS r{number}" for number, (sql, _) in enumerate(self.points))
        must_haves = "".join(f", {sql} AS m{grade}" for grade, (sql, _) in self.must_haves.items())
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
                    FROM leads_lead {source.sql}
                    OFFSET 0
                ) AS by_rule
                OFFSET 0
            ) AS totals"""
        params = [value for _, values in (*self.points, *self.must_haves.values()) for value in values]
        return Statement(sql, params + source.params)

    def _points(self, rule):
        if rule.kind == RuleKind.BEHAVIOUR:
            (test,) = conditions.activity_tests(rule.condition)
            return self._behaviour_points(rule, test)
        condition = self._condition(rule.condition)
        return _lead_sql(Case(When(condition, then=rule.points), default=0, output_field=IntegerField()))

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

    def _must_haves(self):
        """{grade: (sql, params) of all its requirements} for the grades that have any."""
        trees = {}
        for requirement in self.model.requirements.all():
            trees.setdefault(requirement.grade, []).append(requirement.condition)
        return {
            grade: _lead_sql(
                Case(
                    When(self._condition({"all": wanted}), then=Value(True)),
                    default=Value(False),
                    output_field=BooleanField(),
                )
            )
            for grade, wanted in sorted(trees.items())
        }

    def _condition(self, tree):
        return conditions.compile_condition(
            tree, now=self.now, vocabulary=self.vocabulary, activities=self.aggregates.holds
        )

    def _grade(self):
        bars = {"A": self.model.a_from, "B": self.model.b_from, "C": self.model.c_from}
        arms = " ".join(
            f"WHEN score >= {int(bar)}{f' AND m{grade}' if grade in self.must_haves else ''} THEN '{grade}'"
            for grade, bar in bars.items()
        )
        return f"CASE {arms} ELSE 'D' END"


class _Aggregates:
    """The columns t0, t1, ... over a lead's activities, one for each distinct thing the rules ask of them."""

    def __init__(self, now):
        self.now = now
        self.columns = {}
        self.filters = {}
        self.kinds = set()

    def holds(self, test):
        """The boolean of `test` from its columns; what conditions.compile_condition asks for."""
        if test.seen:
            moment = RawSQL(self._column(test.seen, test), [], output_field=DateTimeField())
            return conditions.seen_holds(test, moment, now=self.now)
        return RawSQL(f"coalesce({self.count(test)}, 0) >= %s", [test.at_least], output_field=BooleanField())

    def count(self, test):
        return self._column("count", test)

    def decayed(self, test, half_life_days):
        return self._column("decayed", test, half_life_days)

    def joined(self, lead_ids):
        """The join of the aggregates to leads_lead: one scan for everybody, or index probes for the given ids."""
        chosen = "" if lead_ids is None else "WHERE leads_lead.id = ANY(%s::bigint[])"
        ids = [] if lead_ids is None else [id_array(lead_ids)]
        if not self.columns:
            return Statement(chosen, ids)
        columns, params = self._columns()
        scored = "NOT is_machine AND occurred_at <= %s AND kind = ANY(%s)"
        params = [*params, self.now + LEEWAY, sorted(self.kinds)]
        if lead_ids is None:
            join = f"""LEFT JOIN (
                SELECT lead_id, {columns} FROM leads_activity WHERE {scored} GROUP BY lead_id
            ) AS activity ON activity.lead_id = leads_lead.id"""
        else:
            join = f"""LEFT JOIN LATERAL (
                SELECT {columns} FROM leads_activity WHERE leads_activity.lead_id = leads_lead.id AND {scored}
            ) AS activity ON TRUE"""
        return Statement(f"{join} {chosen}", params + ids)

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
            params = [self.now, LN2 / (half_life_days * DAY_SECONDS), MOST_HALVINGS * LN2, *params]
        else:
            value = {"count": "count(*)", "first": "min(occurred_at)", "last": "max(occurred_at)"}[kind]
        return f"{value} FILTER (WHERE {condition}) AS {name}", params

    def _columns(self):
        rows = self.columns.values()
        return ", ".join(sql for _, sql, _ in rows), [value for _, _, params in rows for value in params]

    def _filter(self, test):
        if test not in self.filters:
            query = Activity.objects.filter(conditions.activity_filter(test, now=self.now)).order_by().query
            self.filters[test] = query.get_compiler(connection=connection).compile(query.where)
        return self.filters[test]


def id_array(lead_ids):
    """The ids as PostgreSQL writes an array: one parameter, however many there are."""
    return "{" + ",".join(str(int(lead_id)) for lead_id in lead_ids) + "}"


def _lead_sql(expression):
    """(sql, params) of an expression over leads_lead alone."""
    query = Lead.objects.order_by().query
    query.get_initial_alias()
    resolved = expression.resolve_expression(query)
    if sum(map(bool, query.alias_refcount.values())) > 1:
        raise AssertionError("A scoring condition joined another table; it has to use a subquery.")
    return query.get_compiler(connection=connection).compile(resolved)
