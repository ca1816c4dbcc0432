"""Rows for the condition tests, written straight to the tables so that odd values get in as well."""

import datetime

from leads.actions.answers import add_answers
from leads.conditions import Vocabulary, as_stored, matching
from leads.conditions.references import References, Referred
from leads.enums import FieldType
from leads.fields.answers import Answers
from leads.models import Activity, Answer, Campaign, Company, FieldDefinition, Lead, Source

NOW = datetime.datetime(2026, 6, 10, 10, 0, tzinfo=datetime.UTC)


# What conditions may refer to where no database is asked.
REFERENCES = {
    code: References((Referred(9001, "a", "A"), Referred(9002, "b", "B")))
    for code in ("source", "campaign", "owner", "pool")
}


def days(number):
    return datetime.timedelta(days=number)


def add_lead(first_name, **values):
    """A lead called `first_name`, with NOW for the times it needs."""
    return Lead.objects.create(
        first_name=first_name, **({"stage_since": NOW, "created_at": NOW, "changed_at": NOW} | values)
    )


def add_company(name, **values):
    return Company.objects.create(name=name, name_key=name.casefold(), created_at=NOW, **values)


def add_source(code, **values):
    return Source.objects.get_or_create(code=code, defaults={"name": code} | values)[0]


def add_campaign(code, source, **values):
    return Campaign.objects.create(code=code, source=source, **{"name": code} | values)


def add_field(code, type, label=None, *, answers=(), **values):
    """The field of this code, which may be one that the program comes with, made so, with answers of these labels."""
    Answer.objects.filter(field__code=code).delete()
    values |= {"label": label or code.replace("_", " ").capitalize(), "type": type}
    field = FieldDefinition.objects.update_or_create(code=code, defaults=values)[0]
    add_answers(field=field, labels=answers, now=NOW)
    return field


def field_of(*, answers=(), **values):
    """A field as Vocabulary.of takes it, in no database."""
    field = FieldDefinition(**values)
    field.answer_list = Answers.new(answers)
    return field


def add_fields_of_all_types():
    """The own fields f_text ... f_choices; f_choice is a rating question."""
    return [
        add_field(
            f"f_{kind}",
            kind,
            answers=["Yes", "No", "maybe so"] if kind in {FieldType.CHOICE, FieldType.CHOICES} else [],
            dimension="budget" if kind == FieldType.CHOICE else "",
        )
        for kind in FieldType.values
    ]


def add_activity(lead, kind, at=NOW, payload=None, *, is_machine=False):
    return Activity.objects.create(
        lead=lead, kind=kind, occurred_at=at, recorded_at=NOW, payload=payload or {}, is_machine=is_machine
    )


def found(tree, now=NOW):
    """The first names of the leads that meet the condition, as a set."""
    vocabulary = Vocabulary.load()
    leads = matching(Lead.objects.all(), as_stored(tree, vocabulary), now=now, vocabulary=vocabulary)
    return set(leads.values_list("first_name", flat=True))
