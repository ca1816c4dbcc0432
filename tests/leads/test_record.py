from leads.actions.record import create_lead
from leads.enums import FieldType
from leads.models import Activity, DirtyLead, Lead, LeadSearch, Transition
from tests.factories.leads import make_campaign, make_field


def test_create_lead_writes_record_history_search_and_mark(cast, now):
    make_field("seats", FieldType.INTEGER)
    campaign = make_campaign()

    lead = create_lead(
        values={
            "first_name": " Zoë ",
            "last_name": "Müller",
            "email": "Zoe.Mueller@Example.com",
            "phone": "+49 30 1234567",
            "company": "Äcme  GmbH",
            "tags": ["vip", "vip", "show"],
            "seats": 50_000,
        },
        by=cast.mia,
        now=now,
        campaign=campaign,
    )

    lead = Lead.objects.get(pk=lead.pk)
    assert (lead.first_name, lead.last_name) == ("Zoë", "Müller")
    assert (lead.email, lead.email_key) == ("Zoe.Mueller@Example.com", "zoe.mueller@example.com")
    assert (lead.phone_key, lead.name_key) == ("+49301234567", "zoe muller")
    assert (lead.company.name, lead.company.name_key) == ("Äcme GmbH", "acme gmbh")
    assert (lead.tags, lead.fields) == (["vip", "show"], {"seats": 50_000})
    assert (lead.source, lead.campaign) == (campaign.source, campaign)
    assert (lead.stage, lead.side, lead.created_at, lead.stage_since) == ("name", "marketing", now, now)
    first = Transition.objects.get(lead=lead)
    assert (first.seq, first.from_stage, first.to_stage, first.at) == (1, None, "name", now)
    assert (first.actor, first.reason) == (cast.mia, "Entered by hand")
    assert Activity.objects.get(lead=lead).payload == {"from": None, "to": "name", "reason": "Entered by hand"}
    assert DirtyLead.objects.get(lead=lead).marked_at == now
    assert LeadSearch.objects.get(lead=lead).document == (
        "zoe muller mueller example com acme gmbh 49301234567 301234567"
    )
