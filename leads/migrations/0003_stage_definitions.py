import datetime

from django.db import migrations

# Who stands in each stage, what moves a person in, and the same as a condition where the record can tell.
DEFINITIONS = [
    (
        "name",
        "In the target market, contact details known, no interest shown.",
        "Imported list, purchased list, directory.",
        None,
    ),
    (
        "suspect",
        "Has shown interest by behaviour.",
        "Attended a session, subscribed to the newsletter, visited or clicked.",
        {
            "any": [
                {"activity": kind}
                for kind in ("event_attended", "subscribed", "visit", "email_clicked", "email_replied", "form")
            ]
        },
    ),
    (
        "lead",
        "Could reasonably take part in buying; told us directly about interest and needs and wants to evaluate.",
        "Filled in a form with a need, asked for contact or was referred.",
        None,
    ),
    (
        "qualified",
        "Profile, behaviour and demographics fit; ready to buy something of this kind.",
        "Enough answers to the rating questions to be graded, and a score over the bar.",
        {"field": "grade", "op": "in", "value": ["A", "B"]},
    ),
    (
        "prospect",
        "Has started the buying process.",
        "A rep opened a deal.",
        None,
    ),
    (
        "customer",
        "Contract and money have changed hands.",
        "Contract date and first payment recorded, both.",
        {
            "all": [
                {"field": "contract_on", "op": "filled"},
                {"field": "first_paid_on", "op": "filled"},
            ]
        },
    ),
]


def seed(apps, schema_editor):
    definition = apps.get_model("leads", "StageDefinition")
    definition.objects.bulk_create(
        definition(
            stage=stage,
            version=1,
            who=who,
            moves_in=moves_in,
            entry=entry,
            is_current=True,
            created_at=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        )
        for stage, who, moves_in, entry in DEFINITIONS
    )


class Migration(migrations.Migration):
    dependencies = [("leads", "0002_contiguous_history")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
