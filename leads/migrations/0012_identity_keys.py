"""Keys that keep marks and meaningful signs, for the people and companies that are stored already.

The functions are those of leads.intake.keys as they were then. Keys only become finer, so those of two companies
cannot become one; a row whose new key is empty or taken, because somebody wrote it past the program, keeps the old.
"""

import hashlib
import re
import unicodedata

import idna
from django.db import migrations, models

CHUNK = 20_000

EMAIL = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@"
    r"(?P<domain>(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9]))"
)
ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
ONE_SIGN = str.maketrans("\u2018\u2019\u02bc\u00b4`\u2010\u2011\u2012\u2013", "'''''----")
COMPANY_SIGNS = ONE_SIGN | dict.fromkeys(map(ord, ',;"\u201c\u201d\u201e\u00ab\u00bb'), " ")
PERSON_SIGNS = COMPANY_SIGNS | dict.fromkeys(map(ord, ".()"), " ")

PEOPLE = """
UPDATE leads_lead AS lead SET name_key = new.name_key, email_key = new.email_key
FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS new (id, name_key, email_key)
WHERE lead.id = new.id
"""
COMPANIES = """
UPDATE leads_company AS company SET name_key = new.name_key
FROM unnest(%s::bigint[], %s::text[]) AS new (id, name_key)
WHERE company.id = new.id AND NOT EXISTS (SELECT FROM leads_company WHERE name_key = new.name_key)
"""


def email_key(email):
    address = email.strip()
    if address.isascii():
        key = address.lower()
    else:
        local, _, domain = address.rpartition("@")
        key = f"{local.translate(ASCII_LOWER)}@{a_labels(domain)}"
    found = EMAIL.fullmatch(key)
    if not found or len(key) > 254 or ".." in key or ("xn--" in key and not a_labels(found["domain"])):
        return ""
    return key


def a_labels(domain):
    try:
        return idna.encode(domain, uts46=True, std3_rules=True).decode()
    except idna.IDNAError:
        return ""


def name_key(first_name, last_name):
    return fitting(lower(f"{first_name} {last_name}").translate(PERSON_SIGNS).split())


def company_key(name):
    return fitting([word.rstrip(".") for word in lower(name).translate(COMPANY_SIGNS).split()])


def lower(text):
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


def fitting(words):
    key = " ".join(filter(None, words))
    if len(key) > 200:
        key = f"{key[:150]} {hashlib.sha256(key.encode()).hexdigest()[:48]}"
    return key if any(map(str.isalnum, key)) else ""


def give_keys(apps, schema_editor):
    connection = schema_editor.connection
    leads = apps.get_model("leads", "Lead").objects.using(connection.alias)
    for rows in chunks(leads, "first_name", "last_name", "email", "name_key", "email_key"):
        new = []
        for pk, first, last, email, *old in rows:
            keys = [name_key(first, last), email_key(email)]
            if keys != old:
                new.append((pk, *keys))
        write(connection, PEOPLE, new)
    companies = apps.get_model("leads", "Company").objects.using(connection.alias)
    for rows in chunks(companies, "name", "name_key"):
        new = {}
        for pk, name, old in rows:
            key = company_key(name)
            if key and key != old:
                new.setdefault(key, pk)
        write(connection, COMPANIES, [(pk, key) for key, pk in new.items()])


def chunks(queryset, *columns):
    last = 0
    while rows := list(queryset.filter(pk__gt=last).order_by("pk").values_list("pk", *columns)[:CHUNK]):
        yield rows
        last = rows[-1][0]


def write(connection, statement, rows):
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(statement, list(map(list, zip(*rows, strict=True))))


class Migration(migrations.Migration):
    dependencies = [("leads", "0011_activities_by_lead")]

    operations = [
        migrations.AlterField(
            "company",
            "name_key",
            models.CharField(
                editable=False,
                help_text="What makes two spellings of its name one company.",
                max_length=200,
                unique=True,
            ),
        ),
        migrations.RunPython(give_keys, migrations.RunPython.noop),
    ]
