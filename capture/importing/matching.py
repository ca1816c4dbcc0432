"""What a row changes: decided in memory for a chunk of rows, in the order of the file. No queries."""

import datetime
from dataclasses import dataclass, field
from operator import attrgetter

from capture.importing.enums import RowResult
from capture.importing.mapping import TARGETS
from leads.fields import BY_CODE, FIELDS, SEARCHED, Key, Merge
from leads.intake.people import CODES, Other, Person, attributes_of

PLAIN = tuple(each.code for each in FIELDS if each.merge == Merge.REPLACES)
FLAGS = tuple(each.code for each in FIELDS if each.merge == Merge.SETS)
KEPT = "With sales: kept "
PROBLEM_LIMIT = 300
_SEARCHED = frozenset(BY_CODE[code].column for code in SEARCHED)
_plain_values = attrgetter(*PLAIN)
# What all others of a kind are called: {kind of OtherKey: code}.
BESIDE = {each.beside: each.code for each in FIELDS if each.beside}


@dataclass(slots=True, eq=False)
class MergedLead(Person):
    """A lead that rows are merged into, as they have left her.

    read_at: her changed_at when she was read, None for one that is new. is_met: this import has met her before.
    search_changed: whether she is found by other words. dropped: of `others`, what undoing has taken away.
    """

    read_at: datetime.datetime | None = None
    with_sales: bool = False
    is_met: bool = True
    is_new: bool = True
    is_changed: bool = True
    search_changed: bool = True
    dropped: list[Other] = field(default_factory=list)


def place(row, directory, *, company_id, source_id, campaign_id, name_key, may_change_sales=True, earlier=None):
    """Decides one row: (RowResult, MergedLead, before).

    Creates the lead when nobody is found. Else a value overwrites, but nothing ever becomes empty, and an address, a
    number or an id that differs is added beside the main one; once this import
    has met the person, only what is still empty is filled, so that the first row wins. So it is from the start with
    a lead of the sales side unless may_change_sales; what she keeps is added to the problems of the row. `before` is
    {code: [old, new]} in JSON form, with the keys of an address and a number, for undo. `earlier`: whom the same row
    was about in an earlier import of the file.
    """
    person = row.person
    if row.problems:
        # Said when the row was placed before, with what was known then.
        row.problems[:] = [problem for problem in row.problems if not problem[1].startswith(KEPT)]
    lead = directory.find(person, company_id, earlier=earlier)
    if lead is None:
        lead = MergedLead(*attributes_of(person))
        lead.company_id = company_id
        lead.source_id = person.source_id or source_id
        lead.campaign_id = person.campaign_id or campaign_id
        if lead.external_id:
            if lead.external_id in directory.external:
                lead.external_id = ""
            else:
                lead.external_system = directory.system
        directory.enter(lead)
        return RowResult.CREATED, lead, None
    kept = None if may_change_sales or not lead.with_sales else []
    before = _apply(lead, person, directory, company_id, source_id, campaign_id, name_key, kept)
    if kept:
        row.problems.append(("", f"{KEPT}{', '.join(kept)}."[:PROBLEM_LIMIT]))
    lead.is_met = True
    if not before:
        return RowResult.UNCHANGED, lead, None
    lead.is_changed = True
    return RowResult.UPDATED, lead, before


def codes_of(before) -> set[str]:
    """The codes of the fields that a row changed, by its `before`: as everybody calls them who follows the changes."""
    codes = {CODES[column] for column in before if column in CODES} | before.get("fields", {}).keys()
    if "others" in before:
        old, new = ({tuple(other) for other in others} for others in before["others"])
        codes |= {BESIDE[kind] for kind, *_ in old ^ new}
    return codes


def _apply(lead, person, directory, company_id, source_id, campaign_id, name_key, kept):
    """What was changed. `kept`, a list, collects the names of what may only be filled and is filled already."""
    before = {}
    fills_only = lead.is_met

    def stays(code, old):
        if kept is not None and old:
            kept.append(TARGETS[code])
            return True
        return fills_only and old

    def put(code, new):
        before[code] = [getattr(lead, code), new]
        setattr(lead, code, new)

    def add(kind, system, key, value):
        """Another address, number or id: nothing is overwritten by it."""
        if lead.has(kind, system, key):
            return
        if kept is not None:
            kept.append(TARGETS[kind])
            return
        others = [*lead.others, Other(kind, system, key, value)]
        before["others"] = [before["others"][0] if "others" in before else list(lead.others), others]
        lead.others = others

    plain, told = _plain_values(lead), _plain_values(person)
    if plain != told:
        for code, old, new in zip(PLAIN, plain, told, strict=True):
            if new and old != new and not stays(code, old):
                put(code, new)
    # The same address or number written otherwise is no news.
    for code, key_code in (("email", "email_key"), ("phone", "phone_key")):
        new, key = getattr(person, code), getattr(person, key_code)
        old, old_key = getattr(lead, code), getattr(lead, key_code)
        if not new or old == new or (key and key == old_key):
            continue
        if key and old_key:
            add(code, "", key, new)
            continue
        if (not key and old_key) or stays(code, old):
            continue
        put(code, new)
        put(key_code, key)
    if company_id is not None and lead.company_id != company_id and not stays("company", lead.company_id):
        put("company_id", company_id)
        lead.company = person.company
    for code in FLAGS:
        if getattr(person, code) and not getattr(lead, code):
            put(code, True)
    for code, new in (("source_id", person.source_id or source_id), ("campaign_id", person.campaign_id or campaign_id)):
        if new and not getattr(lead, code):
            put(code, new)
    external_id = person.external_id
    if external_id and not lead.external_id and external_id not in directory.external:
        put("external_id", external_id)
        put("external_system", directory.system)
    elif external_id and directory.trusts_ids and external_id not in directory.external:
        add(Key.EXTERNAL_ID.value, directory.system, external_id, external_id)
    for kind, system, key, value in person.others:
        if key not in (lead.email_key, lead.phone_key):
            add(kind, system, key, value)
    _apply_lists(lead, person, before, fills_only, kept)
    if before:
        if "first_name" in before or "last_name" in before:
            lead.name_key = name_key(lead.first_name, lead.last_name)
        if not before.keys().isdisjoint(_SEARCHED | {"others"}):
            lead.search_changed = True
        directory.enter(lead)
    return before


def _apply_lists(lead, person, before, fills_only, kept):
    new_tags = [tag for tag in person.tags if tag not in lead.tags]
    if new_tags and kept is not None and lead.tags:
        kept.append(TARGETS["tags"])
    elif new_tags:
        before["tags"] = [list(lead.tags), [*lead.tags, *new_tags]]
        lead.tags = before["tags"][1]
    known = lead.fields
    if not person.fields.items() <= known.items():
        changed = {
            code: [known.get(code), new]
            for code, new in person.fields.items()
            if known.get(code) != new and not ((fills_only or kept is not None) and code in known)
        }
        if kept is not None:
            kept += [code for code, new in person.fields.items() if code in known and known[code] != new]
        if changed:
            lead.fields = known | {code: new for code, (_, new) in changed.items()}
            before["fields"] = changed
