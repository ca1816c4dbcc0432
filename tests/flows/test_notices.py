"""A rep is told by real workers, in the bell and by mail."""

import pytest
from django.utils import timezone

from insights.invariants import check_all
from leads.changes.following import behind, start
from leads.models import FollowerCursor
from notices.actions import wish_mail
from notices.enums import MailChoice
from notices.models import Notice
from notices.queries import unread
from routing.actions import assign
from team.models import User
from tests.cast import make_cast
from tests.factories.deeds import change_lead
from tests.factories.leads import make_lead, many
from tests.factories.routing import publish_cities
from tests.flows.processes import wait_for

pytestmark = pytest.mark.servers


def test_a_lead_that_arrives_is_told_by_bell_and_by_mail_once(committed, processes, mail_server):
    cast = make_cast()
    publish_cities(by=cast.ann, now=timezone.now())
    User.objects.filter(pk=cast.cal.pk).update(capacity=0)
    wish_mail(user=cast.ben, mail=MailChoice.AT_ONCE, digest_hour=8, now=timezone.now())
    processes.worker(EMAIL_URL=mail_server.url)
    processes.beat()
    processes.beat()
    wait_for(lambda: FollowerCursor.objects.filter(code="notices").exists(), seconds=60, why=processes.logs())
    lead = make_lead(city="Bonn")
    change_lead(lead=lead, changes={"city": "Kiel"}, by=cast.mia, now=timezone.now())
    wait_for(lambda: unread(cast.ben).count == 1, seconds=60, why=f"Nobody was told: {processes.logs()}")
    wait_for(lambda: mail_server.taken, seconds=90, why=f"No mail: {processes.logs()}")
    assert mail_server.taken == ["ben@example.com"]
    assert Notice.objects.exclude(mailed_in=None).count() == Notice.objects.count() == 1


@pytest.mark.parametrize("accident", ["kill", "flush"])
def test_nobody_is_told_twice_or_never_when_a_follower_is_lost_in_the_middle(committed, processes, broker, accident):
    cast = make_cast()
    start("notices", now=timezone.now())
    leads = many(5000, first_name="Pat", city="Bonn")
    assigned = assign(leads=leads, to=cast.ben, by=cast.ann, now=timezone.now(), reason="Her region")
    worker = processes.worker()
    beat = processes.beat()
    wait_for(Notice.objects.exists, seconds=60, why=processes.logs())
    processes.freeze(worker)
    done = Notice.objects.count()
    assert done < assigned.given == 5000, "Too late to tell."
    if accident == "kill":
        processes.kill(beat)
        processes.kill(worker)
        processes.worker()
        processes.beat()
    else:
        broker.flush()
        processes.thaw(worker)
    wait_for(lambda: all(each.rows == 0 for each in behind()), seconds=90, why=processes.logs())
    assert Notice.objects.filter(recipient=cast.ben).values("lead").distinct().count() == 5000
    assert Notice.objects.count() == 5000
    # The copies that `many` makes are in no index.
    broken = {finding.invariant.says for finding in check_all() if finding.count}
    assert broken <= {"Every lead is in the search index."}
