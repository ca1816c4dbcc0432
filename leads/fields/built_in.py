"""The fields that every lead has: each is declared here, once, with all that the program knows of it.

Their order is the order in which exports, editors and pages name them.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.apps import apps
from django.db import models

from leads.enums import Disposition, Grade, Side, Stage
from leads.fields.values import ValueType


class Writer(StrEnum):
    """What changes a field."""

    PERSON = "person"  # whoever may change the lead types it in, and so do imports
    IMPORT = "import"  # imports alone
    LIFECYCLE = "lifecycle"  # leads.actions.lifecycle
    SCORING = "scoring"  # scoring.engine
    HANDOVER = "handover"  # routing.actions
    PROGRAM = "program"  # whatever else writes the lead


class Key(StrEnum):
    """What a field tells about who somebody is."""

    EXTERNAL_ID = "external_id"
    EMAIL = "email"
    PHONE = "phone"
    NAME = "name"


class Merge(StrEnum):
    """What a file does with a field of a lead that is known already; nothing ever becomes empty."""

    REPLACES = "replaces"
    FILLS = "fills"  # what has a value keeps it
    FILLS_COMPANY = "fills company"  # the same for a fact of the company
    SETS = "sets"  # an objection can be made, and not lifted
    APART = "apart"  # by a rule of its own, in capture.importing.matching
    WITH_ID = "with id"  # comes with an external id, and is no column of a file


@dataclass(frozen=True)
class BuiltIn:
    """A field that every lead has.

    path: where it is kept, as in Lead.values_list; "" for one put together from others, which cannot be exported.
    group: the heading that editors show it under. fact: the line of the lead page it is read and edited in; None
    where the page has another place for it. choices, ordered: of a closed list, the lowest first. can_be_empty: there
    may be no value. past_only: stamped by the machine, never in the future. key: what it tells about who somebody is.
    is_searched: its words find the lead. is_column: a list can show it; in_list: and does unless told otherwise.
    merge: what imports do with it; None where they bring none. called: what files call it, in small letters and digits.
    hint: what imports say beside its label. is_quick: the form for a new lead asks for it. beside: the field of the
    main one, where this holds all others of its kind: rows of OtherKey, of which a condition is met by one. facts: the
    column with the facts of a reason that is a code, null beside somebody's own words: such a field is read, found and
    exported in words (leads.activities.reasons).
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
    merge: Merge | None = None
    called: str = ""
    hint: str = ""
    is_quick: bool = False
    beside: str = ""
    facts: str = ""

    @property
    def model_field(self) -> models.Field:
        """The column that keeps it, of Lead or of the row that Lead points to; needs the models loaded."""
        head, *points = self.path.split("__")
        column = apps.get_model("leads.Lead")._meta.get_field(head)
        return column.related_model._meta.get_field(points[0]) if points else column

    @property
    def column(self) -> str:
        """The column of Lead that holds the value, or the key of the row that does; "" for one put together."""
        head, *points = self.path.split("__")
        return f"{head}_id" if points else head

    @property
    def key_column(self) -> str:
        """The column of Lead with the key of identity made from this field, or ""."""
        return f"{self.key}_key" if self.key and self.key != Key.EXTERNAL_ID and self.path else ""

    @property
    def is_typed(self) -> bool:
        """Whether a person may type it in."""
        return self.writer == Writer.PERSON


def _person(code, label, **more):
    usual = {"type": ValueType.TEXT, "path": code, "group": "Person", "fact": label, "merge": Merge.REPLACES}
    return BuiltIn(code, label, **usual | more)


def _company(code, label, type_, **more):
    usual = {"path": f"company__{code}", "group": "Company", "writer": Writer.IMPORT, "merge": Merge.FILLS_COMPANY}
    return BuiltIn(code, label, type_, **usual | more)


def _lifecycle(code, label, type_, **more):
    more = {"path": code, "group": "Lifecycle", "writer": Writer.PROGRAM} | more
    return BuiltIn(code, label, type_, **more)


def _stamp(code, label, **more):
    return _lifecycle(code, label, ValueType.DATETIME, **{"can_be_empty": False, "past_only": True} | more)


def _one_of(code, label, choices, **more):
    return _lifecycle(code, label, ValueType.CHOICE, choices=tuple(choices), **{"can_be_empty": False} | more)


def _others(beside, label):
    code = f"other_{beside}s"
    return BuiltIn(code, label, ValueType.LIST, code, "Person", writer=Writer.PROGRAM, beside=beside)


_PLACE = {"group": "Place", "fact": "Address"}
_OBJECTION = {
    "group": "Objections",
    "type": ValueType.BOOLEAN,
    "can_be_empty": False,
    "fact": "Contact",
    "merge": Merge.SETS,
    "hint": "yes or no",
}
_CONTRACT = {"writer": Writer.PERSON, "fact": "Contract", "merge": Merge.REPLACES}
_TYPED_COMPANY = {"writer": Writer.PERSON, "is_searched": True, "merge": Merge.APART}
_ORIGIN = {"group": "Lifecycle", "writer": Writer.IMPORT, "merge": Merge.FILLS}

FIELDS = (
    _lifecycle("id", "Lead number", ValueType.NUMBER, can_be_empty=False),
    _lifecycle("external_system", "External system", ValueType.TEXT, writer=Writer.PERSON, merge=Merge.WITH_ID),
    _lifecycle(
        "external_id",
        "External id",
        ValueType.TEXT,
        writer=Writer.PERSON,
        key=Key.EXTERNAL_ID,
        merge=Merge.APART,
        called="externalid id contactid leadid recordid prospectid customerid userid personid clientid uuid guid "
        "memberid subscriberid crmid",
    ),
    _others("external_id", "Other external ids"),
    _person(
        "first_name",
        "First name",
        is_quick=True,
        fact="Name",
        key=Key.NAME,
        is_searched=True,
        called="firstname first givenname forename vorname prenom nombre fname contactfirstname",
    ),
    _person(
        "last_name",
        "Last name",
        is_quick=True,
        fact="Name",
        key=Key.NAME,
        is_searched=True,
        called="lastname last surname familyname nachname nomdefamille apellido apellidos lname contactlastname",
    ),
    _person(
        "full_name",
        "Full name",
        path="",
        writer=Writer.IMPORT,
        fact=None,
        key=Key.NAME,
        merge=Merge.APART,
        called="fullname name contactname contact leadname person personname nomcomplet completename",
    ),
    _person(
        "email",
        "E-mail",
        is_quick=True,
        key=Key.EMAIL,
        is_searched=True,
        is_column=True,
        merge=Merge.APART,
        called="email emailaddress mail emailadresse emailwork workemail businessemail emails email1 correo "
        "correoelectronico courriel adressemail emailid contactemail personalemail",
    ),
    _others("email", "Other e-mails"),
    _person(
        "phone",
        "Phone",
        is_quick=True,
        key=Key.PHONE,
        is_searched=True,
        is_column=True,
        merge=Merge.APART,
        called="phone phonenumber telephone tel mobile mobilephone mobilenumber cell cellphone phone1 phone2 "
        "workphone businessphone homephone telefon handy telefono portable phoneno contactnumber",
    ),
    _others("phone", "Other phones"),
    _person(
        "job_title",
        "Job title",
        is_quick=True,
        is_column=True,
        called="jobtitle position role jobrole funktion poste cargo designation",
    ),
    _company(
        "company",
        "Company",
        ValueType.TEXT,
        path="company__name",
        fact="Company",
        **_TYPED_COMPANY,
        is_quick=True,
        called="company companyname organization organisation account accountname firma unternehmen entreprise "
        "societe empresa employer associatedcompany",
    ),
    _company("industry", "Industry", ValueType.TEXT, called="industry branche sector"),
    _company(
        "employees",
        "Employees",
        ValueType.NUMBER,
        called="employees numberofemployees noofemployees employeecount companysize",
    ),
    _company("annual_revenue", "Annual revenue", ValueType.NUMBER, called="annualrevenue revenue"),
    _person(
        "street",
        "Street",
        **_PLACE,
        called="street address address1 streetaddress addressline1 strasse adresse mailingstreet direccion rue",
    ),
    _person(
        "postal_code",
        "Postal code",
        **_PLACE,
        called="zip zipcode postalcode postcode plz codepostal mailingpostalcode zippostalcode",
    ),
    _person(
        "city",
        "City",
        is_quick=True,
        **_PLACE,
        is_column=True,
        called="city town ort stadt ville ciudad mailingcity locality",
    ),
    _person(
        "region",
        "State/region",
        **_PLACE,
        called="state region province bundesland stateprovince stateregion mailingstate",
    ),
    _person(
        "country",
        "Country",
        is_quick=True,
        **_PLACE,
        is_column=True,
        called="country land pays pais countryregion countryname mailingcountry",
    ),
    _person(
        "website", "Website", group="Place", called="website web url homepage websiteurl site domain companywebsite"
    ),
    _person("time_zone", "Time zone", group="Place", called="timezone"),
    _person(
        "tags", "Tags", type=ValueType.LIST, is_column=True, merge=Merge.APART, called="tags tag labels label keywords"
    ),
    _person(
        "do_not_email",
        "Do not e-mail",
        **_OBJECTION,
        called="donotemail hasoptedoutofemail emailoptout optedoutofemail optedout unsubscribed "
        "unsubscribedfromallemail emailblacklisted",
    ),
    _person("do_not_call", "Do not call", **_OBJECTION, called="donotcall phoneoptout"),
    _person("do_not_post", "Do not send post", **_OBJECTION, called="donotpost donotmail"),
    _one_of(
        "grade", "Grade", reversed(Grade.choices), ordered=True, can_be_empty=True, in_list=True, writer=Writer.SCORING
    ),
    _lifecycle("score", "Score", ValueType.NUMBER, can_be_empty=False, in_list=True, writer=Writer.SCORING),
    _stamp("scored_at", "Scored at", can_be_empty=True, writer=Writer.SCORING),
    _one_of("stage", "Stage", Stage.choices, ordered=True, in_list=True, writer=Writer.LIFECYCLE),
    _stamp("stage_since", "In this stage since", writer=Writer.LIFECYCLE),
    _one_of("disposition", "Disposition", Disposition.choices, is_column=True, writer=Writer.LIFECYCLE),
    _lifecycle(
        "disposition_reason",
        "Reason of the disposition",
        ValueType.TEXT,
        writer=Writer.LIFECYCLE,
        facts="disposition_facts",
    ),
    _lifecycle("recycle_on", "Recycled until", ValueType.DATE, writer=Writer.LIFECYCLE),
    _one_of("side", "Side", Side.choices, is_column=True, writer=Writer.HANDOVER),
    _lifecycle("owner", "Owner", ValueType.REFERENCE, path="owner__email", in_list=True, writer=Writer.HANDOVER),
    _lifecycle("pool", "Pool", ValueType.REFERENCE, path="pool__code", writer=Writer.HANDOVER),
    BuiltIn("source", "Source", ValueType.REFERENCE, "source__code", **_ORIGIN, in_list=True),
    BuiltIn("campaign", "First campaign", ValueType.REFERENCE, "campaign__code", **_ORIGIN, is_column=True),
    _lifecycle("contract_on", "Contract signed on", ValueType.DATE, **_CONTRACT),
    _lifecycle("first_paid_on", "First payment on", ValueType.DATE, **_CONTRACT),
    _stamp("created_at", "Created at", is_column=True),
    _stamp("changed_at", "Details changed at", in_list=True),
)

BY_CODE = {field.code: field for field in FIELDS}
CODES = frozenset(BY_CODE)

# In the order of the fields: what a person may type in, and what her words find a lead by.
TYPED = tuple(field.code for field in FIELDS if field.is_typed)
SEARCHED = frozenset(field.code for field in FIELDS if field.is_searched)


def written_by(writer: Writer) -> frozenset[str]:
    """The codes of what this writer alone changes."""
    return frozenset(field.code for field in FIELDS if field.writer == writer)
