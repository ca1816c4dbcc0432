import csv
import io

import pytest
from django.core.management import CommandError, call_command

from tests.factories.leads import make_lead


def export(**options):
    out = io.StringIO()
    call_command("export_leads", stdout=out, **options)
    return list(csv.DictReader(io.StringIO(out.getvalue(), newline="")))


def test_export_writes_every_lead(cast, now):
    first, second = make_lead(now=now), make_lead(now=now, owner=cast.ben)

    assert export(fields="id, owner") == [
        {"id": str(first.pk), "owner": ""},
        {"id": str(second.pk), "owner": "ben@example.com"},
    ]


@pytest.mark.parametrize(
    ("name", "seen"),
    [("ben", {"bens"}), ("cal", {"cals"}), ("ada", {"bens", "cals"}), ("mia", {"bens", "cals", "free"})],
)
def test_export_as_somebody_writes_what_she_may_see(cast, now, name, seen):
    make_lead(now=now, last_name="bens", owner=cast.ben)
    make_lead(now=now, last_name="cals", owner=cast.cal)
    make_lead(now=now, last_name="free")

    rows = export(fields="last_name", email=f"{name.upper()}@example.com")

    assert {row["last_name"] for row in rows} == seen


def test_export_without_fields_writes_all_of_them(cast, now):
    lead = make_lead(now=now)

    [row] = export()

    assert (row["id"], row["email"], row["stage"]) == (str(lead.pk), lead.email, "name")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fields": " ,"}, "--fields names no field."),
        ({"fields": "email,passwort"}, "Unknown field: passwort. Fields are: id, external_system"),
        ({"email": "nobody@example.com"}, "Nobody has the address nobody@example.com."),
    ],
)
def test_export_refuses_what_is_unknown(cast, options, message):
    with pytest.raises(CommandError) as raised:
        export(**options)

    assert raised.value.returncode == 2
    assert str(raised.value).startswith(message)


def test_export_refuses_somebody_who_left(cast):
    cast.ben.is_active = False
    cast.ben.save()

    with pytest.raises(CommandError, match="may not sign in"):
        export(email="ben@example.com")
