"""What a test of a reference may name: rows that are kept by their ids and shown by the names they have now."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

from django.db.models import CharField, Exists, F, OuterRef, Value

from leads.fields.answers import NoAnswer, SeveralAnswers
from leads.fields.spelling import AmbiguousSpelling, Spellings
from leads.models import Lead
from team.models import User


class Referred(NamedTuple):
    """One row. `code` is what no other row has at the moment (of a person her e-mail address), `name` may be shared."""

    pk: int
    code: str
    name: str
    is_offered: bool = True


@dataclass(frozen=True)
class References:
    """The rows that one field can refer to, those that are offered first."""

    rows: tuple[Referred, ...] = ()

    @cached_property
    def _by_pk(self) -> dict[int, Referred]:
        return {row.pk: row for row in self.rows}

    @cached_property
    def _spellings(self) -> Spellings:
        return Spellings([(row.code, row.pk) for row in self.rows], [(row.name, row.pk) for row in self.rows])

    @cached_property
    def _times(self) -> Counter:
        return Counter(row.name.casefold() for row in self.rows)

    def get(self, pk: int) -> Referred | None:
        return self._by_pk.get(pk)

    def find(self, text: str) -> Referred:
        """The row that has this code or name now, exactly or in any case that fits one alone. Raises NoAnswer."""
        try:
            pk = self._spellings.find(text)
        except AmbiguousSpelling as error:
            meant = " or ".join(sorted(self._by_pk[pk].code for pk in error.values))
            raise SeveralAnswers(f"{text} can mean {meant}: give the code.") from None
        if pk is None:
            raise NoAnswer(f"{text} is none of these.")
        return self._by_pk[pk]

    def label(self, row: Referred) -> str:
        """Its name, with the code where another has the same name."""
        return f"{row.name} ({row.code})" if self._times[row.name.casefold()] > 1 else row.name

    @property
    def choices(self) -> tuple[tuple[int, str], ...]:
        """(id, label) of all, for an editor: what a condition names already is shown, offered or not."""
        return tuple(
            (row.pk, self.label(row) if row.is_offered else f"{self.label(row)} (not offered)") for row in self.rows
        )


def referred_by(fields) -> Mapping[str, References]:
    """{code of a field: its References} of condition fields that are references, in one query."""
    fields = list(fields)
    if not fields:
        return MappingProxyType({})
    parts = []
    for field in fields:
        model = Lead._meta.get_field(field.origin.key).related_model
        offered = User.objects.active().lead_owners() if model is User else model._default_manager.all()
        if hasattr(offered, "offered"):
            offered = offered.offered()
        parts.append(
            model._default_manager.order_by()
            .annotate(
                of_field=Value(field.code, output_field=CharField()),
                is_offered_now=Exists(offered.filter(pk=OuterRef("pk"))),
            )
            .values_list("of_field", "pk", F(field.origin.name), "name", "is_offered_now")
        )
    rows = {field.code: [] for field in fields}
    for code, pk, word, name, is_offered in parts[0].union(*parts[1:], all=True):
        rows[code].append(Referred(pk, word, name or word, is_offered))
    return MappingProxyType(
        {
            code: References(tuple(sorted(found, key=lambda row: (not row.is_offered, row.name.casefold(), row.pk))))
            for code, found in rows.items()
        }
    )
