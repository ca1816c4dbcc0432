"""The exports of other systems, recognised by their header, and what a column of any name most likely is.

Names are compared compact: folded, without spaces, so that "First Name", FIRST_NAME and firstName are one.
"""

from dataclasses import dataclass, field

from leads.fields import FIELDS
from leads.rules import fold_for_search


def compact(name):
    return fold_for_search(name).replace(" ", "")


@dataclass(frozen=True)
class Format:
    """`needs`: compact names that all have to be there, `one_of`: of which one has to be. `columns`: compact name to
    target. `noise`: columns that never become fields. `unmailable`: everybody in such a file refused mail."""

    code: str
    name: str
    system: str
    needs: tuple
    columns: dict
    one_of: tuple = ()
    noise: tuple = ()
    unmailable: bool = False
    day_first: bool | None = None
    values: dict = field(default_factory=dict)

    def matches(self, names):
        return names.issuperset(self.needs) and (not self.one_of or not names.isdisjoint(self.one_of))


_NAMES = {"firstname": "first_name", "lastname": "last_name"}
_PLACE = {
    "street": "street",
    "city": "city",
    "state": "region",
    "postalcode": "postal_code",
    "zipcode": "postal_code",
    "country": "country",
}

_SALESFORCE_NOISE = (
    "masterrecordid",
    "statecode",
    "countrycode",
    "latitude",
    "longitude",
    "geocodeaccuracy",
    "ownerid",
    "isconverted",
    "convertedaccountid",
    "convertedcontactid",
    "convertedopportunityid",
    "isunreadbyowner",
    "createdbyid",
    "lastmodifieddate",
    "lastmodifiedbyid",
    "systemmodstamp",
    "hasoptedoutoffax",
    "lasttransferdate",
    "jigsaw",
    "jigsawcontactid",
    "individualid",
    "accountid",
    "recordtypeid",
    "photourl",
)
_MAILCHIMP = _NAMES | {
    "emailaddress": "email",
    "phonenumber": "phone",
    "phone": "phone",
    "address": "street",
    "timezone": "time_zone",
    "cc": "country",
    "region": "region",
    "euid": "external_id",
    "tags": "tags",
    "company": "company",
}
_MAILCHIMP_NOISE = ("leid", "latitude", "longitude", "gmtoff", "dstoff", "optinip", "confirmip", "lastchanged")
_PIPEDRIVE_PERSON = {
    "personname": "full_name",
    "personfirstname": "first_name",
    "personlastname": "last_name",
    "personorganization": "company",
    "organizationname": "company",
    "personemailwork": "email",
    "personemailhome": "email",
    "personemailother": "email",
    "personemail": "email",
    "personphonework": "phone",
    "personphonemobile": "phone",
    "personphonehome": "phone",
    "personphoneother": "phone",
    "personphone": "phone",
    "persontitle": "job_title",
    "personlabel": "tags",
    "personmarketingstatus": "mail_status",
    "personid": "external_id",
}

FORMATS = [
    Format(
        "salesforce-lead",
        "Salesforce data export",
        "salesforce",
        ("id", "isdeleted", "firstname", "lastname", "email"),
        _NAMES
        | _PLACE
        | {
            "id": "external_id",
            "isdeleted": "deleted",
            "title": "job_title",
            "company": "company",
            "phone": "phone",
            "mobilephone": "phone",
            "email": "email",
            "website": "website",
            "industry": "industry",
            "annualrevenue": "annual_revenue",
            "numberofemployees": "employees",
            "hasoptedoutofemail": "do_not_email",
            "donotcall": "do_not_call",
            "emailbouncedreason": "mail_bounced",
            "emailbounceddate": "mail_bounced",
            "mailingstreet": "street",
            "mailingcity": "city",
            "mailingstate": "region",
            "mailingpostalcode": "postal_code",
            "mailingcountry": "country",
        },
        noise=_SALESFORCE_NOISE,
    ),
    Format(
        "salesforce-report-contacts",
        "Salesforce report of contacts",
        "salesforce",
        ("lastname", "accountname"),
        _NAMES
        | {
            "title": "job_title",
            "accountname": "company",
            "mailingstreet": "street",
            "mailingcity": "city",
            "mailingstateprovince": "region",
            "mailingzippostalcode": "postal_code",
            "mailingcountry": "country",
            "phone": "phone",
            "mobile": "phone",
            "email": "email",
            "contactid": "external_id",
        },
        one_of=("accountowner", "mailingcity", "contactid"),
        noise=("accountowner",),
    ),
    Format(
        "salesforce-report-leads",
        "Salesforce report of leads",
        "salesforce",
        ("leadowner", "lastname", "companyaccount"),
        _NAMES
        | _PLACE
        | {
            "title": "job_title",
            "companyaccount": "company",
            "email": "email",
            "phone": "phone",
            "mobile": "phone",
            "leadid": "external_id",
        },
        noise=("leadowner",),
    ),
    Format(
        "zoho-leads",
        "Zoho CRM leads",
        "zoho",
        ("recordid", "leadowner", "lastname", "email"),
        _NAMES
        | _PLACE
        | {
            "recordid": "external_id",
            "company": "company",
            "title": "job_title",
            "email": "email",
            "phone": "phone",
            "mobile": "phone",
            "website": "website",
            "industry": "industry",
            "annualrevenue": "annual_revenue",
            "noofemployees": "employees",
            "leadname": "full_name",
            "emailoptout": "do_not_email",
            "tag": "tags",
        },
        one_of=("emailoptout", "leadownerid", "isconverted", "leadname"),
        noise=(
            "leadownerid",
            "createdbyid",
            "modifiedbyid",
            "convertedaccountid",
            "convertedcontactid",
            "converteddealid",
            "changelogtime",
            "locked",
            "lastenrichedtime",
            "enrichstatus",
            "modifiedtime",
        ),
    ),
    Format(
        "hubspot-contacts",
        "HubSpot contacts",
        "hubspot",
        ("recordid", "firstname", "lastname", "email"),
        _NAMES
        | {
            "recordid": "external_id",
            "email": "email",
            "phonenumber": "phone",
            "mobilephonenumber": "phone",
            "fullname": "full_name",
            "jobtitle": "job_title",
            "companyname": "company",
            "associatedcompany": "company",
            "countryregion": "country",
            "city": "city",
            "stateregion": "region",
            "postalcode": "postal_code",
            "streetaddress": "street",
            "websiteurl": "website",
            "industry": "industry",
            "annualrevenue": "annual_revenue",
            "numberofemployees": "employees",
            "unsubscribedfromallemail": "do_not_email",
            "emailhardbouncereason": "mail_bounced",
        },
        one_of=("contactowner", "leadstatus", "createdate", "marketingcontactstatus"),
        noise=("primaryassociatedcompanyid",),
    ),
    Format(
        "pipedrive-people",
        "Pipedrive people",
        "pipedrive",
        ("personname",),
        _PIPEDRIVE_PERSON,
        one_of=("personemailwork", "personemail", "personphonework", "personid"),
        noise=("notecontent",),
    ),
    Format(
        "pipedrive-deals",
        "Pipedrive deals with their contact persons",
        "pipedrive",
        ("dealtitle", "dealcontactperson"),
        _PIPEDRIVE_PERSON | {"dealcontactperson": "full_name", "dealorganization": "company"},
    ),
    Format(
        "mailchimp-unsubscribed",
        "Mailchimp, unsubscribed",
        "mailchimp",
        ("emailaddress", "unsubtime"),
        _MAILCHIMP,
        noise=_MAILCHIMP_NOISE,
        unmailable=True,
    ),
    Format(
        "mailchimp-cleaned",
        "Mailchimp, cleaned",
        "mailchimp",
        ("emailaddress", "cleantime"),
        _MAILCHIMP,
        noise=_MAILCHIMP_NOISE,
        unmailable=True,
    ),
    Format(
        "mailchimp-subscribed",
        "Mailchimp, subscribed",
        "mailchimp",
        ("emailaddress", "memberrating"),
        _MAILCHIMP,
        noise=_MAILCHIMP_NOISE,
    ),
    Format(
        "brevo-contacts",
        "Brevo contacts",
        "brevo",
        ("email", "emailblacklisted"),
        _NAMES
        | {
            "email": "email",
            "sms": "phone",
            "emailblacklisted": "do_not_email",
            "contactid": "external_id",
            "company": "company",
        },
        noise=("modifiedtime",),
        day_first=True,
    ),
    Format(
        "activecampaign-contacts",
        "ActiveCampaign contacts",
        "activecampaign",
        ("email", "datecreated", "ip"),
        _NAMES
        | {
            "email": "email",
            "phone": "phone",
            "tags": "tags",
            "status": "mail_status",
            "id": "external_id",
            "accountname": "company",
        },
        noise=("ip",),
    ),
    Format(
        "facebook-lead-ads",
        "Facebook lead ads",
        "facebook",
        ("id", "createdtime", "formname"),
        _NAMES
        | _PLACE
        | {
            "id": "external_id",
            "fullname": "full_name",
            "email": "email",
            "workemail": "email",
            "phonenumber": "phone",
            "companyname": "company",
            "jobtitle": "job_title",
            "streetaddress": "street",
        },
        noise=("adid", "adsetid", "campaignid", "formid", "isorganic"),
        values={"id_prefix": "l:"},
    ),
    Format(
        "mautic-contacts",
        "Mautic contacts",
        "mautic",
        ("firstname", "lastname", "address1", "zipcode", "points"),
        _NAMES
        | _PLACE
        | {
            "id": "external_id",
            "company": "company",
            "position": "job_title",
            "email": "email",
            "phone": "phone",
            "mobile": "phone",
            "address1": "street",
            "timezone": "time_zone",
            "website": "website",
        },
        noise=("ip", "lastactive"),
    ),
]
BY_CODE = {known.code: known for known in FORMATS}

# Lists of other things: (what it is, compact names that give it away). Only asked when no format matched.
_NOT_PEOPLE = [
    ("Salesforce accounts (companies)", {"isdeleted", "billingstreet"}),
    ("Salesforce opportunities (deals)", {"isdeleted", "stagename"}),
    ("companies", {"account", "sector"}),
    ("companies", {"billingcity", "accountnumber"}),
    ("deals", {"opportunityid", "dealstage"}),
    ("deals", {"dealtitle", "dealvalue"}),
    ("deals", {"dealname", "dealstage"}),
    ("products", {"product", "salesprice"}),
    ("products", {"productname", "unitprice"}),
    ("products", {"sku", "price"}),
    ("sales teams", {"salesagent", "manager"}),
    ("invoices", {"invoicenumber", "invoicedate"}),
]
_PERSONAL = {"email", "emailaddress", "firstname", "lastname", "fullname"}

# What a column called so most likely holds, in any file.
_GUESSED = {name: field.code for field in FIELDS for name in field.called.split()}


def recognise(header):
    """The Format whose columns these are, or None."""
    names = {compact(name) for name in header}
    return next((known for known in FORMATS if known.matches(names)), None)


def list_of_something_else(header):
    """What else than people a file with this header lists, such as "companies"; None when it may be people."""
    names = {compact(name) for name in header}
    if names & _PERSONAL:
        return None
    return next((what for what, telling in _NOT_PEOPLE if telling <= names), None)


def guess(name):
    """The target that a column of this name most likely has, or None."""
    return _GUESSED.get(compact(name))
