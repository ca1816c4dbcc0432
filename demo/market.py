"""Where the demo's leads come from: sources of every kind, campaigns over two years, and the fields asked for."""

import datetime
from typing import NamedTuple

from leads.actions.answers import define_field
from leads.enums import FieldType, SourceKind
from leads.fields.answers import Answers
from leads.models import Campaign, Source

# Name, kind, days before now that it began and how long it ran, budget and share of it spent, how many came.
CAMPAIGNS = (
    ("Hall Fair, two years ago", SourceKind.TRADE_SHOW, 700, 5, 18_000, 1.08, 6),
    ("Directory of food makers", SourceKind.PURCHASED_LIST, 660, 2, 4_500, 1.0, 9),
    ("Spring mailing to farms", SourceKind.DIRECT_MAIL, 600, 20, 6_200, 0.93, 6),
    ("Home and Energy, first year", SourceKind.HOME_SHOW, 560, 3, 7_000, 1.12, 3),
    ("Roof calculator launch", SourceKind.LANDING_PAGE, 520, 150, 9_000, 0.88, 8),
    ("Search: solar for companies", SourceKind.SEARCH, 480, 400, 36_000, 0.97, 14),
    ("Personal pages for hotels", SourceKind.PURL, 400, 60, 5_500, 1.01, 3),
    ("Partner days of installers", SourceKind.PARTNER, 380, 300, 8_000, 0.6, 6),
    ("Hall Fair, last year", SourceKind.TRADE_SHOW, 330, 5, 20_000, 1.05, 7),
    ("Online hour: grants", SourceKind.EVENT, 250, 120, 3_000, 0.8, 6),
    ("Ads in the growers' weekly", SourceKind.ADVERTISING, 220, 90, 11_000, 1.0, 5),
    ("Customers bring customers", SourceKind.REFERRAL, 365, 365, 6_000, 0.45, 7),
    ("Home and Energy, this year", SourceKind.HOME_SHOW, 120, 3, 7_500, 1.0, 3),
    ("Battery white paper", SourceKind.LANDING_PAGE, 110, 110, 8_000, 0.7, 8),
    ("Autumn ads", SourceKind.ADVERTISING, 60, 60, 9_000, 0.55, 5),
)
# Sources without a campaign, and how many of a hundred come from each.
STEADY = (
    (SourceKind.WEBSITE, 34),
    (SourceKind.OWN_DATABASE, 14),
    (SourceKind.DATA_MINING, 10),
    (SourceKind.REFERRAL, 9),
    (SourceKind.SEARCH, 8),
    (SourceKind.OTHER, 4),
    (SourceKind.EVENT, 4),
    (SourceKind.PARTNER, 3),
)
# How a person enters: an address on a list, somebody who showed interest, or somebody who asked.
LISTS = frozenset({SourceKind.PURCHASED_LIST, SourceKind.DIRECT_MAIL, SourceKind.OWN_DATABASE, SourceKind.DATA_MINING})
FIELDS = (
    ("interest", "Interested in", FieldType.CHOICES, ["Solar roof", "Battery", "Charging points", "Heat pump"]),
    ("roof_area", "Roof area (m²)", FieldType.INTEGER, []),
    ("yearly_bill", "Yearly electricity bill (€)", FieldType.INTEGER, []),
    ("language", "Speaks", FieldType.CHOICE, ["English", "German", "French", "Spanish", "Polish", "Swedish"]),
    ("roof_owned", "Owns the building", FieldType.BOOLEAN, []),
)


class Origin(NamedTuple):
    """A source, with or without a campaign: who came that way, between which two moments."""

    source_id: int
    kind: str
    source_code: str
    source: str
    campaign_id: int | None
    campaign_code: str | None
    campaign: str | None
    starts: datetime.datetime
    ends: datetime.datetime
    weight: float


def make_market(*, now):
    """Writes sources, campaigns and custom fields; returns the `Origin`s."""
    Source.objects.bulk_create(
        (Source(code=kind.value.replace("_", "-"), name=kind.label, kind=kind) for kind in SourceKind),
        ignore_conflicts=True,
    )
    for place, (code, label, type, labels) in enumerate(FIELDS):
        define_field(code=code, label=label, type=type, answers=Answers.new(labels), now=now, position=100 + place)
    source_of = {source.kind: source for source in Source.objects.order_by("-pk")}
    campaigns = Campaign.objects.bulk_create(
        Campaign(
            code=f"c{number:02}-{kind.value.replace('_', '-')}",
            name=name,
            source=source_of[kind],
            starts_on=(now - datetime.timedelta(days=began)).date(),
            ends_on=(now - datetime.timedelta(days=began - lasted)).date(),
            budget=budget,
            actual_cost=round(budget * spent),
        )
        for number, (name, kind, began, lasted, budget, spent, _) in enumerate(CAMPAIGNS, 1)
    )
    origins = [
        Origin(
            campaign.source_id,
            kind,
            campaign.source.code,
            campaign.source.name,
            campaign.pk,
            campaign.code,
            campaign.name,
            now - datetime.timedelta(days=began),
            # People come for some days after the end.
            min(now, now - datetime.timedelta(days=began - lasted - 4)),
            weight,
        )
        for campaign, (_, kind, began, lasted, _, _, weight) in zip(campaigns, CAMPAIGNS, strict=True)
    ]
    long_ago = now - datetime.timedelta(days=730)
    steady = [(source_of[kind], weight) for kind, weight in STEADY]
    return origins + [
        Origin(source.pk, source.kind, source.code, source.name, None, None, None, long_ago, now, weight)
        for source, weight in steady
    ]
