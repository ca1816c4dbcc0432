"""What pages read about leads beside the lead itself."""

import contextlib
import datetime
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db import connection

from leads.activities import Chip, codes_under
from leads.conditions import ConditionError, Vocabulary, answers_of, lacking, reads
from leads.enums import Stage, TaskKind
from leads.fields import FIELDS, Key
from leads.models import FieldDefinition, Lead, OtherKey, StageDefinition

COUNT_CAP = 1000
TIMELINE_PAGE = 30
DUPLICATES_SHOWN = 10

# All by hand: every lead page asks, and Django takes longer to put them together than PostgreSQL to answer.
_LEAD = """
SELECT lead.*, company.name AS company__name,
    owner.name AS owner__name, owner.email AS owner__email, owner.is_active AS owner__is_active,
    pool.name AS pool__name, source.name AS source__name, campaign.name AS campaign__name
FROM leads_lead AS lead
LEFT JOIN leads_company AS company ON company.id = lead.company_id
LEFT JOIN team_user AS owner ON owner.id = lead.owner_id
LEFT JOIN team_pool AS pool ON pool.id = lead.pool_id
LEFT JOIN leads_source AS source ON source.id = lead.source_id
LEFT JOIN leads_campaign AS campaign ON campaign.id = lead.campaign_id
WHERE lead.id = %s
"""
_TIMELINE = """
SELECT activity.id, kind, occurred_at, is_machine, coalesce(nullif(actor.name, ''), actor.email, ''), payload
FROM leads_activity AS activity LEFT JOIN team_user AS actor ON actor.id = activity.actor_id
WHERE lead_id = %(lead)s AND (%(kinds)s IS NULL OR kind = ANY(%(kinds)s::text[]))
    AND (%(pk)s IS NULL OR (occurred_at, activity.id) < (%(moment)s::timestamptz, %(pk)s))
ORDER BY occurred_at DESC, activity.id DESC
LIMIT %(most)s
"""
_OPEN_TASKS = """
SELECT task.id, kind, title, due_at, coalesce(nullif(assignee.name, ''), assignee.email)
FROM leads_task AS task JOIN team_user AS assignee ON assignee.id = task.assignee_id
WHERE lead_id = %s AND done_at IS NULL
ORDER BY due_at, task.id
"""
_OTHER_KEYS = "SELECT * FROM leads_otherkey WHERE lead_id = %s ORDER BY kind, id"

# What a lead is called and known by, and how good she is.
_CALLED_BY = (
    *(field.path for field in FIELDS if field.key and field.path),
    *("email_key", "phone_key", "name_key", "company_id", "grade"),
)
# Who has one of some addresses or numbers, main or other, or a name at a company: each found by its index. `visible` is
# what Django makes of visible_to(), with its values as parameters.
_SHARING = f"""
SELECT id, {", ".join(_CALLED_BY)}, ARRAY(
    SELECT kind FROM leads_otherkey
    WHERE lead_id = leads_lead.id AND (kind = 'email' AND key = ANY(%s) OR kind = 'phone' AND key = ANY(%s))
) AS shared_beside
FROM leads_lead
WHERE id IN (
    SELECT id FROM leads_lead WHERE email_key = ANY(%s) AND email_key <> ''
    UNION SELECT id FROM leads_lead WHERE phone_key = ANY(%s) AND phone_key <> ''
    UNION SELECT lead_id FROM leads_otherkey WHERE kind = 'email' AND key = ANY(%s)
    UNION SELECT lead_id FROM leads_otherkey WHERE kind = 'phone' AND key = ANY(%s)
    UNION SELECT id FROM leads_lead WHERE company_id = %s AND name_key = %s
) AND id <> %s AND ({{visible}})
ORDER BY id LIMIT %s
"""

_COMPANIES = "SELECT name_key, id FROM leads_company WHERE name_key = ANY(%s)"
# A scalar holds itself, as a list holds its elements.
_BY_ANSWER = """
SELECT answer.code, found.number
FROM leads_answer AS answer
CROSS JOIN LATERAL (
    SELECT count(*) AS number FROM (
        SELECT FROM leads_lead WHERE fields -> %(code)s ? answer.code LIMIT %(limit)s
    ) AS those
) AS found
WHERE answer.field_id = %(field)s
"""


class Happened(NamedTuple):
    """An activity with the name of who did it, "" for nobody."""

    pk: int
    kind: str
    occurred_at: datetime.datetime
    is_machine: bool
    actor: str
    payload: dict


class OpenTask(NamedTuple):
    """A task that is not done, with the name of who promised it."""

    pk: int
    kind: str
    title: str
    due_at: datetime.datetime
    assignee: str

    @property
    def kind_label(self) -> str:
        return TaskKind(self.kind).label


@dataclass(frozen=True)
class TimelinePage:
    """Newest first; `next` is what to pass as `after` for the page below, or "" at the end."""

    activities: tuple[Happened, ...]
    next: str


@dataclass(frozen=True)
class CappedCount:
    """How many, as far as it was counted: prints as 999 or 1,000+."""

    number: int
    is_more: bool

    def __str__(self):
        return f"{self.number:,}{'+' if self.is_more else ''}"


@dataclass(frozen=True)
class Duplicate:
    """Another lead that may be the same person, and what the two share: e-mail, phone, name and company."""

    lead: Lead
    shares: tuple[str, ...]


class Beside(NamedTuple):
    """What stands beside a lead's main keys, and who else may be the same person."""

    other_keys: list[OtherKey]
    duplicates: list[Duplicate]
    has_more_duplicates: bool


def lead_with_names(pk: int) -> Lead | None:
    """The lead, whoever asks, with what her company, owner, pool, source and campaign are called; None if she is gone.

    One query; whatever else about one of these is asked for costs another.
    """
    lead = next(iter(Lead.objects.raw(_LEAD, [pk])), None)
    if lead is not None:
        for relation in Lead._meta.concrete_fields:
            if relation.is_relation and getattr(lead, relation.attname) is not None:
                setattr(lead, relation.name, _beside(lead, relation))
    return lead


def known_companies(keys) -> dict[str, int]:
    """{company_key: id} of the companies that there are of these keys, which may be thousands. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_COMPANIES, [list(keys)])
        return dict(cursor.fetchall())


def condition_of(queryset) -> tuple[str, list]:
    """(SQL, its values) of what a queryset filters its own table by, for a statement by hand over that table."""
    compiler = queryset.query.get_compiler(connection=connection)
    try:
        return compiler.compile(queryset.query.where)
    except FullResultSet:
        return "TRUE", []
    except EmptyResultSet:
        return "FALSE", []


def timeline(lead, *, chips=(), after="", size=TIMELINE_PAGE) -> TimelinePage:
    """One page of a lead's activities under any of `chips` (values of Chip; none means all), with who did them.

    `after` is the `next` of the page above. Raises ValueError for a chip or an `after` that is none. The lead comes
    from visible_to. One query, whatever the length of the history.
    """
    kinds = [kind for chip in chips for kind in _kinds(chip)]
    moment, pk = _read_place(after) if after else (None, None)
    values = {"lead": lead.pk, "kinds": kinds or None, "moment": moment, "pk": pk, "most": size + 1}
    with connection.cursor() as cursor:
        cursor.execute(_TIMELINE, values)
        found = [Happened(*row[:-1], payload=json.loads(row[-1])) for row in cursor.fetchall()]
    shown = tuple(found[:size])
    return TimelinePage(shown, _place(shown[-1]) if len(found) > size else "")


def open_tasks(lead) -> list[OpenTask]:
    """What is promised to a lead that comes from visible_to, soonest first. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_TASKS, [lead.pk])
        return [OpenTask(*row) for row in cursor.fetchall()]


def capped_count(queryset, cap=COUNT_CAP) -> CappedCount:
    """How many rows there are, counted no further than `cap`. One query."""
    number = queryset.order_by().values("pk")[: cap + 1].count()
    return CappedCount(min(number, cap), number > cap)


def leads_by_answer(field: FieldDefinition, cap: int = COUNT_CAP) -> dict[str, CappedCount]:
    """{code of an answer: how many leads have it}, each counted no further than `cap`. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_BY_ANSWER, {"field": field.pk, "code": field.code, "limit": cap + 1})
        return {code: CappedCount(min(number, cap), number > cap) for code, number in cursor.fetchall()}


def naming_answers(
    field_code: str, conditions: Iterable[tuple[object, str]], vocabulary: Vocabulary
) -> dict[str, list[str]]:
    """{code of an answer of the field: what names it}, out of (condition, what has it) pairs; each said once.

    A condition that no longer holds together names nothing.
    """
    found = {}
    for tree, holder in conditions:
        with contextlib.suppress(ConditionError):
            for code, answer in answers_of(tree, vocabulary):
                if code == field_code and holder not in found.setdefault(answer, []):
                    found[answer].append(holder)
    return found


def stages_naming_answers(field_code: str, vocabulary: Vocabulary) -> dict[str, list[str]]:
    """{code of an answer: the stages whose definition in force names it}. One query."""
    definitions = StageDefinition.objects.filter(is_current=True, entry__isnull=False).order_by("pk")
    named = [(definition.entry, f"Stage {definition.get_stage_display()}") for definition in definitions]
    return naming_answers(field_code, named, vocabulary)


def lacks_by_stage(lead, *, now, vocabulary: Vocabulary) -> dict[Stage, list[dict]]:
    """{stage above the lead's: the conditions of its definition in force that the lead does not meet}, where there are
    any; the whole condition where it names a field that is gone. At most two queries, and one for the zone where one
    names a day."""
    above = [stage for stage in Stage if stage.rank > Stage(lead.stage).rank]
    entries = StageDefinition.objects.filter(is_current=True, entry__isnull=False, stage__in=above)
    trees, found = {}, {}
    for stage, entry in entries.values_list("stage", "entry"):
        try:
            reads(entry, vocabulary)
        except ConditionError:
            found[Stage(stage)] = [entry]
        else:
            trees[Stage(stage)] = entry
    return found | lacking(Lead.objects.filter(pk=lead.pk), trees, now=now, vocabulary=vocabulary).get(lead.pk, {})


def beside_of(lead, user) -> Beside:
    """The lead's own OtherKeys, and other leads `user` may see that share a key, or name and company, with her.

    The DUPLICATES_SHOWN oldest, and whether there are more. At most two queries.
    """
    own = list(OtherKey.objects.raw(_OTHER_KEYS, [lead.pk]))
    emails, phones = (
        _filled(main, *(other.key for other in own if other.kind == kind))
        for kind, main in ((Key.EMAIL, lead.email_key), (Key.PHONE, lead.phone_key))
    )
    company = lead.company_id if lead.name_key else None
    if not (emails or phones or company):
        return Beside(own, [], False)
    visible, of_visible = condition_of(Lead.objects.visible_to(user))
    keys = [*[emails, phones] * 3, company, lead.name_key]
    found = Lead.objects.raw(_SHARING.format(visible=visible), [*keys, lead.pk, *of_visible, DUPLICATES_SHOWN + 1])

    def shared(other):
        if other.email_key in emails or Key.EMAIL in other.shared_beside:
            yield "e-mail"
        if other.phone_key in phones or Key.PHONE in other.shared_beside:
            yield "phone"
        if company and (company, lead.name_key) == (other.company_id, other.name_key):
            yield "name and company"

    others = list(found)
    shown = [Duplicate(other, tuple(shared(other))) for other in others[:DUPLICATES_SHOWN]]
    return Beside(own, shown, len(others) > DUPLICATES_SHOWN)


def _beside(lead, relation):
    """The company, owner or the like of a lead, with what was read of it under names like company__name."""
    model, read = relation.related_model, vars(lead)
    columns = [field.attname for field in model._meta.concrete_fields if f"{relation.name}__{field.attname}" in read]
    values = [read[f"{relation.name}__{column}"] for column in columns]
    return model.from_db(lead._state.db, ["id", *columns], [read[relation.attname], *values])


def _filled(*words):
    return [word for word in words if word]


def _kinds(chip):
    if chip not in Chip.values:
        raise ValueError(f"{chip} is no part of the timeline.")
    return codes_under(Chip(chip))


def _place(activity):
    return f"{activity.occurred_at.astimezone(datetime.UTC):%Y%m%dT%H%M%S.%f}-{activity.pk}"


def _read_place(text):
    moment, _, pk = text.partition("-")
    try:
        moment = datetime.datetime.strptime(moment, "%Y%m%dT%H%M%S.%f").replace(tzinfo=datetime.UTC)
        return moment, int(pk)
    except ValueError as error:
        raise ValueError("This is no place in the timeline.") from error
