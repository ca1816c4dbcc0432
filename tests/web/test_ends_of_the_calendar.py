"""Dates so early or late that some time zone cannot show them are refused wherever one can be given."""

import pytest
from django.db import IntegrityError
from django.urls import reverse

from leads.enums import FieldType
from leads.models import FieldDefinition, Task
from team.models import User
from tests.factories.leads import make_lead

FAR = ["0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31"]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Los_Angeles", "Pacific/Kiritimati"])
@pytest.mark.parametrize("day", [*FAR, "1900-01-01", "2199-12-31"])
def test_a_next_step(cast, as_user, day, zone):
    User.objects.filter(pk=cast.ben.pk).update(time_zone=zone)
    lead = make_lead(owner=cast.ben, grade="A", score=80)
    data = {"kind": "call", "title": "Call back", "due_at": f"{day}T23:59"}
    answer = as_user(cast.ben).post(reverse("web:task-add", args=[lead.pk]), data)
    assert answer.status_code == (422 if day in FAR else 302)
    assert Task.objects.count() == (0 if day in FAR else 1)
    for page in ("web:queue", "web:work"):
        assert as_user(cast.ben).get(reverse(page) + "?tab=all", follow=True).status_code == 200
    assert as_user(cast.ben).get(reverse("web:lead-detail", args=[lead.pk])).status_code == 200


@pytest.mark.django_db
def test_the_database_takes_none_either(cast, now):
    lead = make_lead(owner=cast.ben, grade="A", score=80)
    with pytest.raises(IntegrityError, match="task_due_in_the_calendar"):
        Task.objects.create(lead=lead, title="Call", due_at=now.replace(year=2300), assignee=cast.ben, created_at=now)


@pytest.mark.parametrize("day", FAR)
@pytest.mark.parametrize("kind", [FieldType.DATE, FieldType.DATETIME])
def test_a_field_of_ones_own(cast, as_user, day, kind, unchanged):
    FieldDefinition.objects.create(code="renewal", label="Renewal", type=kind)
    lead = make_lead(owner=cast.ben, grade="A", score=80)
    value = day if kind == FieldType.DATE else f"{day}T23:59"
    data = {"field": "renewal", "renewal": value, "was-renewal": "null", "edit": "renewal"}
    with unchanged():
        answer = as_user(cast.ben).post(reverse("web:lead-edit", args=[lead.pk]), data)
    assert answer.status_code == 422
    assert "from 1900 to 2199" in answer.content.decode()
