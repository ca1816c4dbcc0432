"""Paging by key: a page starts where the one before ended, however far down, without counting what lies above."""

import re
from typing import NamedTuple

from django.db.models import BooleanField, F, Func, Value

PAGE = 50


class Sort(NamedTuple):
    """An order of the list: by `column` first, where there is one, then by id."""

    label: str
    column: str
    descending: bool


SORTS = {
    "best": Sort("Best first", "score", descending=True),
    "worst": Sort("Worst first", "score", descending=False),
    "newest": Sort("Newest first", "", descending=True),
    "oldest": Sort("Oldest first", "", descending=False),
}
_PLACE = re.compile(r"(-?[0-9]{1,9})_([0-9]{1,18})")


class Page(NamedTuple):
    """The rows, and the places of the pages after and before, "" where there is none."""

    rows: list
    after: str
    before: str


def read_place(text):
    """(value, id) of a place; raises ValueError for anything else."""
    found = _PLACE.fullmatch(text)
    if not found:
        raise ValueError("That place in the list is not known.")
    return int(found[1]), int(found[2])


def page_of(leads, *, sort, after="", before="", size=PAGE):
    """The page of `leads` that comes after, or just before, a place; without either the first one. One query.

    Raises ValueError for a place that is none.
    """
    order = SORTS[sort]
    backwards = bool(before)
    descending = order.descending != backwards
    if after or before:
        leads = leads.filter(_beyond(order.column, read_place(after or before), descending))
    names = [*filter(None, [order.column]), "pk"]
    rows = list(leads.order_by(*(F(name).desc() if descending else F(name).asc() for name in names))[: size + 1])
    is_more = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()
    if not rows:
        return Page([], "", "")
    return Page(
        rows,
        _place(rows[-1], order) if is_more or backwards else "",
        _place(rows[0], order) if (is_more if backwards else after) else "",
    )


def near(leads, *, sort, after="", before="", size=PAGE):
    """Those of `leads` whose score is on the page that `page_of` makes of them with the same arguments, and others.

    For leads that the index lead_by_facets finds: it names the next scores they have at once, while the planner takes
    them for evenly spread and would walk the score index to wherever the first of them stands. At most one query.
    """
    order = SORTS[sort]
    if not order.column:
        return leads
    descending = order.descending != bool(before)
    scores = leads.order_by(f"{'-' if descending else ''}{order.column}").values_list(order.column, flat=True)
    here = set()
    if after or before:
        here = {read_place(after or before)[0]}
        scores = scores.filter(**{f"{order.column}__{'lt' if descending else 'gt'}": min(here)})
    return leads.filter(**{f"{order.column}__in": sorted(here | set(scores[: size + 1]))})


def _beyond(column, place, descending):
    """The rows past a place, as one comparison of rows: the index starts right there, however many share the value."""
    value, pk = place
    names, values = (["pk"], [pk]) if not column else ([column, "pk"], [value, pk])
    row = Func(*(F(name) for name in names), function="ROW", output_field=BooleanField())
    here = Func(*(Value(value) for value in values), function="ROW", output_field=BooleanField())
    return Func(
        row,
        here,
        arg_joiner=" < " if descending else " > ",
        template="(%(expressions)s)",
        output_field=BooleanField(),
    )


def _place(lead, order):
    return f"{getattr(lead, order.column) if order.column else 0}_{lead.pk}"
