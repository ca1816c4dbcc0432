"""The one writer of new people, for a page as for an import: one or thousands of them in the same few statements."""

from collections.abc import Iterable, Sequence

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import DateTimeField

from leads.activities import Because, Kind
from leads.changes import Change
from leads.enums import ChangeKind, Disposition, Stage
from leads.intake.copying import Copy, array, columns_of, copy_now, encode, escape, number, other_keys_of
from leads.intake.people import COLUMNS, SAID, Person, document_of
from leads.models import Campaign, Lead, Source

_BEGIN = """
SELECT nextval(sequence), definition.id, (SELECT leads_change_position())
FROM (SELECT pg_get_serial_sequence('leads_lead', 'id')::regclass AS sequence OFFSET 0) AS one
CROSS JOIN generate_series(1, %s)
CROSS JOIN (SELECT id FROM leads_stagedefinition WHERE stage = %s AND is_current) AS definition
"""
# All that is news of somebody new.
_NEWS = SAID | {"stage", "disposition"}
# What a new lead has beside what is said of her: nobody's, unscored, at the first stage since now.
_FIRST = [
    field for field in Lead._meta.concrete_fields if not (field.null or field.primary_key or field.attname in COLUMNS)
]
_COPY_LEADS = f"COPY leads_lead (id, {', '.join(COLUMNS)}, {', '.join(field.attname for field in _FIRST)}) FROM STDIN"
_COPY_STEPS = """
COPY leads_transition (lead_id, seq, to_stage, to_disposition, at, actor_id, reason, reason_facts, definition_id)
FROM STDIN
"""
_COPY_CHANGES = "COPY leads_changerow (lead_id, position, kind, at) FROM STDIN"
_COPY_ACTIVITIES = """
COPY leads_activity (lead_id, kind, occurred_at, recorded_at, actor_id, campaign_id, payload, is_machine) FROM STDIN
"""
_COPY_SEARCH = "COPY leads_leadsearch (lead_id, document) FROM STDIN"
_COPY_OTHER_KEYS = "COPY leads_otherkey (lead_id, kind, system, key, value) FROM STDIN"


def source_of_new(source: Source | None, campaign: Campaign | None) -> Source | None:
    """The source that somebody new is given: the one that was chosen, else the campaign's.

    Raises ValidationError, {"source" or "campaign": why}, where that source or the campaign is retired.
    """
    given = source or (campaign and campaign.source)
    names = {"source": given, "campaign": campaign}
    retired = {what: f"“{each}”" for what, each in names.items() if each and each.retired_at}
    if "source" in retired and not source:
        retired["source"] += " of this campaign"
    if retired:
        raise ValidationError(
            {what: f"The {what} {name} is retired: nobody new is given it." for what, name in retired.items()}
        )
    return given


def enter_people(
    change: Change,
    people: Sequence[Person],
    *,
    reason: Because,
    kind: Kind,
    payloads: Iterable[str],
    campaign_id: int | None = None,
    copy: Copy = copy_now,
) -> None:
    """Writes people who are new, each with her id, and notes them; the change holds them.

    For each a lead at the first stage with what she is known by, the first step of her history and the news of it, her
    first activity (of `kind`, with the JSON text that `payloads` has for her), and the words she is found by. Their
    companies are there already. Raises IntegrityError for an external id that somebody has.
    """
    if not people:
        return
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, [len(people), Stage.NAME])
        ids, definitions, positions = zip(*cursor.fetchall(), strict=True)
    for person, lead_id in zip(people, ids, strict=True):
        person.id = lead_id
    change.welcome(ids)
    # What is quick to put into words comes first: the database may be busy with it while the rest is put into words.
    copy(_COPY_STEPS, _steps(change, ids, reason, definitions[0]))
    is_new = f"\t{positions[0]}\t{ChangeKind.CREATED.value}\t{change.now.isoformat()}\n"
    copy(_COPY_CHANGES, "".join([f"{lead_id}{is_new}" for lead_id in ids]))
    copy_activities(change, zip(ids, payloads, strict=True), kind=kind, campaign_id=campaign_id, copy=copy)
    copy(_COPY_SEARCH, "".join([f"{person.id}\t{escape(document_of(person))}\n" for person in people]))
    first = "\t".join(_first(field, change.now) for field in _FIRST)
    copy(_COPY_LEADS, "".join([f"{person.id}\t{columns_of(person)}\t{first}\n" for person in people]))
    if others := other_keys_of(people):
        copy(_COPY_OTHER_KEYS, others)
    change.note(ids, fields=_NEWS, kinds=[kind.code])


def copy_activities(
    change: Change,
    told: Iterable[tuple[int, str]],
    *,
    kind: Kind,
    campaign_id: int | None = None,
    copy: Copy = copy_now,
) -> None:
    """Writes an activity of one kind for each (lead id, payload as JSON text), now and by whoever makes the change."""
    at, actor = change.now.isoformat(), number(change.by and change.by.pk)
    before = f"{kind.code}\t{at}\t{at}\t{actor}\t{number(campaign_id)}"
    copy(_COPY_ACTIVITIES, "".join([f"{lead_id}\t{before}\t{escape(payload)}\tf\n" for lead_id, payload in told]))


def _steps(change, ids, reason, definition):
    at, actor = change.now.isoformat(), number(change.by and change.by.pk)
    why = f"{escape(reason.code)}\t{escape(encode(reason.facts))}"
    step = f"\t1\t{Stage.NAME.value}\t{Disposition.OPEN.value}\t{at}\t{actor}\t{why}\t{definition}\n"
    return "".join([f"{lead_id}{step}" for lead_id in ids])


def _first(field, now):
    value = now if isinstance(field, DateTimeField) else field.get_default()
    return array(value) if isinstance(value, list) else str(value)
