import datetime

from leads.actions.lifecycle import move_stage, set_disposition
from leads.enums import Disposition, Stage
from leads.models import Activity, DirtyLead, Lead, StageDefinition
from tests.factories.leads import make_lead

HOUR = datetime.timedelta(hours=1)


def history(lead):
    return list(
        lead.transitions.order_by("seq").values_list("seq", "from_stage", "to_stage", "to_disposition", "reason")
    )


def test_move_stage_writes_step_lead_activity_and_mark(cast, now):
    lead = make_lead(now=now)
    DirtyLead.objects.all().delete()

    moved = move_stage(leads=[lead], to=Stage.LEAD, reason="Asked for a demo", by=cast.mia, now=now + HOUR)

    assert moved == 1
    lead.refresh_from_db()
    assert (lead.stage, lead.stage_since, lead.changed_at) == ("lead", now + HOUR, now + HOUR)
    step = lead.transitions.get(seq=2)
    assert (step.previous_seq, step.from_stage, step.from_disposition, step.from_at) == (1, "name", "open", now)
    assert (step.to_stage, step.to_disposition, step.at) == ("lead", "open", now + HOUR)
    assert (step.actor, step.reason) == (cast.mia, "Asked for a demo")
    assert step.definition == StageDefinition.objects.get(stage="lead", is_current=True)
    activity = Activity.objects.get(lead=lead, occurred_at=now + HOUR)
    assert (activity.kind, activity.actor) == ("stage_changed", cast.mia)
    assert activity.payload == {
        "from": "name",
        "to": "lead",
        "from_disposition": "open",
        "to_disposition": "open",
        "reason": "Asked for a demo",
    }
    assert DirtyLead.objects.get(lead=lead).marked_at == now + HOUR


def test_move_stage_twice_is_once(cast, now):
    lead = make_lead(now=now)

    assert move_stage(leads=[lead], to=Stage.LEAD, reason="Asked", by=cast.mia, now=now + HOUR) == 1
    assert move_stage(leads=[lead], to=Stage.LEAD, reason="Asked", by=cast.mia, now=now + HOUR) == 0

    assert [row[:3] for row in history(lead)] == [(1, None, "name"), (2, "name", "lead")]


def test_move_stage_behind_the_last_step_keeps_the_order(cast, now):
    lead = make_lead(now=now, stage=Stage.LEAD)
    last = lead.transitions.get(seq=2).at

    move_stage(leads=[lead], to=Stage.NAME, reason="A mistake", by=cast.mia, now=now - HOUR)

    assert lead.transitions.get(seq=3).at == last + datetime.timedelta(microseconds=1)


def test_move_stage_of_a_set_is_the_same_few_queries(cast, now, django_assert_num_queries):
    few = [make_lead(now=now) for _ in range(2)]
    many = [make_lead(now=now) for _ in range(20)]

    for leads in (few, many):
        with django_assert_num_queries(9):
            assert move_stage(
                leads=Lead.objects.filter(pk__in=[lead.pk for lead in leads]),
                to=Stage.LEAD,
                reason="Asked",
                by=cast.mia,
                now=now + HOUR,
            ) == len(leads)


def test_set_disposition_recycles_and_opens_again(cast, now):
    lead = make_lead(now=now, stage=Stage.LEAD)
    day = now.date() + datetime.timedelta(days=90)

    set_disposition(
        leads=[lead], to=Disposition.RECYCLED, reason="No budget this year", by=cast.ben, now=now + HOUR, recycle_on=day
    )
    lead.refresh_from_db()
    assert (lead.disposition, lead.disposition_reason, lead.recycle_on) == ("recycled", "No budget this year", day)
    assert lead.stage_since < now + HOUR

    set_disposition(leads=[lead], to=Disposition.OPEN, reason="Budget came", by=cast.ben, now=now + 2 * HOUR)
    lead.refresh_from_db()
    assert (lead.disposition, lead.disposition_reason, lead.recycle_on) == ("open", "", None)
    assert [row[3] for row in history(lead)] == ["open", "open", "recycled", "open"]
