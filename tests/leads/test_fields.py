from collections import Counter

import pytest
from django.db import models

from capture.importing.formats import FORMATS
from capture.importing.mapping import TARGETS
from leads.fields import BY_CODE, FIELDS, ValueType
from leads.models import Lead

COLUMN_OF = {
    ValueType.TEXT: models.CharField,
    ValueType.NUMBER: (models.IntegerField, models.DecimalField, models.BigAutoField),
    ValueType.BOOLEAN: models.BooleanField,
    ValueType.DATE: models.DateField,
    ValueType.DATETIME: models.DateTimeField,
    ValueType.CHOICE: models.CharField,
    ValueType.LIST: models.Field,
    ValueType.REFERENCE: models.CharField,
}
# Columns of the program's own, which nobody reads, writes or asks for as a fact about a person.
NO_FIELDS = {"fields", "email_key", "phone_key", "name_key", "score_ledger", "score_version", "disposition_facts"}


@pytest.mark.parametrize(
    "field", [field for field in FIELDS if field.path and not field.beside], ids=lambda field: field.code
)
def test_a_field_is_declared_as_its_column_is(field):
    column = field.model_field

    assert isinstance(column, COLUMN_OF[field.type])
    assert field.column in {each.attname for each in Lead._meta.concrete_fields}
    if field.choices:
        assert {value for value, _ in field.choices} == set(dict(column.choices))


def test_every_column_of_a_lead_is_declared():
    columns = {each.name for each in Lead._meta.concrete_fields}

    assert columns - BY_CODE.keys() == NO_FIELDS


def test_each_key_of_identity_is_a_column():
    keys = {field.key_column for field in FIELDS if field.key_column}

    assert keys == {each.name for each in Lead._meta.concrete_fields if each.name.endswith("_key")}


def test_a_column_of_a_file_means_one_field():
    names = Counter(name for field in FIELDS for name in field.called.split())

    assert [name for name, times in names.items() if times > 1] == []


def test_exports_of_other_programs_bring_only_what_an_import_takes():
    assert {target for known in FORMATS for target in known.columns.values()} - TARGETS.keys() == set()
