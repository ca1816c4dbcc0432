import datetime

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from leads.actions.task import add_task
from leads.models import Lead, Task
from routing.actions import Assigned, assign, route, share_out_pools
from routing.models import Handover
from team.models import User
from tests.factories.leads import make_lead

HOUR = datetime.timedelta(hours=1)


def test_waiting_leads_go_to_reps_as_places_get_free(cast, now):
    User.objects.update(capacity=0)
    leads = [make_lead(grade="A", score=50 + number) for number in range(3)]
    route([lead.pk for lead in leads], now=now)
    assert share_out_pools(now=now + HOUR) == 0
    User.objects.filter(pk__in=[cast.ben.pk, cast.cal.pk]).update(capacity=1)
    assert share_out_pools(now=now + HOUR) == 2
    worst, middle, best = (Lead.objects.get(pk=lead.pk) for lead in leads)
    assert (best.owner, middle.owner, worst.owner) == (cast.ben, cast.cal, None)
    handover = Handover.objects.get(lead=best)
    assert (handover.handed_at, handover.assigned_at) == (now, now + HOUR)
    assert handover.due_at == now + 5 * HOUR
    assert (handover.why, handover.why_facts["taken"], handover.why_facts["capacity"]) == ("turn", 0, 1)
    assert share_out_pools(now=now + HOUR) == 0


def test_a_manager_moves_a_lead_to_another_rep(cast, now):
    lead = make_lead(grade="A")
    route([lead.pk], now=now)
    done = assign(leads=[lead], to=cast.cal, by=cast.ada, now=now + HOUR, reason="Speaks Danish")
    assert done == Assigned(given=1, skipped=0)
    lead.refresh_from_db()
    assert (lead.owner, lead.side, lead.pool) == (cast.cal, "sales", None)
    new, old = Handover.objects.filter(lead=lead)
    assert (old.end, old.end_reason, old.ended_by, old.ended_at) == ("recalled", "given_on", cast.ada, now + HOUR)
    because = {"by": cast.ada.pk, "by_name": "Ada", "reason": "Speaks Danish"}
    assert old.end_facts == because | {"to": cast.cal.pk, "to_name": "Cal"}
    assert (new.end, new.owner, new.handed_by, new.handed_at) == ("", cast.cal, cast.ada, now + HOUR)
    assert (new.why, new.why_facts) == ("by_hand", because)


def test_a_lead_moved_in_the_moment_of_its_hand_over_leaves_no_gap(cast, now):
    lead = make_lead(grade="A")
    route([lead.pk], now=now)
    assign(leads=[lead], to=cast.cal, by=cast.ada, now=now, reason="At once")
    new, old = Handover.objects.filter(lead=lead)
    assert new.handed_at == old.ended_at


def test_many_are_assigned_at_once_and_those_she_has_are_left(cast, now):
    hers, his, pooled, nobodys = (make_lead(grade="B") for _ in range(4))
    route([hers.pk], now=now)
    route([his.pk], now=now)
    User.objects.update(capacity=0)
    route([pooled.pk], now=now)
    lost = make_lead(disposition="lost")
    done = assign(
        leads=Lead.objects.filter(pk__in=[hers.pk, his.pk, pooled.pk, nobodys.pk, lost.pk]),
        to=cast.cal,
        by=cast.ann,
        now=now + HOUR,
        reason="Cal takes the fair",
    )
    assert done == Assigned(given=3, skipped=2)
    assert list(Lead.objects.filter(owner=cast.cal).order_by("pk")) == [hers, his, pooled, nobodys]
    assert Handover.objects.filter(lead=pooled).count() == 1
    assert Handover.objects.get(lead=pooled).why_facts["reason"] == "Cal takes the fair"


def test_open_tasks_go_along(cast, now):
    lead = make_lead(grade="A")
    route([lead.pk], now=now)
    for person in (cast.ben, cast.mia):
        add_task(lead=lead, kind="call", title="Call", due_at=now, assignee=person, by=cast.ben, now=now)
    assign(leads=[lead], to=cast.cal, by=cast.ada, now=now, reason="Holiday")
    assert sorted(Task.objects.values_list("assignee__name", flat=True)) == ["Cal", "Mia"]


def test_a_manager_gives_away_what_is_with_sales_and_nothing_of_marketing_s(cast, now):
    hers, marketing_s = make_lead(owner=cast.ben), make_lead()
    done = assign(leads=[hers, marketing_s], to=cast.cal, by=cast.ada, now=now + HOUR, reason="Holiday")

    assert (done.given, done.skipped) == (1, 1)
    marketing_s.refresh_from_db()
    assert (marketing_s.side, marketing_s.owner) == ("marketing", None)
    assert assign(leads=[marketing_s], to=cast.cal, by=cast.ann, now=now + HOUR, reason="Asked").given == 1


@pytest.mark.parametrize("who", ["ben", "mia"])
def test_only_managers_and_admins_assign(cast, now, who):
    lead = make_lead(grade="A")
    with pytest.raises(PermissionDenied):
        assign(leads=[lead], to=cast.cal, by=getattr(cast, who), now=now, reason="Please")
    assert Handover.objects.count() == 0


def test_nobody_but_an_active_rep_can_be_given_leads(cast, now):
    lead = make_lead(grade="A")
    for wrong in (cast.mia, cast.ada):
        with pytest.raises(ValidationError) as refused:
            assign(leads=[lead], to=wrong, by=cast.ann, now=now, reason="Please")
        assert refused.value.message_dict.keys() == {"to"}
    assert Handover.objects.count() == 0


def test_a_reason_is_needed(cast, now):
    with pytest.raises(ValidationError) as refused:
        assign(leads=[make_lead()], to=cast.cal, by=cast.ada, now=now, reason=" ")
    assert refused.value.message_dict == {"reason": ["Give a reason."]}
