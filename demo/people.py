"""Invented people: the facts of a lead."""

from demo.companies import slug
from demo.phones import invent_phone
from demo.plans import Fate
from demo.staff import LARGE_COMPANY
from demo.words import FIRST_NAMES, LAST_NAMES, PLACES, STREETS, TITLES
from leads.enums import SourceKind
from leads.intake import keys
from leads.intake.people import Person, document_of

BUDGETS = ("approved", "planned", "not_yet", "no_budget")
TIMES = ("within_3_months", "3_to_6_months", "6_to_12_months", "later_or_never")
PARTS = ("decides", "decides_with_others", "recommends", "no_part_in_it")

# Answers to budget, timeframe and part in the decision that make the quality, by weight; None is not answered.
ANSWERS = {
    "A": {
        (BUDGETS[0], TIMES[0], PARTS[0]): 66,
        (BUDGETS[0], TIMES[0], PARTS[1]): 22,
        (BUDGETS[1], TIMES[0], PARTS[0]): 12,
    },
    "B": {
        (BUDGETS[0], TIMES[1], PARTS[0]): 30,
        (BUDGETS[1], TIMES[0], PARTS[1]): 15,
        (BUDGETS[0], TIMES[0], PARTS[2]): 15,
        (BUDGETS[1], TIMES[1], PARTS[0]): 20,
        (BUDGETS[0], TIMES[1], PARTS[1]): 20,
    },
    "C": {
        (BUDGETS[1], TIMES[2], PARTS[0]): 15,
        (BUDGETS[2], TIMES[0], PARTS[2]): 15,
        (BUDGETS[2], TIMES[1], PARTS[1]): 20,
        (BUDGETS[0], TIMES[2], None): 15,
        (None, TIMES[0], None): 10,
        (BUDGETS[2], TIMES[2], PARTS[0]): 25,
    },
    "D": {
        (None, None, None): 70,
        (BUDGETS[3], TIMES[3], PARTS[2]): 8,
        (BUDGETS[2], None, None): 8,
        (None, TIMES[3], PARTS[3]): 8,
        (BUDGETS[3], None, PARTS[3]): 6,
    },
}
CODES = ("budget", "timeframe", "decision_maker")
SPEAKS = {"Germany": "german", "Austria": "german", "France": "french", "Spain": "spanish", "Poland": "polish"}
TAGS = ("fleet", "cold store", "flat roof", "tenant", "reference")


class People:
    """Makes people one by one; remembers the addresses it has given out."""

    def __init__(self, chance, companies):
        self.chance = chance
        self.companies = companies
        self.large = [company for company in companies if company.employees >= LARGE_COMPANY] or companies
        self.addresses = {}

    def invent(self, pk, plan):
        """(row of leads_lead without its history, answers, search document) of one person."""
        chance = self.chance
        company = self._company(plan)
        first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
        answers = dict(zip(CODES, self._answers(plan), strict=True))
        email = self._email(first, last, company) if plan.quality in "AB" or chance.random() < 0.94 else ""
        needs_phone = plan.quality in "AB" or not email
        phone = invent_phone(chance, company.country) if needs_phone or chance.random() < 0.55 else ""
        fields = {code: value for code, value in answers.items() if value} | self._custom(plan, company)
        postal = PLACES[company.country][0]
        row = {
            "id": pk,
            "external_system": "",
            "external_id": "",
            "first_name": first,
            "last_name": last,
            "email": email,
            "phone": phone,
            "job_title": chance.choice(TITLES[answers["decision_maker"]]),
            "company_id": company.pk,
            "street": f"{chance.choice(STREETS)} {chance.randrange(1, 120)}" if chance.random() < 0.6 else "",
            "city": company.city,
            "region": company.region,
            "postal_code": "".join(self._postal_sign(sign) for sign in postal),
            "country": company.country,
            "website": f"https://www.{company.domain}",
            "time_zone": company.time_zone,
            "fields": fields,
            "tags": [chance.choice(TAGS)] if chance.random() < 0.15 else [],
            "do_not_email": False,
            "do_not_call": plan.fate == Fate.DISQUALIFIED and chance.random() < 0.3,
            "do_not_post": chance.random() < 0.02,
            "email_key": keys.email_key(email),
            "phone_key": keys.phone_key(phone, "DE") if phone else "",
            "name_key": keys.name_key(first, last),
            "source_id": plan.origin.source_id,
            "campaign_id": plan.origin.campaign_id,
        }
        return row, answers, document_of(Person(**row, company=company.name))

    def _company(self, plan):
        # Sales likes to talk to large companies.
        of = self.large if plan.fate == Fate.LIVE and self.chance.random() < 0.25 else self.companies
        return self.chance.choice(of)

    def _answers(self, plan):
        if plan.fate in {Fate.NAME, Fate.SUSPECT} and plan.quality == "D":
            return (None, None, None)
        combinations = ANSWERS[plan.quality]
        return self.chance.choices(tuple(combinations), tuple(combinations.values()))[0]

    def _email(self, first, last, company):
        address = f"{slug(first)}.{slug(last)}@{company.domain}"
        number = self.addresses[address] = self.addresses.get(address, 0) + 1
        return address if number == 1 else f"{slug(first)}.{slug(last)}{number}@{company.domain}"

    def _custom(self, plan, company):
        chance = self.chance
        is_known = plan.fate == Fate.LIVE or chance.random() < 0.8
        if plan.fate in {Fate.NAME, Fate.SUSPECT} or not is_known:
            return {}
        roof = chance.randrange(3, 90) * 50
        fields = {"interest": chance.sample(("solar_roof", "battery", "charging_points", "heat_pump"), 1)}
        if chance.random() < 0.7:
            fields |= {"roof_area": roof, "roof_owned": chance.random() < 0.75}
        if chance.random() < 0.5:
            fields["yearly_bill"] = roof * chance.randrange(20, 60)
        if plan.origin.kind != SourceKind.PURCHASED_LIST:
            fields["language"] = SPEAKS.get(company.country, "english")
        return fields

    def _postal_sign(self, sign):
        if sign == "#":
            return str(self.chance.randrange(1, 10))
        return self.chance.choice("ABDEFGHJLNPRSTW") if sign == "Z" else sign
