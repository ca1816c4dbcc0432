"""What an import and its undoing say of leads that were there already: the codes of what they really changed."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from capture.importing.actions import running
from capture.importing.actions.running import continue_import
from leads.enums import ChangeKind
from leads.models import ChangeRow, Source
from tests.factories.changes import newest

pytestmark = pytest.mark.django_db

COLUMNS = {
    "Id": "external_id",
    "Email": "email",
    "City": "city",
    "Tags": "tags",
    "Company": "company",
    "Source": "source",
    "Phone": "phone",
    "Seats": {"field": "seats", "type": "integer"},
}
HEADER = ",".join(COLUMNS)


def brought(bring, *rows):
    mapping = {"external_system": "crm", "columns": COLUMNS}
    return bring("\n".join([HEADER, *rows, ""]), mapping=mapping, create_fields=True)


def touched(since):
    """{address: (fields, kinds)} of the leads that were touched."""
    rows = ChangeRow.objects.filter(kind=ChangeKind.TOUCHED, id__gt=since).select_related("lead")
    return {row.lead.email: (row.fields, row.kinds) for row in rows}


def test_each_lead_is_told_with_the_codes_that_an_import_changed(bring):
    brought(bring, "1,ann@x.example,Ulm,new,,,,3", "2,bo@x.example,Ulm,new,,,,3", "3,cy@x.example,Ulm,new,,,,3")
    since = newest()

    brought(bring, "1,ann@x.example,Bonn,new,,,,3", "2,bo@x.example,Ulm,old,,,,3", "3,cy@x.example,Ulm,new,,,,3")

    assert touched(since) == {
        "ann@x.example": (["city"], ["imported"]),
        "bo@x.example": (["tags"], ["imported"]),
    }


def test_fields_are_told_by_the_codes_of_the_registry(bring):
    Source.objects.create(code="fair", name="A fair")
    brought(bring, "1,ann@x.example,,,,,,3", "2,bo@x.example,,,,,,3", "3,cy@x.example,,,,,4155550101,")
    since = newest()

    brought(
        bring,
        "1,ann@x.example,,,New Works,fair,,3",
        "2,bo@x.example,,,,,,4",
        "3,,,,,,4155550102,",
        "3,cy@y.example,Ulm,,,,,",
    )

    assert {email: fields for email, (fields, _) in touched(since).items()} == {
        "ann@x.example": ["company", "source"],
        "bo@x.example": ["seats"],
        "cy@x.example": ["city", "other_emails", "other_phones"],
    }


def test_undoing_tells_what_it_put_back(bring):
    brought(bring, "1,ann@x.example,Ulm,new,,,,3", "2,bo@x.example,Ulm,new,,,,3")
    run = brought(bring, "1,ann@x.example,Bonn,new,New Works,,,3", "2,,Ulm,old,,,4155550102,4")
    since = newest()

    assert running.undo(run=run, by=None, now=timezone.now())
    assert continue_import(run_id=run.pk, clock=timezone.now)

    assert touched(since) == {
        "ann@x.example": (["city", "company"], []),
        "bo@x.example": (["phone", "seats", "tags"], []),
    }


def test_what_was_touched_is_one_statement_however_much_differs(bring):
    numbers = range(40)
    brought(bring, *(f"{number},p{number}@x.example,Ulm,,,,,{number}" for number in numbers))
    since = newest()

    with CaptureQueriesContext(connection) as queries:
        brought(bring, *(f"{number},p{number}@x.example,Bonn,,,,,{number + number % 2}" for number in numbers))

    told = touched(since)
    assert [told[f"p{number}@x.example"][0] for number in (0, 1)] == [["city"], ["city", "seats"]]
    assert len(told) == len(numbers)
    assert sum("'touched'" in query["sql"] for query in queries) == 1
