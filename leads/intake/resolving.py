"""Who the people of some rows are: by external id, e-mail, phone, name with company. The one place that decides it.

First `known_ids` and `candidates` find, a set at a time, whom the rows may be about; then a `Directory` of those says
for each row in memory who it is, by what, and whether that is certain.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from django.db import connection

from leads.fields import FIELDS, Key
from leads.intake import keys
from leads.intake.people import Other, Person
from leads.models import Company, Lead, OtherKey
from team.models import Workspace

# Keys hold no control characters, so one of those can stand between them.
_BETWEEN = "\x1f"
_KEYS = "ANY(string_to_array(%(keys)s, chr(31)))"
# Each finds leads by an index; the condition on "" is what makes the partial indexes usable.
_BARE_NAME = "bare_name"
_BY_KEY = {
    Key.EMAIL: f"email_key = {_KEYS} AND email_key <> ''",
    Key.PHONE: f"phone_key = {_KEYS} AND phone_key <> ''",
    _BARE_NAME: f"name_key = {_KEYS} AND company_id IS NULL AND email_key = '' AND phone_key = '' AND external_id = ''",
}
_BY_OTHER_KEY = f"SELECT lead_id FROM {{table}} WHERE kind = %(kind)s AND key = {_KEYS}"
_BY_ID = f"SELECT key, lead_id FROM leads_externalid WHERE system = %(system)s AND key = {_KEYS}"
_BY_ID_AMONG = f"""
SELECT external_id, id FROM {{leads}} WHERE external_system = %(system)s AND external_id = {_KEYS}
UNION ALL
SELECT key, lead_id FROM {{others}} WHERE kind = 'external_id' AND system = %(system)s AND key = {_KEYS}
"""
_BY_COMPANY = """
SELECT lead.id
FROM unnest(%(companies)s::bigint[], string_to_array(%(keys)s, chr(31))) AS wanted (company_id, name_key)
JOIN {table} AS lead ON lead.company_id = wanted.company_id AND lead.name_key = wanted.name_key
"""
_KEY_COLUMNS = tuple(dict.fromkeys(field.key_column or field.column for field in FIELDS if field.key and field.path))


class Tables(NamedTuple):
    """Where people are looked for: the table of leads, and that of what they have beside their main keys."""

    leads: str
    others: str


STORED = Tables("leads_lead", "leads_otherkey")


class Match(NamedTuple):
    """A lead that a row may be about: by what, whether that is certain, and which keys both have and not the same."""

    lead: Person
    by: Key
    is_certain: bool
    conflicts: tuple[Key, ...]


def known_ids(*, system: str, ids: Collection[str], tables: Iterable[Tables] = (STORED,)) -> dict[str, int]:
    """{external id: lead id} of those ids of the system that somebody has. `tables`: STORED and any like them."""
    known = {}
    if ids:
        values = {"system": system, "keys": _BETWEEN.join(sorted(ids))}
        with connection.cursor() as cursor:
            for each in tables:
                cursor.execute(_BY_ID if each is STORED else _BY_ID_AMONG.format(**each._asdict()), values)
                known.update(cursor.fetchall())
    return known


def candidates(
    *,
    emails: Collection[str] = (),
    phones: Collection[str] = (),
    bare_names: Collection[str] = (),
    named: Collection[tuple[int, str]] = (),
    tables: Iterable[Tables] = (STORED,),
) -> set[int]:
    """Ids of the leads that have one of these keys, main or other. `named`: (company id, name key) pairs."""
    found = set()
    for kind, wanted in ((Key.EMAIL, emails), (Key.PHONE, phones), (_BARE_NAME, bare_names)):
        found.update(_look_up(kind, wanted, tables))
    if named:
        ids, names = zip(*sorted(named), strict=True)
        with connection.cursor() as cursor:
            for each in tables:
                cursor.execute(
                    _BY_COMPANY.format(table=each.leads), {"companies": list(ids), "keys": _BETWEEN.join(names)}
                )
                found.update(lead_id for (lead_id,) in cursor.fetchall())
    return found


def _look_up(kind, wanted, tables):
    if not wanted:
        return
    values = {"kind": kind, "keys": _BETWEEN.join(sorted(wanted))}
    with connection.cursor() as cursor:
        statements = [f"SELECT id FROM {each.leads} WHERE {_BY_KEY[kind]}" for each in tables]
        if kind != _BARE_NAME:
            statements += [_BY_OTHER_KEY.format(table=each.others) for each in tables]
        for statement in statements:
            cursor.execute(statement, values)
            yield from (lead_id for (lead_id,) in cursor.fetchall())


class Directory:
    """The leads that some rows may be, found by what identifies them: each a Person with an id.

    Keys of a lead change while rows are applied to her, so a hit counts only while she still has the key. `system`: of
    which the external ids of the rows are.
    """

    def __init__(self, leads, *, system="", trusts_ids=True):
        self.system = system
        self.trusts_ids = trusts_ids
        self.by_id = {}
        self.external, self.emails, self.phones, self.names = {}, {}, {}, {}
        for lead in sorted(leads, key=lambda lead: lead.id):
            self.by_id[lead.id] = lead
            self.enter(lead)

    def enter(self, lead):
        """Makes a lead findable by the keys she has now."""
        if lead.external_id and lead.external_system == self.system:
            self.external.setdefault(lead.external_id, lead)
        for index, key in (
            (self.emails, lead.email_key),
            (self.phones, lead.phone_key),
            (self.names, lead.name_key and (lead.company_id, lead.name_key)),
        ):
            if key:
                _add(index, key, lead)
        for kind, system, key, _ in lead.others:
            if kind == Key.EMAIL:
                _add(self.emails, key, lead)
            elif kind == Key.PHONE:
                _add(self.phones, key, lead)
            elif system == self.system:
                self.external.setdefault(key, lead)

    def find(self, row, company_id, *, earlier=None):
        """The lead that a row is certainly about, or None. `row`: the Person whom it tells of.

        `earlier`: whom the same row was about before, who goes first for as long as anything of it still fits her.
        """
        first = None
        for by, lead, is_certain in self._hits(row, company_id):
            if lead is earlier and (is_certain or by == Key.EXTERNAL_ID):
                return lead
            if is_certain:
                if earlier is None:
                    return lead
                first = first or lead
        return first

    def matches(self, row, company_id) -> Iterator[Match]:
        """All whom a row may be about, each once, by what is surest first."""
        seen = set()
        for by, lead, is_certain in self._hits(row, company_id):
            if lead.id not in seen:
                seen.add(lead.id)
                yield Match(lead, by, is_certain, tuple(self._conflicts(lead, row)))

    def _hits(self, row, company_id):
        external_id = row.external_id
        if external_id and (lead := self.external.get(external_id)) is not None:
            yield Key.EXTERNAL_ID, lead, self.trusts_ids or not self._other_email(lead, row)
        for key in _all(row, Key.EMAIL, row.email_key):
            for lead in self.emails.get(key, ()):
                if lead.email_key == key or lead.has(Key.EMAIL, "", key):
                    yield Key.EMAIL, lead, True
        for key in _all(row, Key.PHONE, row.phone_key):
            for lead in self.phones.get(key, ()):
                if lead.phone_key == key or lead.has(Key.PHONE, "", key):
                    yield Key.PHONE, lead, self._same_phone(lead, row)
        key = row.name_key
        if key:
            for lead in self.names.get((company_id, key), ()):
                if lead.name_key == key and lead.company_id == company_id:
                    is_certain = self._same_name(lead, row)
                    if is_certain or company_id is not None:
                        yield Key.NAME, lead, is_certain

    def _same_phone(self, lead, row):
        """Colleagues share a switchboard: another e-mail or id makes it another person, unless the names agree."""
        name = row.name_key
        if name and name == lead.name_key:
            return True
        return not (self._other_email(lead, row) or self._other_id(lead, row))

    def _same_name(self, lead, row):
        if self._other_email(lead, row) or self._other_id(lead, row):
            return False
        if lead.company_id is not None:
            return True
        # A name and nothing else is somebody only among those who are known by nothing else either.
        return not (
            row.email_key or row.phone_key or row.external_id or lead.email_key or lead.phone_key or lead.external_id
        )

    def _conflicts(self, lead, row):
        name, phone = row.name_key, row.phone_key
        if self._other_id(lead, row):
            yield Key.EXTERNAL_ID
        if self._other_email(lead, row):
            yield Key.EMAIL
        if phone and lead.phone_key and phone != lead.phone_key and not lead.has(Key.PHONE, "", phone):
            yield Key.PHONE
        if name and lead.name_key and name != lead.name_key:
            yield Key.NAME

    @staticmethod
    def _other_email(lead, row):
        key = row.email_key
        return bool(key and lead.email_key and key != lead.email_key and not lead.has(Key.EMAIL, "", key))

    def _other_id(self, lead, row):
        external_id = row.external_id
        return bool(
            external_id
            and lead.external_id
            and lead.external_system == self.system
            and lead.external_id != external_id
            and not lead.has(Key.EXTERNAL_ID, self.system, external_id)
        )


def _add(index, key, lead):
    known = index.get(key)
    if known is None:
        index[key] = [lead]
    elif lead not in known:
        known.append(lead)


def _all(row, kind, main):
    """The keys of that kind that a row has, the main one first."""
    found = (main,) if main else ()
    return (*found, *(other.key for other in row.others if other.kind == kind)) if row.others else found


def matches_of(*, email="", phone="", first_name="", last_name="", company="", apart=0) -> list[Match]:
    """Whom the typed facts of one person may be about, by what is surest first; `apart` is the lead left out.

    A row of the size one, as a page, a form or a message has it.
    """
    company_id = None
    if key := keys.company_key(company):
        company_id = Company.objects.filter(name_key=key).values_list("pk", flat=True).first()
    row = Person(
        email_key=keys.email_key(email),
        phone_key=keys.phone_key(phone, Workspace.objects.current().phone_region) if phone else "",
        name_key=keys.name_key(first_name, last_name),
    )
    found = candidates(
        emails=_filled(row.email_key),
        phones=_filled(row.phone_key),
        named=[(company_id, row.name_key)] if company_id and row.name_key else [],
    )
    return list(Directory(_load(found - {apart})).matches(row, company_id))


def _filled(word):
    return [word] if word else []


def _load(ids):
    if not ids:
        return []
    known = Lead.objects.filter(pk__in=ids).values("id", "company_id", "external_system", *_KEY_COLUMNS)
    leads = {lead["id"]: Person(**lead) for lead in known}
    for lead_id, *other in OtherKey.objects.filter(lead__in=ids).values_list("lead_id", *Other._fields):
        if lead_id in leads:
            leads[lead_id].others = (*leads[lead_id].others, Other(*other))
    return leads.values()
