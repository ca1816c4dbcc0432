"""From committed changes to notices and mail, through the follower's cursor."""

import datetime

import pytest
from django.core import mail

from leads.changes.following import follow, start
from mail.actions import send_messages
from notices.actions import post_notice_mail, wish_mail
from notices.enums import MailChoice
from notices.models import Notice
from notices.queries import groups
from routing.actions import return_lead, settle_dirty
from team.models import User
from tests.cast import make_cast
from tests.factories.routing import city, publish_cities

HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)


@pytest.fixture
def cast(committed, now):
    """A published model by which Kiel is an A; only ben has places, and the follower has begun."""
    cast = make_cast()
    publish_cities(by=cast.ann, now=now)
    User.objects.filter(pk=cast.ben.pk).update(capacity=400)
    User.objects.filter(pk=cast.cal.pk).update(capacity=0)
    start("notices", now=now)
    return cast


def settle_everybody(now):
    while settle_dirty(now=now):
        pass


def follow_all(now):
    while follow("notices", now=now):
        pass


def test_a_crowd_is_told_one_by_one_shown_as_one_and_mailed_as_one(cast, now):
    wish_mail(user=cast.ben, mail=MailChoice.AT_ONCE, digest_hour=8, now=now)
    for _ in range(300):
        city("Kiel")
    settle_everybody(now)
    follow_all(now)
    assert Notice.objects.filter(recipient=cast.ben, kind="arrived").count() == 300
    (group,), _ = groups(cast.ben)
    assert (group.words, len(group.notices)) == ("300 leads arrived", 5)
    assert post_notice_mail(now=now + HOUR) == 1
    send_messages(clock=lambda: now + HOUR)
    assert [message.subject for message in mail.outbox] == ["300 leads arrived"]


def test_a_follower_that_was_down_for_a_day_tells_everything_late_and_at_once(cast, now):
    wish_mail(user=cast.ben, mail=MailChoice.AT_ONCE, digest_hour=8, now=now)
    kept, lost, gone = (city("Kiel") for _ in range(3))
    settle_everybody(now)
    return_lead(lead=lost, by=cast.ada, now=now + HOUR, reason="Too early")
    gone.delete()
    follow_all(now + DAY)
    follow_all(now + DAY)
    told = Notice.objects.order_by("change").values_list("lead", "kind", "at", "told_at")
    assert sorted(told) == sorted(
        [
            (kept.pk, "arrived", now, now + DAY),
            (lost.pk, "arrived", now, now + DAY),
            (lost.pk, "taken_back", now + HOUR, now + DAY),
        ]
    )
    post_notice_mail(now=now + DAY + HOUR)
    send_messages(clock=lambda: now + DAY + HOUR)
    assert [message.subject for message in mail.outbox] == ["2 leads arrived, 1 lead was taken back"]
