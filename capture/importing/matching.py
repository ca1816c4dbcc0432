"""Who a row is, and what it changes: decided in memory for a chunk of rows, in the order of the file. No queries.

Leads are dicts of capture.importing.columns plus "id" (None until a new one gets hers), "is_new",
"touched" (this import has met her before), "with_sales" and "changed".
"""

from capture.importing.columns import BLANK
from capture.importing.enums import RowResult
from capture.importing.mapping import TARGETS
from leads.fields import BY_CODE, FIELDS, SEARCHED, Merge

PLAIN = tuple(field.code for field in FIELDS if field.merge == Merge.REPLACES)
FLAGS = tuple(field.code for field in FIELDS if field.merge == Merge.SETS)
KEPT = "With sales: kept "
PROBLEM_LIMIT = 300
_SEARCHED = frozenset(BY_CODE[code].column for code in SEARCHED)
_NEW = BLANK | {
    "id": None,
    "is_new": True,
    "touched": True,
    "with_sales": False,
    "changed": True,
    "search_changed": True,
}


class Directory:
    """The leads that the rows of a chunk may be, found by what identifies them.

    Keys of a lead change while rows are applied, so a hit counts only while the lead still has the key.
    """

    def __init__(self, leads, *, system, trusts_ids=True, previous=None):
        self.system = system
        self.trusts_ids = trusts_ids
        self.previous = previous or {}
        self.by_id = {}
        self.external, self.emails, self.phones, self.names = {}, {}, {}, {}
        for lead in sorted(leads, key=lambda lead: lead["id"]):
            self.by_id[lead["id"]] = lead
            self.enter(lead)

    def enter(self, lead):
        """Makes a lead findable by the keys she has now."""
        if lead["external_id"] and lead["external_system"] == self.system:
            self.external.setdefault(lead["external_id"], lead)
        for index, key in (
            (self.emails, lead["email_key"]),
            (self.phones, lead["phone_key"]),
            (self.names, lead["name_key"] and (lead["company_id"], lead["name_key"])),
        ):
            if key:
                known = index.get(key)
                if known is None:
                    index[key] = [lead]
                elif lead not in known:
                    known.append(lead)

    def find(self, row, company_id):
        """The lead that a row is about, or None: by external id, then e-mail, then phone, then name with company.

        A file that was imported before finds the lead that the same row was about then, if it still fits.
        """
        values = row.values
        before = self.by_id.get(self.previous.get(row.number))
        if before is not None and self._fits(before, values, company_id):
            return before
        external_id = values.get("external_id")
        if external_id:
            lead = self.external.get(external_id)
            if lead is not None and self._same_id(lead, values):
                return lead
        key = values.get("email_key")
        if key:
            for lead in self.emails.get(key, ()):
                if lead["email_key"] == key:
                    return lead
        key = values.get("phone_key")
        if key:
            for lead in self.phones.get(key, ()):
                if lead["phone_key"] == key and self._same_phone(lead, values):
                    return lead
        key = values.get("name_key")
        if key:
            for lead in self.names.get((company_id, key), ()):
                if lead["name_key"] == key and lead["company_id"] == company_id and self._same_name(lead, values):
                    return lead
        return None

    def _fits(self, lead, values, company_id):
        name = values.get("name_key")
        return (
            (values.get("external_id") and self.external.get(values["external_id"]) is lead)
            or (values.get("email_key") and values["email_key"] == lead["email_key"])
            or (values.get("phone_key") and values["phone_key"] == lead["phone_key"] and self._same_phone(lead, values))
            or (
                name and name == lead["name_key"] and company_id == lead["company_id"] and self._same_name(lead, values)
            )
        )

    def _same_id(self, lead, values):
        return self.trusts_ids or not self._other_email(lead, values)

    def _same_phone(self, lead, values):
        """Colleagues share a switchboard: another e-mail or id makes it another person, unless the names agree."""
        name = values.get("name_key")
        if name and name == lead["name_key"]:
            return True
        return not (self._other_email(lead, values) or self._other_id(lead, values))

    def _same_name(self, lead, values):
        if self._other_email(lead, values) or self._other_id(lead, values):
            return False
        if lead["company_id"] is not None:
            return True
        # A name and nothing else is somebody only among those who are known by nothing else either.
        return not (
            values.get("email_key")
            or values.get("phone_key")
            or values.get("external_id")
            or lead["email_key"]
            or lead["phone_key"]
            or lead["external_id"]
        )

    @staticmethod
    def _other_email(lead, values):
        key = values.get("email_key")
        return bool(key and lead["email_key"] and key != lead["email_key"])

    def _other_id(self, lead, values):
        external_id = values.get("external_id")
        return bool(
            external_id
            and lead["external_id"]
            and lead["external_system"] == self.system
            and lead["external_id"] != external_id
        )


def place(row, directory, *, company_id, source_id, campaign_id, name_key, may_change_sales=True):
    """Decides one row: (RowResult, lead, before).

    Creates the lead when nobody is found. Else a value overwrites, but nothing ever becomes empty; once this import
    has met the person, only what is still empty is filled, so that the first row wins. So it is from the start with
    a lead of the sales side unless may_change_sales; what she keeps is added to the problems of the row. `before` is
    {code: [old, new]} in JSON form, for undo.
    """
    values = row.values
    if row.problems:
        # Said when the row was placed before, with what was known then.
        row.problems[:] = [problem for problem in row.problems if not problem[1].startswith(KEPT)]
    lead = directory.find(row, company_id)
    if lead is None:
        lead = {**_NEW, **values}
        lead["fields"] = dict(row.fields)
        lead["company_id"] = company_id
        lead["source_id"] = values.get("source") or source_id
        lead["campaign_id"] = values.get("campaign") or campaign_id
        if lead["external_id"]:
            if lead["external_id"] in directory.external:
                lead["external_id"] = ""
            else:
                lead["external_system"] = directory.system
        directory.enter(lead)
        return RowResult.CREATED, lead, None
    kept = None if may_change_sales or not lead["with_sales"] else []
    before = _apply(lead, row, directory, company_id, source_id, campaign_id, name_key, kept)
    if kept:
        row.problems.append(("", f"{KEPT}{', '.join(kept)}."[:PROBLEM_LIMIT]))
    lead["touched"] = True
    if not before:
        return RowResult.UNCHANGED, lead, None
    lead["changed"] = True
    return RowResult.UPDATED, lead, before


def _apply(lead, row, directory, company_id, source_id, campaign_id, name_key, kept):
    """What was changed. `kept`, a list, collects the names of what may only be filled and is filled already."""
    values, before = row.values, {}
    fills_only = lead["touched"]

    def stays(code, old):
        if kept is not None and old:
            kept.append(TARGETS[code])
            return True
        return fills_only and old

    def put(code, new):
        before[code] = [lead[code], new]
        lead[code] = new

    for code in PLAIN:
        new = values.get(code)
        if new and lead[code] != new and not stays(code, lead[code]):
            put(code, new)
    # The same address or number written otherwise is no news.
    for code, key_code in (("email", "email_key"), ("phone", "phone_key")):
        new, key = values.get(code), values.get(key_code, "")
        old = lead[code]
        if not new or old == new or (key and key == lead[key_code]):
            continue
        if (not key and lead[key_code]) or stays(code, old):
            continue
        put(code, new)
        lead[key_code] = key
    if company_id is not None and lead["company_id"] != company_id and not stays("company", lead["company_id"]):
        put("company_id", company_id)
    for code in FLAGS:
        if values.get(code) and not lead[code]:
            put(code, True)
    for code, new in (
        ("source_id", values.get("source") or source_id),
        ("campaign_id", values.get("campaign") or campaign_id),
    ):
        if new and not lead[code]:
            put(code, new)
    external_id = values.get("external_id")
    if external_id and not lead["external_id"] and external_id not in directory.external:
        put("external_id", external_id)
        before["external_system"] = [lead["external_system"], directory.system]
        lead["external_system"] = directory.system
    _apply_lists(lead, row, before, fills_only, kept)
    if before:
        if "first_name" in before or "last_name" in before:
            lead["name_key"] = name_key(lead["first_name"], lead["last_name"])
        if not before.keys().isdisjoint(_SEARCHED):
            lead["search_changed"] = True
        directory.enter(lead)
    return before


def _apply_lists(lead, row, before, fills_only, kept):
    new_tags = [tag for tag in row.values.get("tags", ()) if tag not in lead["tags"]]
    if new_tags and kept is not None and lead["tags"]:
        kept.append(TARGETS["tags"])
    elif new_tags:
        before["tags"] = [list(lead["tags"]), [*lead["tags"], *new_tags]]
        lead["tags"] = before["tags"][1]
    if row.fields:
        known = lead["fields"]
        changed = {
            code: [known.get(code), new]
            for code, new in row.fields.items()
            if known.get(code) != new and not ((fills_only or kept is not None) and code in known)
        }
        if kept is not None:
            kept += [code for code, new in row.fields.items() if code in known and known[code] != new]
        if changed:
            lead["fields"] = known | {code: new for code, (_, new) in changed.items()}
            before["fields"] = changed
