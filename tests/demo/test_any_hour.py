"""The demo as it is found by whoever fills an empty database at the hour at which the test runs."""

import pytest
from django.db.models import Q
from django.utils import timezone

from demo.fill import fill_demo
from insights.invariants import check_all
from leads.models import Activity, Lead, Transition
from notices.models import Notice
from routing.models import Handover
from routing.queries import queue
from team.models import User


@pytest.mark.clock
@pytest.mark.django_db
def test_the_demo_holds_at_any_hour():
    now = timezone.now()
    fill_demo(leads=200, now=now)
    counts = queue(User.objects.get(email="rita.rep@leadfunnel.example"), now=now).counts
    assert [tab for tab, count in counts.items() if not count] == []
    assert Handover.objects.open().filter(accepted_at=None, due_at__gt=now).exists()
    told = Notice.objects.filter(recipient__email="rita.rep@leadfunnel.example")
    assert 0 < told.unread().count() < told.count()
    assert not Notice.objects.filter(at__gt=now).exists()
    assert [finding.invariant.says for finding in check_all() if finding.count] == []
    assert not Activity.objects.filter(occurred_at__gt=now).exists()
    assert not Transition.objects.filter(at__gt=now).exists()
    assert not Lead.objects.filter(Q(created_at__gt=now) | Q(changed_at__gt=now)).exists()
