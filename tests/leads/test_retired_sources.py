"""A source or campaign that is retired is given to nobody new, and stays on those who have it."""

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.urls import reverse

from capture.importing.queries import sources_by_spelling
from leads.conditions import Vocabulary, matching
from leads.models import Lead, Source
from tests.client import HouseClient
from tests.factories.deeds import create_lead
from tests.factories.leads import make_campaign, make_lead, make_source
from web.leads.filters import LeadFilter
from web.leads.forms import NewLeadForm

pytestmark = pytest.mark.django_db


@pytest.fixture
def fair(now):
    return make_source("fair")


def retire(row, now):
    row.retired_at = now
    row.save()
    return row


def test_a_retired_source_is_given_to_nobody_new(fair, now):
    retire(fair, now)

    with pytest.raises(ValidationError) as refused:
        create_lead(values={"last_name": "Roe"}, source=fair, by=None, now=now)

    assert refused.value.message_dict == {"source": ["The source “Fair” is retired: nobody new is given it."]}
    assert fair not in NewLeadForm(definitions=[]).fields["source"].queryset


def test_a_retired_campaign_is_given_to_nobody_new(fair, now):
    campaign = retire(make_campaign("spring", source=fair), now)

    with pytest.raises(ValidationError):
        create_lead(values={"last_name": "Roe"}, campaign=campaign, by=None, now=now)


def test_a_retired_source_is_given_to_nobody_by_its_campaign(fair, now):
    campaign = make_campaign("spring", source=retire(fair, now))

    with pytest.raises(ValidationError) as refused:
        create_lead(values={"last_name": "Roe"}, campaign=campaign, by=None, now=now)

    assert refused.value.message_dict == {
        "source": ["The source “Fair” of this campaign is retired: nobody new is given it."]
    }
    other = make_source("web")
    assert create_lead(values={"last_name": "Roe"}, source=other, campaign=campaign, by=None, now=now).source == other


def test_whoever_came_from_a_retired_source_is_still_found(cast, fair, now, rf):
    lead = make_lead(source=fair)
    retire(fair, now)
    unused = retire(make_source("old"), now)

    request = rf.get("/leads/")
    request.user = cast.ann
    filters = LeadFilter({"source": str(fair.pk)}, queryset=Lead.objects.all(), request=request)

    assert filters.is_valid()
    assert list(filters.qs) == [lead]
    assert list(matching(Lead.objects.all(), {"field": "source", "op": "is", "value": fair.pk}, now=now)) == [lead]
    assert unused not in filters.form.fields["source"].queryset


def test_a_saved_view_of_a_retired_source_goes_on(cast, fair, now):
    retire(fair, now)
    client = HouseClient()
    client.force_login(cast.ann)

    assert client.get(reverse("web:lead-list"), {"source": fair.pk}).status_code == 200


def test_a_cell_that_names_a_retired_source_is_left_out(fair, now):
    active = make_source("web")
    retire(fair, now)

    assert sources_by_spelling().find("web") == active.pk
    assert sources_by_spelling().find("Fair") == 0


def test_the_command_refuses_a_retired_source(fair, now, tmp_path):
    retire(fair, now)
    file = tmp_path / "people.csv"
    file.write_text("Email\na@x.example\n")

    with pytest.raises(CommandError, match="The source “Fair” is retired: nobody new is given it."):
        call_command("import_leads", str(file), "--source", "fair")


def test_admins_retire_and_offer_again(cast, fair):
    client = HouseClient()
    client.force_login(cast.ann)
    url = reverse("admin:leads_source_changelist")

    client.post(url, {"action": "retire", "_selected_action": [fair.pk]})
    assert Source.objects.get(pk=fair.pk).retired_at is not None
    client.post(url, {"action": "offer_again", "_selected_action": [fair.pk]})
    assert Source.objects.get(pk=fair.pk).retired_at is None


def test_a_retired_source_is_no_longer_suggested_in_conditions(fair, now):
    make_source("web")
    retire(fair, now)

    offered = {row.code: row.is_offered for row in Vocabulary.load().references["source"].rows}
    assert (offered["web"], offered["fair"]) == (True, False)


def test_quick_entry_says_so_where_one_was_retired_since(fair, now):
    form = NewLeadForm({"last_name": "Roe", "source": fair.pk}, definitions=[])
    retire(fair, now)

    assert form.errors == {"source": ["What was chosen here is no longer offered."]}
