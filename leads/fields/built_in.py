"""The fields that every lead has: each is declared here, once, with all that the program knows of it.

Their order is the order in which exports, editors and pages name them.
"""

from dataclasses import dataclass
from enum import StrEnum

from leads.enums import Disposition, Grade, Side, Stage
from leads.fields.values import ValueType


class Writer(StrEnum):
    """What changes a field."""

    PERSON = "person"  # whoever may change the lead types it in, and so do imports
    IMPORT = "import"  # imports alone
    PROGRAM = "program"  # an action of its own: a transition, a score, a hand-over, the clock


class Key(StrEnum):
    """What a field tells about who somebody is."""

    EXTERNAL_ID = "external_id"
    EMAIL = "email"
    PHONE = "phone"
    NAME = "name"


@dataclass(frozen=True)
class BuiltIn:
    """A field that every lead has.

    path: where it is kept, as in Lead.values_list; "" for one put together from others, which cannot be exported.
    group: the heading that editors show it under. fact: the line of the lead page it is read and edited in; None
    where the page has another place for it. choices, ordered: of a closed list, the lowest first. can_be_empty: there
    may be no value. past_only: stamped by the machine, never in the future. key: what it tells about who somebody is.
    is_searched: its words find the lead. is_column: a list can show it; in_list: and does unless told otherwise.
    hint: what imports say beside its label.
    """

    code: str
    label: str
    type: ValueType
    path: str
    group: str
    writer: Writer = Writer.PERSON
    fact: str | None = None
    choices: tuple = ()
    ordered: bool = False
    can_be_empty: bool = True
    past_only: bool = False
    key: Key | None = None
    is_searched: bool = False
    is_column: bool = False
    in_list: bool = False
    hint: str = ""

    @property
    def is_typed(self) -> bool:
        """Whether a person may type it in."""
        return self.writer == Writer.PERSON

    @property
    def of_company(self) -> bool:
        return self.path.startswith("company__")


def _person(code, label, **more):
    return BuiltIn(code, label, **{"type": ValueType.TEXT, "path": code, "group": "Person", "fact": label} | more)


def _company(code, label, type_, **more):
    more = {"path": f"company__{code}", "group": "Company", "writer": Writer.IMPORT} | more
    return BuiltIn(code, label, type_, **more)


def _lifecycle(code, label, type_, **more):
    more = {"path": code, "group": "Lifecycle", "writer": Writer.PROGRAM} | more
    return BuiltIn(code, label, type_, **more)


def _stamp(code, label, **more):
    return _lifecycle(code, label, ValueType.DATETIME, **{"can_be_empty": False, "past_only": True} | more)


def _one_of(code, label, choices, **more):
    return _lifecycle(code, label, ValueType.CHOICE, choices=tuple(choices), **{"can_be_empty": False} | more)


_PLACE = {"group": "Place", "fact": "Address"}
_OBJECTION = {
    "group": "Objections",
    "type": ValueType.BOOLEAN,
    "can_be_empty": False,
    "fact": "Contact",
    "hint": "yes or no",
}
_CONTRACT = {"writer": Writer.PERSON, "fact": "Contract"}
_TYPED_COMPANY = {"writer": Writer.PERSON, "is_searched": True}
_ORIGIN = {"group": "Lifecycle", "writer": Writer.IMPORT}

FIELDS = (
    _lifecycle("id", "Lead number", ValueType.NUMBER, can_be_empty=False),
    _lifecycle("external_system", "External system", ValueType.TEXT, writer=Writer.PERSON),
    _lifecycle("external_id", "External id", ValueType.TEXT, writer=Writer.PERSON, key=Key.EXTERNAL_ID),
    _person("first_name", "First name", fact="Name", key=Key.NAME, is_searched=True),
    _person("last_name", "Last name", fact="Name", key=Key.NAME, is_searched=True),
    _person("full_name", "Full name", path="", writer=Writer.IMPORT, fact=None, key=Key.NAME),
    _person("email", "E-mail", key=Key.EMAIL, is_searched=True, is_column=True),
    _person("phone", "Phone", key=Key.PHONE, is_searched=True, is_column=True),
    _person("job_title", "Job title", is_column=True),
    _company("company", "Company", ValueType.TEXT, path="company__name", fact="Company", **_TYPED_COMPANY),
    _company("industry", "Industry", ValueType.TEXT),
    _company("employees", "Employees", ValueType.NUMBER),
    _company("annual_revenue", "Annual revenue", ValueType.NUMBER),
    _person("street", "Street", **_PLACE),
    _person("postal_code", "Postal code", **_PLACE),
    _person("city", "City", **_PLACE, is_column=True),
    _person("region", "State/region", **_PLACE),
    _person("country", "Country", **_PLACE, is_column=True),
    _person("website", "Website", group="Place"),
    _person("time_zone", "Time zone", group="Place"),
    _person("tags", "Tags", type=ValueType.LIST, is_column=True),
    _person("do_not_email", "Do not e-mail", **_OBJECTION),
    _person("do_not_call", "Do not call", **_OBJECTION),
    _person("do_not_post", "Do not send post", **_OBJECTION),
    _one_of("grade", "Grade", reversed(Grade.choices), ordered=True, can_be_empty=True, in_list=True),
    _lifecycle("score", "Score", ValueType.NUMBER, can_be_empty=False, in_list=True),
    _stamp("scored_at", "Scored at", can_be_empty=True),
    _one_of("stage", "Stage", Stage.choices, ordered=True, in_list=True),
    _stamp("stage_since", "In this stage since"),
    _one_of("disposition", "Disposition", Disposition.choices, is_column=True),
    _lifecycle("disposition_reason", "Reason of the disposition", ValueType.TEXT),
    _lifecycle("recycle_on", "Recycled until", ValueType.DATE),
    _one_of("side", "Side", Side.choices, is_column=True),
    _lifecycle("owner", "Owner", ValueType.REFERENCE, path="owner__email", in_list=True),
    _lifecycle("pool", "Pool", ValueType.REFERENCE, path="pool__code"),
    BuiltIn("source", "Source", ValueType.REFERENCE, "source__code", **_ORIGIN, in_list=True),
    BuiltIn("campaign", "First campaign", ValueType.REFERENCE, "campaign__code", **_ORIGIN, is_column=True),
    _lifecycle("contract_on", "Contract signed on", ValueType.DATE, **_CONTRACT),
    _lifecycle("first_paid_on", "First payment on", ValueType.DATE, **_CONTRACT),
    _stamp("created_at", "Created at", is_column=True),
    _stamp("changed_at", "Changed at", in_list=True),
)

BY_CODE = {field.code: field for field in FIELDS}
CODES = frozenset(BY_CODE)

# What no field of an admin's may be called: the built-in fields, and words that conditions and exports use.
RESERVED = CODES | {"name", "fields", "activity", "answer"}

# In the order of the fields: what a person may type in, and what her words find a lead by.
TYPED = tuple(field.code for field in FIELDS if field.is_typed)
SEARCHED = frozenset(field.code for field in FIELDS if field.is_searched)
