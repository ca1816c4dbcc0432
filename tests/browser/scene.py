"""A small believable company: the cast, the BTD model, and leads of every grade with histories."""

import datetime
import itertools
import json

from django.conf import settings

from leads.activities import kinds
from leads.enums import ChangeKind, SourceKind
from leads.models import Campaign, ChangeRow, FieldDefinition, Source
from leads.rules import fold_for_search
from notices.actions import tell_reps
from routing.actions import accept, record_outcome
from scoring.actions import load_model, publish_model
from tests.cast import make_cast
from tests.factories.deeds import create_lead, record_activities, settle

MINUTE = datetime.timedelta(minutes=1)
HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)

PEOPLE = [
    ("Annika", "Lindqvist", "Head of operations", "Nordhaven Kitchens", "Gothenburg", "Sweden"),
    ("Tomás", "Navarro", "Purchasing manager", "Ferrum Werke", "Bilbao", "Spain"),
    ("Priya", "Raman", "Chief financial officer", "Brightwater Clinics", "Leeds", "United Kingdom"),
    ("Jonas", "Weber", "Plant manager", "Weber & Söhne Feinmechanik", "Stuttgart", "Germany"),
    ("Maren", "Holm", "Owner", "Holm Interiors", "Aarhus", "Denmark"),
    ("Luca", "Ferrante", "IT lead", "Ferrante Logistica", "Turin", "Italy"),
    ("Aoife", "Byrne", "Facilities manager", "Galway Harbour Hotels", "Galway", "Ireland"),
    ("Yusuf", "Demir", "Managing director", "Demir Textiles", "Izmir", "Türkiye"),
    ("Chloé", "Marchand", "Marketing director", "Atelier Marchand", "Lyon", "France"),
    ("Piet", "van der Berg", "Operations", "Bergen Transport International Holding", "Rotterdam", "Netherlands"),
    ("Sofia", "Kowalska", "Head of quality", "Polmed", "Poznań", "Poland"),
    ("Henrik", "Aalto", "Technical buyer", "Aalto Marine", "Turku", "Finland"),
]
BUDGET = ["Approved", "Approved", "Planned", "Not yet", "No budget", None]
TIMEFRAME = ["Within 3 months", "Within 3 months", "3 to 6 months", "6 to 12 months", "Later or never"]
DECIDES = ["Decides", "Decides with others", "Decides", "Recommends", None, "Decides", "No part in it"]


def build_scene(now, *, leads=30):
    """The cast with `leads` leads, about a third of them handed to ben and cal; ben has worked some of his.

    Ben and cal live where it is noon: whatever falls due today is due before their midnight.
    """
    cast = make_cast()
    for user in (cast.ben, cast.cal):
        user.work_starts, user.work_ends, user.work_days = datetime.time(0), datetime.time(23, 59), list(range(1, 8))
        user.time_zone = zone_at_noon(now)
        user.save()
    data = json.loads((settings.BASE_DIR / "scoring" / "starter" / "btd.json").read_text())
    publish_model(model=load_model(data=data, by=cast.ann, now=now - 60 * DAY), by=cast.ann, now=now - 60 * DAY)
    sources = [
        Source.objects.get_or_create(code=code, defaults={"name": name, "kind": kind})[0]
        for code, name, kind in (
            ("website", "Website", SourceKind.WEBSITE),
            ("interzum", "Interzum fair", SourceKind.TRADE_SHOW),
            ("referral", "Referral", SourceKind.REFERRAL),
        )
    ]
    campaign = Campaign.objects.create(code="spring-fair", name="Spring fair follow-up", source=sources[1])
    FieldDefinition.objects.create(code="interest", label="Interest", type="text", position=200)
    FieldDefinition.objects.create(code="visits", label="Website visits", type="integer", position=210)
    FieldDefinition.objects.create(code="newsletter_since", label="Newsletter since", type="date", position=220)
    made = [_lead(number, cast, sources, campaign, now) for number in range(leads)]
    for group in range(7):
        # Handed over at different times, so that some are nearer to being due.
        settle([lead.pk for lead in made[group::7]], now=now - group * 20 * MINUTE, by=None)
    for lead in made:
        lead.refresh_from_db()
    _work(made, cast, now)
    tell_reps(list(ChangeRow.objects.filter(kind=ChangeKind.OWNER)), now=now)
    cast.leads = made
    return cast


def zone_at_noon(now):
    """A zone whose clocks, which never change, show something from 12:00 to 12:59 at `now`."""
    # Etc/GMT-5 is five hours east of Greenwich.
    east = 12 - now.astimezone(datetime.UTC).hour
    return f"Etc/GMT{-east:+d}"


def _lead(number, cast, sources, campaign, now):
    first, last, title, company, city, country = PEOPLE[number % len(PEOPLE)]
    if number >= len(PEOPLE):
        last = PEOPLE[(number * 5 + 3) % len(PEOPLE)][1]
    mailbox = fold_for_search(f"{first} {last}").replace(" ", ".")
    values = {
        "first_name": first,
        "last_name": last,
        "job_title": title,
        "company": company,
        "city": city,
        "country": country,
        "email": f"{mailbox}.{number}@{'shop' if number % 3 else 'plant'}.example",
        "phone": f"+49 30 5550{number:03d}",
        "interest": "Storage line" if number % 2 else "",
        "budget": BUDGET[number % len(BUDGET)],
        "timeframe": TIMEFRAME[number % len(TIMEFRAME)],
        "decision_maker": DECIDES[number % len(DECIDES)],
        "tags": ["fair"] if number % 4 == 0 else [],
    }
    values = {code: value for code, value in values.items() if value}
    entered = now - datetime.timedelta(days=40 - number % 40, hours=number)
    from_fair = number % 3 == 1
    lead = create_lead(
        values=values,
        by=None,
        now=entered,
        source=sources[number % 3],
        campaign=campaign if from_fair else None,
    )
    record_activities(rows=_history(lead, entered, number), now=now)
    return lead


def _history(lead, entered, number):
    happenings = itertools.islice(
        itertools.cycle(
            [
                (kinds.VISIT.code, {"url": "/products/storage-line"}, False),
                (kinds.EMAIL_SENT.code, {"subject": "Five questions before you buy a storage line"}, False),
                (kinds.EMAIL_CLICKED.code, {"subject": "Five questions before you buy", "url": "/guide"}, True),
                (kinds.VISIT.code, {"url": "/pricing"}, False),
                (
                    kinds.FORM.code,
                    {"form": "Ask for an offer", "note": "Looking for 40 m of shelving by autumn."},
                    False,
                ),
                (kinds.EMAIL_REPLIED.code, {"text": "Could you call me on Thursday?"}, False),
            ]
        ),
        3 + number % 5 * 2,
    )
    return [
        {
            "lead_id": lead.pk,
            "kind": kind,
            "occurred_at": entered + datetime.timedelta(hours=7 * step + 1),
            "payload": payload,
            "is_machine": is_machine,
        }
        for step, (kind, payload, is_machine) in enumerate(happenings)
    ]


def _work(leads, cast, now):
    """Ben accepts every second of his leads, and has reached out to some."""
    mine = [lead for lead in leads if lead.owner_id == cast.ben.pk]
    for place, lead in enumerate(mine):
        if place % 2:
            accept(lead=lead, by=cast.ben, now=now - 2 * MINUTE)
        if place % 4 == 1:
            record_outcome(
                lead=lead,
                outcome="talked" if place % 8 == 1 else "no_answer",
                by=cast.ben,
                now=now - MINUTE,
                note="Wants the offer split by hall.",
                next_in_days=place % 3,
            )
