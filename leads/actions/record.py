"""The facts about a person: creating and changing a lead's own fields, companies by name, the search document."""

import copy
import datetime
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection
from django.db.models import OuterRef, Q
from django.db.models.functions import JSONObject

from leads import rules
from leads.actions.lifecycle import reason_payload
from leads.actions.task import add_task
from leads.actions.timeline import log_activity, record_activities
from leads.activities import kinds
from leads.changes import Change
from leads.enums import Stage, TaskKind
from leads.fields import BY_CODE, FIELDS, SEARCHED, TYPED, Key
from leads.intake.entering import enter_people, source_of_new
from leads.intake.keys import company_key, email_key, name_key, phone_key
from leads.intake.people import FOUND_BY, Other, Person, document_of
from leads.models import Company, Lead, OtherKey
from leads.queries import known_companies
from team.models import Workspace, validate_time_zone

_IDENTIFYING = tuple(field.code for field in FIELDS if field.is_typed and field.key)

_TYPED = frozenset(TYPED)

_MAIN_KEYS = frozenset(BY_CODE[kind].code for kind in OtherKey.KINDS)

_CONSTRAINTS = {
    "leads_externalid_pkey": {"external_id": "Another lead has this external id."},
    "external_id_names_its_system": {"external_system": "An external id needs the name of the system it is from."},
    "customer_has_contract_and_money": {
        "first_paid_on": "A customer needs the date of the contract and of the first payment."
    },
}

_SEARCH = """
INSERT INTO leads_leadsearch (lead_id, document)
SELECT * FROM unnest(%(ids)s::bigint[], %(documents)s::text[])
ON CONFLICT (lead_id) DO UPDATE SET document = excluded.document
WHERE leads_leadsearch.document <> excluded.document
"""

_COMPANIES = """
INSERT INTO leads_company (name, name_key, website, industry, phone, city, country, created_at)
SELECT name, key, '', '', '', '', '', %(now)s
FROM unnest(%(names)s::text[], %(keys)s::text[]) AS new (name, key)
ON CONFLICT (name_key) DO NOTHING
"""


@dataclass(frozen=True)
class Changed:
    """Which fields took another value, by code, in the order given."""

    fields: tuple[str, ...]

    def __bool__(self):
        return bool(self.fields)


def create_lead(change: Change, *, values, source=None, campaign=None) -> Lead:
    """Somebody new, entered by hand, at the stage of a name (leads.intake.entering); the change holds her.

    values: codes of fields.TYPED and of active FieldDefinitions to cleaned Python values; "company" is a name. `source`
    defaults to the campaign's; neither may be retired. Raises ValidationError naming the fields that cannot be.
    """
    cleaned, fields, definitions = _clean(change, values)
    _refuse_retired(fields, {}, definitions)
    source = source_of_new(source, campaign)
    if not any(cleaned.get(code) for code in _IDENTIFYING):
        raise ValidationError("A lead needs a name, an e-mail address, a phone number or an external id.")
    company = cleaned.get("company")
    person = Person(
        **cleaned,
        **_keys(cleaned),
        fields={code: value for code, value in fields.items() if value is not None},
        company_id=companies_by_name([company], now=change.now)[company_key(company)] if company else None,
        source_id=source and source.pk,
        campaign_id=campaign and campaign.pk,
    )
    payload = {"from": None, "to": Stage.NAME.value} | reason_payload(kinds.ENTERED)
    with saying_what_is_refused():
        enter_people(
            change,
            [person],
            reason=kinds.ENTERED,
            kind=kinds.STAGE_CHANGED,
            payloads=[json.dumps(payload)],
        )
    return change.row(person.id)


def note_entered_again(change: Change, *, lead: Lead, values, source=None, campaign=None, note="") -> bool:
    """Puts what was typed about somebody who is known already on her timeline; her own facts stay as they are.

    values, source, campaign: as of create_lead. Her owner, if she has one, is given a next step to look at it; somebody
    whom sales gave back has asked by it, and may go to a rep. The same again by the same user is no news: False. Holds
    the lead.
    """
    change.hold([lead.pk])
    cleaned, fields, definitions = _clean(change, values)
    typed = {code: _plain(value) for code, value in (cleaned | fields).items()}
    payload = {"values": typed} | _label_versions({code: (None, value) for code, value in typed.items()}, definitions)
    for code, chosen in (("source", source), ("campaign", campaign)):
        if chosen:
            payload |= {code: chosen.code, f"{code}_name": chosen.name}
    if note:
        payload["note"] = note
    digest = hashlib.sha256(json.dumps([change.by.pk, payload], sort_keys=True).encode()).hexdigest()
    told = {
        "lead_id": lead.pk,
        "kind": kinds.ENTERED_AGAIN.code,
        "occurred_at": change.now,
        "actor_id": change.by.pk,
        "payload": payload,
        "dedupe_key": f"entered-again:{digest}",
    }
    is_news = bool(record_activities(change, rows=[told]))
    owner = change.row(lead.pk).owner
    if is_news and owner and owner.is_active:
        title = f"Look at what {change.by} entered about this person"[:200]
        add_task(
            lead=lead, kind=TaskKind.TODO, title=title, due_at=change.now, assignee=owner, by=change.by, now=change.now
        )
    return is_news


def change_lead(change: Change, *, lead: Lead, values, keys: dict[str, str] | None = None) -> Changed:
    """Changes a lead's own fields and returns `Changed`; what has the value already is no change.

    values: as of create_lead; None or "" empties a field. A retired answer can stay and not be chosen. One
    field_changed activity holds {"changed": {code: [old, new]}} and, where answers changed, {"labels": {code: {code
    of an answer: version of its label in force}}}. `lead` is brought up to date. Raises ValidationError naming the
    fields. Holds the lead. `keys`: {column: key of identity} of values that have one already; others are made.
    """
    cleaned, fields, definitions = _clean(change, values)
    # A copy: what is refused below must not be seen on the row that a page shows afterwards.
    current = copy.copy(change.row(lead.pk))
    _refuse_retired(fields, current.fields, definitions)
    changed = _differences(current, cleaned, fields)
    if changed:
        columns = {code: cleaned[code] for code in changed if code in cleaned}
        columns |= _company_column(columns, change.now)
        for name, value in columns.items():
            setattr(current, name, value)
        for name, value in (_keys(_sources_of_keys(current, changed)) | (keys or {})).items():
            setattr(current, name, value)
        current.fields = {code: value for code, value in (current.fields | fields).items() if value is not None}
        # Always later: workers tell by this time whether a lead is still as they read it.
        current.changed_at = max(change.now, current.changed_at + datetime.timedelta(microseconds=1))
        if not _MAIN_KEYS.isdisjoint(changed):
            _drop_what_is_main(current)
        with saying_what_is_refused():
            current.save(update_fields=[*columns, *_KEY_NAMES, "fields", "changed_at"])
        log_changes(change, lead=current, changed=changed, labels=_label_versions(changed, definitions))
        if SEARCHED & changed.keys():
            refresh_search(lead_ids=[current.pk])
    lead.__dict__.update(current.__dict__)
    return Changed(tuple(changed))


def log_changes(change: Change, *, lead: Lead, changed, labels=None) -> None:
    """Puts {code: (old, new)} on the timeline, with the labels in force (_label_versions), and asks for a new score."""
    payload = {"changed": {code: list(pair) for code, pair in changed.items()}} | (labels or {})
    log_activity(change, lead=lead, kind=kinds.FIELD_CHANGED.code, payload=payload)
    change.note([lead.pk], fields=changed)


def _drop_what_is_main(lead):
    """What becomes the main address, number or id is no other one any more: a lead has no id twice."""
    lead.other_keys.filter(
        Q(kind=Key.EMAIL, key=lead.email_key)
        | Q(kind=Key.PHONE, key=lead.phone_key)
        | Q(kind=Key.EXTERNAL_ID, system=lead.external_system, key=lead.external_id)
    ).delete()


def companies_by_name(names, *, now) -> dict[str, int]:
    """{company_key: id} of the companies of these names, those unknown created with the first spelling given.

    Names without a letter or digit are left out.
    """
    spelling = {}
    for name in names:
        key = company_key(name)
        if key:
            spelling.setdefault(key, name)
    return companies_by_key(spelling, now=now)


def companies_by_key(names, *, now) -> dict[str, int]:
    """{company_key: id} of the companies with these names, {company_key: name}; those unknown are created."""
    keys = sorted(names)
    known = known_companies(keys)
    missing = [key for key in keys if key not in known]
    if missing:
        with connection.cursor() as cursor:
            spellings = [" ".join(names[key].split())[:200] for key in missing]
            cursor.execute(_COMPANIES, {"keys": missing, "names": spellings, "now": now})
        known |= known_companies(missing)
    return known


def refresh_search(*, lead_ids) -> None:
    """Writes the search documents of these leads anew, in one statement, where they differ."""
    beside = OtherKey.objects.filter(lead=OuterRef("pk")).order_by("pk")
    beside = beside.values(other=JSONObject(**{name: name for name in Other._fields}))
    rows = Lead.objects.filter(pk__in=list(lead_ids)).order_by("pk").annotate(others=ArraySubquery(beside))
    documents = {}
    for pk, others, *values in rows.values_list("pk", "others", *FOUND_BY.values()):
        said = {name: value or "" for name, value in zip(FOUND_BY, values, strict=True)}
        documents[pk] = document_of(Person(**said, others=[Other(**other) for other in others]))
    if documents:
        with connection.cursor() as cursor:
            cursor.execute(_SEARCH, {"ids": list(documents), "documents": list(documents.values())})


_KEY_NAMES = ("email_key", "phone_key", "name_key")


def _sources_of_keys(lead, changed):
    """The columns whose keys have changed with them; others keep theirs, whatever the phone region is by now."""
    names = ("first_name", "last_name") if {"first_name", "last_name"} & changed.keys() else ()
    return {code: getattr(lead, code) for code in (*names, *({"email", "phone"} & changed.keys()))}


def _keys(columns):
    """The keys that these columns make; one of theirs that is missing makes none."""
    made = {}
    if "email" in columns:
        made["email_key"] = email_key(columns["email"])
    if "phone" in columns:
        phone = columns["phone"]
        made["phone_key"] = phone_key(phone, Workspace.objects.current().phone_region) if phone else ""
    if {"first_name", "last_name"} & columns.keys():
        made["name_key"] = name_key(columns.get("first_name", ""), columns.get("last_name", ""))
    return made


def _clean(change, values):
    """Columns, custom fields and the definitions of these, by code; raises ValidationError that names every bad one."""
    if not _TYPED.issuperset(values):
        change.hold_answers()
    definitions = {field.code: field for field in change.definitions if field.is_active and field.code in values}
    columns, fields, errors = {}, {}, {}
    for code, value in values.items():
        try:
            if code in TYPED:
                columns[code] = _clean_column(code, value)
            elif code in definitions:
                definition = definitions[code]
                fields[code] = rules.stored_value(definition.type, value, definition.answer_list)
            else:
                errors[code] = f"{code} is no field that can be set."
        except ValueError as error:
            errors[code] = str(error)
        except ValidationError as error:
            errors[code] = error.messages
    if errors:
        raise ValidationError(errors)
    return columns, fields, definitions


def _refuse_retired(fields, current, definitions):
    """Raises ValidationError for answers that are no longer offered and that the lead does not have already."""
    errors = {}
    for code, value in fields.items():
        kept = _as_list(current.get(code))
        chosen = [definitions[code].answer_list.get(each) for each in _as_list(value) if each not in kept]
        retired = [choice.label for choice in chosen if choice and choice.is_retired]
        if retired:
            errors[code] = f"{', '.join(retired)}: no longer offered."
    if errors:
        raise ValidationError(errors)


def _label_versions(changed, definitions):
    """{"labels": {field: {code of an answer: version of its label}}} of what changed; {} without answers."""
    versions = {
        code: definitions[code].answer_list.versions([each for value in pair for each in _as_list(value)])
        for code, pair in changed.items()
        if code in definitions and definitions[code].answer_list
    }
    return {"labels": versions} if versions else {}


def _as_list(value):
    return value if isinstance(value, list) else [value]


def _clean_column(code, value):
    if code == "company":
        return _clean_company(value)
    if code == "tags":
        return list(
            dict.fromkeys(Lead._meta.get_field(code).clean([rules.composed(tag).strip() for tag in value or []], None))
        )
    field = Lead._meta.get_field(code)
    if value is None or value == "":
        return field.get_default()
    if isinstance(value, str):
        value = rules.composed(value).strip()
        if "\0" in value:
            raise ValueError("This text holds a character that cannot be kept.")
    value = field.clean(value, None)
    if code == "email" and value and not email_key(value):
        raise ValueError(f"{value} is not an e-mail address.")
    if code == "time_zone" and value:
        validate_time_zone(value)
    return value


def _clean_company(name):
    name = " ".join(rules.composed(name or "").split())
    if len(name) > 200 or "\0" in name or (name and not company_key(name)):
        raise ValueError("Give the company's name in at most 200 letters and digits.")
    return name


def _company_column(columns, now):
    if "company" not in columns:
        return {}
    name = columns["company"]
    return {"company": Company.objects.get(pk=companies_by_name([name], now=now)[company_key(name)]) if name else None}


def _differences(lead, cleaned, fields):
    """{code: (old, new)} in JSON form of what is not so yet."""
    old = {code: getattr(lead, code) for code in cleaned}
    new = dict(cleaned)
    if "company" in cleaned:
        old["company"] = lead.company.name if lead.company else ""
        # Another spelling of the same company is no change.
        if company_key(old["company"]) == company_key(new["company"]):
            new["company"] = old["company"]
    old |= {code: lead.fields.get(code) for code in fields}
    new |= fields
    return {code: (_plain(old[code]), _plain(new[code])) for code in new if old[code] != new[code]}


def _plain(value):
    return value.isoformat() if hasattr(value, "isoformat") else value


@contextmanager
def saying_what_is_refused() -> Iterator[None]:
    """What a constraint refuses is a ValidationError, after which the whole change has to be undone."""
    try:
        yield
    except IntegrityError as error:
        constraint = error.__cause__.diag.constraint_name
        if constraint in _CONSTRAINTS:
            raise ValidationError(_CONSTRAINTS[constraint]) from error
        raise
