"""Keeps compiled statements: compiling twenty rules takes longer than scoring a hundred leads.

A statement is known by all it is made from, rules and fields, so nothing can grow stale. What depends on the time is
found by compiling for two moments: a value that differs is a moment or a day at a fixed distance from now.
"""

import datetime
import json

from leads.conditions import Vocabulary
from scoring.engine.plan import FIRST, IDS, LAST, Plan, Span, Statement, id_array

KEPT = 16
# Different days, times of day, months and years, so that nothing that depends on the time looks the same twice.
_FIRST = datetime.datetime(2003, 3, 7, 5, 11, 17, 123457, tzinfo=datetime.UTC)
_SECOND = datetime.datetime(2011, 11, 20, 16, 42, 3, 901, tzinfo=datetime.UTC)

_kept = {}


def prepared_select(model, *, now, lead_ids):
    """The same Statement as Plan(model, now=now).select(lead_ids), compiled once per process. One query."""
    vocabulary = Vocabulary.load()
    shape, chosen = _shape(lead_ids)
    key = (shape, _content(model), tuple(field for field in vocabulary.fields.values() if field.is_custom))
    if key not in _kept:
        if len(_kept) >= KEPT:
            _kept.clear()
        _kept[key] = _compile(model, vocabulary, shape)
    template = _kept[key]
    if template is None:
        return Plan(model, now=now, vocabulary=vocabulary).select(lead_ids)
    today = now.astimezone(datetime.UTC).date()
    return Statement(template.sql, [_value(param, now, today, chosen) for param in template.params])


def _shape(lead_ids):
    """What the statement is compiled for, and the value of each sentinel in it."""
    if lead_ids is None:
        return None, {}
    if isinstance(lead_ids, Span):
        return Span(FIRST, LAST), {FIRST: lead_ids.first, LAST: lead_ids.last}
    return IDS, {IDS: id_array(lead_ids)}


class _FromNow:
    """A parameter at `distance` from now, or from today (UTC) for a whole day."""

    def __init__(self, distance, *, day):
        self.distance = distance
        self.day = day


def _value(param, now, today, chosen):
    if isinstance(param, _FromNow):
        return (today if param.day else now) + param.distance
    return next((value for sentinel, value in chosen.items() if param is sentinel), param)


def _content(model):
    rules = [(rule.kind, rule.condition, rule.points, rule.cap, rule.half_life_days) for rule in model.rules.all()]
    wanted = [(each.grade, each.condition) for each in model.requirements.all()]
    return json.dumps([model.a_from, model.b_from, model.c_from, rules, wanted])


def _compile(model, vocabulary, shape):
    """A Statement with _FromNow and sentinels among its parameters, or None when the time has another part in it."""
    first, second = (Plan(model, now=now, vocabulary=vocabulary).select(shape) for now in (_FIRST, _SECOND))
    if first.sql != second.sql or len(first.params) != len(second.params):
        return None
    params = [_from_now(*pair) for pair in zip(first.params, second.params, strict=True)]
    return None if None in params else Statement(first.sql, params)


def _from_now(one, other):
    if type(one) is type(other) and one == other:
        return one
    for moments, day in (((_FIRST, _SECOND), False), ((_FIRST.date(), _SECOND.date()), True)):
        if type(one) is type(other) is type(moments[0]) and one - moments[0] == other - moments[1]:
            return _FromNow(one - moments[0], day=day)
    return None
