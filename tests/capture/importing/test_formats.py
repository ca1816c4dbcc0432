import pytest

from capture.importing.formats import FORMATS, list_of_something_else, recognise
from leads.models import Lead

pytestmark = pytest.mark.django_db

FILES = {
    "hubspot-contacts": (
        "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Create Date,Associated Company\n"
        "7,Ann,Ames,ann@x.example,+49 30 123456,Sam,2024-03-12 09:14,Acme\n",
        {"external_id": "7", "company__name": "Acme", "phone_key": "+4930123456"},
    ),
    "salesforce-lead": (
        '"Id","IsDeleted","FirstName","LastName","Company","Phone","Email","HasOptedOutOfEmail","OwnerId"\n'
        '"00Q1","1","Gone","G","x","","g@x.example","0","005"\n'
        '"00Q7","0","Ann","Ames","[not provided]","","ann@x.example","1","000000000000000AAA"\n',
        {"external_id": "00Q7", "company": None, "do_not_email": True},
    ),
    "salesforce-report-leads": (
        '"Lead Owner","First Name","Last Name","Company / Account","Street","Email"\n'
        '"Sam","Ann","Ames","Acme","Ulm","ann@x.example"\n',
        {"company__name": "Acme", "street": "Ulm", "external_id": ""},
    ),
    "salesforce-report-contacts": (
        "First Name,Last Name,Mailing City,Mobile,Email,Account Owner,Account Name\n"
        "Ann,Ames,Ulm,+4930123456,ann@x.example,Sam,Acme\n",
        {"company__name": "Acme", "city": "Ulm", "phone_key": "+4930123456"},
    ),
    "zoho-leads": (
        "Record Id,Lead Owner,Company,Last Name,Email,Email Opt Out,Tag\n"
        'zcrm_7,Sam,Acme,Ames,ann@x.example,true,"a|b,c"\n',
        {"external_id": "zcrm_7", "do_not_email": True, "tags": ["a|b", "c"]},
    ),
    "pipedrive-people": (
        "Person - Name,Person - Organization,Person - Email - Work,Person - Email - Home,"
        "Person - Marketing status,Person - ID\n"
        ""
        "Ann Ames,Acme,,ann@x.example,Unsubscribed,7\n",
        {"first_name": "Ann", "email": "ann@x.example", "do_not_email": True, "external_id": "7"},
    ),
    "pipedrive-deals": (
        "Deal - Title,Deal - Organization,Deal - Contact person,Person - Email - Work\n"
        "Big,Acme,Ann Ames,ann@x.example\n",
        {"last_name": "Ames", "company__name": "Acme"},
    ),
    "mailchimp-subscribed": (
        'Email Address,First Name,MEMBER_RATING,EUID,TAGS\nann@x.example,Ann,2,0007,"""VIP"",""Blog"""\n',
        {"external_id": "0007", "tags": ["VIP", "Blog"], "do_not_email": False},
    ),
    "mailchimp-unsubscribed": (
        "Email Address,MEMBER_RATING,UNSUB_TIME\nann@x.example,2,2024-01-01\n",
        {"do_not_email": True},
    ),
    "mailchimp-cleaned": (
        "Email Address,MEMBER_RATING,CLEAN_TIME\nann@x.example,2,2024-01-01\n",
        {"do_not_email": True},
    ),
    "brevo-contacts": (
        "EMAIL;SMS;EMAIL_BLACKLISTED\nann@x.example;+4930123456;Yes\n",
        {"phone": "+4930123456", "do_not_email": True},
    ),
    "activecampaign-contacts": (
        "Email,Tags,Date Created,IP,Status\nann@x.example,x,2024-01-01,,Bounced\n",
        {"tags": ["x"], "do_not_email": True},
    ),
    "facebook-lead-ads": (
        "id\tcreated_time\tform_name\tfull_name\temail\tphone_number\n"
        "l:7\t2024\tA\tAnn Ames\tann@x.example\tp:+4930123456\n",
        {"external_id": "7", "phone": "+4930123456", "first_name": "Ann"},
    ),
    "mautic-contacts": (
        "id,firstname,lastname,position,email,address1,zipcode,points\n7,Ann,Ames,CEO,ann@x.example,Street 1,1234,5\n",
        {"external_id": "7", "street": "Street 1", "job_title": "CEO"},
    ),
}


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.code)
def test_an_export_is_recognised_and_understood(bring, known):
    content, expected = FILES[known.code]
    run = bring(content)
    assert run.format == known.code
    lead = Lead.objects.filter(email_key="ann@x.example").values(*expected, "external_system").get()
    assert lead.pop("external_system") == (known.system if lead.get("external_id") else "")
    assert lead == expected
    assert Lead.objects.count() == 1


@pytest.mark.parametrize(
    ("header", "what"),
    [
        ("ID,ISDELETED,NAME,BILLINGSTREET,PHONE", "Salesforce accounts (companies)"),
        ("ID,ISDELETED,STAGENAME,AMOUNT", "Salesforce opportunities (deals)"),
        ("account,sector,revenue", "companies"),
        ("opportunity_id,deal_stage", "deals"),
        ("product,series,sales_price", "products"),
        ("sales_agent,manager", "sales teams"),
        ("sales_agent,manager,email", None),
        ("first name,last name", None),
    ],
)
def test_lists_of_other_things_are_told_apart(header, what):
    assert list_of_something_else(header.split(",")) == what


def test_an_ordinary_list_is_no_export():
    assert recognise(["Email", "First Name", "Last Name"]) is None
