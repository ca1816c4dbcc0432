"""Invented companies, each with a name of its own."""

import unicodedata
from typing import NamedTuple

from demo.phones import invent_phone
from demo.tables import copy_rows, new_ids
from demo.words import (
    COMPANY_FIRSTS,
    COMPANY_SECONDS,
    COUNTRY_WEIGHTS,
    INDUSTRIES,
    LEGAL_FORMS,
    PLACES,
)
from leads.intake.keys import company_key

PEOPLE_PER_COMPANY = 2.4
LARGEST = 60_000  # employees


class DemoCompany(NamedTuple):
    pk: int
    name: str
    domain: str
    employees: int
    country: str
    city: str
    region: str
    time_zone: str


def make_companies(*, leads, chance, first_at):
    """Writes companies for that many leads and returns them."""
    count = max(3, round(leads / PEOPLE_PER_COMPANY))
    companies, rows, keys = [], [], set()
    for pk in new_ids("leads_company", count):
        country = chance.choices(tuple(PLACES), COUNTRY_WEIGHTS)[0]
        city, region, zone = chance.choice(PLACES[country][1])
        industry = chance.choice(tuple(INDUSTRIES))
        name = _new_name(chance, country, industry, keys)
        domain = f"{slug(name)}.example"
        employees = min(LARGEST, max(3, round(chance.lognormvariate(5.3, 1.5))))
        companies.append(DemoCompany(pk, name, domain, employees, country, city, region, zone))
        rows.append(
            {
                "id": pk,
                "name": name,
                "name_key": company_key(name),
                "website": f"https://www.{domain}",
                "industry": industry,
                "employees": employees,
                "annual_revenue": employees * chance.randrange(80, 260) * 1000,
                "phone": invent_phone(chance, country),
                "city": city,
                "country": country,
                "created_at": first_at,
            }
        )
    copy_rows("leads_company", rows)
    return companies


def slug(text):
    plain = unicodedata.normalize("NFKD", text.replace("ł", "l").replace("Ł", "L")).encode("ascii", "ignore").decode()
    return "-".join("".join(sign if sign.isalnum() else " " for sign in plain.lower()).split())


def _new_name(chance, country, industry, keys):
    while True:
        stem = chance.choice(COMPANY_FIRSTS) + chance.choice(COMPANY_SECONDS)
        name = f"{stem} {chance.choice(INDUSTRIES[industry])} {chance.choice(LEGAL_FORMS[country])}"
        key = company_key(name)
        if key not in keys:
            keys.add(key)
            return name
