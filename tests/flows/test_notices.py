"""A rep is told by real workers, in the bell and by mail."""

import pytest
from django.utils import timezone

from leads.models import FollowerCursor
from notices.actions import wish_mail
from notices.enums import MailChoice
from notices.models import Notice
from notices.queries import unread
from team.models import User
from tests.cast import make_cast
from tests.factories.deeds import change_lead
from tests.factories.leads import make_lead
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
