import datetime
import zoneinfo

import pytest
from django.core import mail
from django.utils import timezone

from mail.actions import send_messages
from mail.models import Message
from notices.actions import mark_all_read, mark_read, post_notice_mail, tell_reps, wish_mail
from notices.enums import MailChoice
from notices.models import MailWish, Notice
from notices.rules import LONGEST, QUIET, digest_day
from team.models import User
from tests.factories.notices import grade_row, make_notice

SECOND = datetime.timedelta(seconds=1)
HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def site(settings):
    settings.SITE_URL = "https://leads.example.com"


def wish(user, choice, now, *, hour=8):
    wish_mail(user=user, mail=choice, digest_hour=hour, now=now)


def send(now):
    """What goes out at `now`: (to, subject) of each mail."""
    before = len(mail.outbox)
    post_notice_mail(now=now)
    send_messages(clock=lambda: now)
    return [(message.to[0], message.subject) for message in mail.outbox[before:]]


def test_nobody_who_has_not_asked_for_it_gets_mail(cast, now):
    make_notice(cast.ben, at=now)
    wish(cast.cal, MailChoice.NONE, now)
    assert send(now + HOUR) == []
    assert not MailWish.objects.exists()


def test_what_comes_together_is_one_mail_as_soon_as_it_is_quiet(cast, now):
    wish(cast.ben, MailChoice.AT_ONCE, now)
    for number in range(3):
        make_notice(cast.ben, at=now + number * SECOND)
    assert send(now + 2 * SECOND + QUIET - SECOND) == []
    assert send(now + 2 * SECOND + QUIET) == [("ben@example.com", "3 leads arrived")]
    assert send(now + HOUR) == []


def test_what_never_stops_does_not_wait_for_ever(cast, now):
    wish(cast.ben, MailChoice.AT_ONCE, now)
    seconds = int(LONGEST.total_seconds())
    for number in range(0, seconds + 1, 5):
        make_notice(cast.ben, at=now + number * SECOND)
    assert send(now + LONGEST) == [("ben@example.com", f"{seconds // 5 + 1} leads arrived")]


def test_a_mail_says_how_many_and_where_and_no_names(cast, now):
    wish(cast.ben, MailChoice.AT_ONCE, now)
    first = make_notice(cast.ben, at=now, last_name="Lindqvist\r\nBcc: eve@example.com")
    make_notice(cast.ben, at=now)
    tell_reps([grade_row(first.lead, "A", "C", at=now)], now=now)
    send(now + HOUR)
    (message,) = mail.outbox
    assert message.subject == "2 leads arrived, 1 lead is no longer graded for sales"
    assert (
        message.body
        == """Hello Ben,

2 leads arrived.
1 lead is no longer graded for sales.

See them here:

https://leads.example.com/notices/

You asked for this mail as soon as something happens to your leads. Change that here:

https://leads.example.com/profile/#notices
"""
    )


def test_what_was_read_meanwhile_is_not_mailed(cast, now):
    wish(cast.ben, MailChoice.AT_ONCE, now)
    read, other = make_notice(cast.ben, at=now), make_notice(cast.ben, at=now)
    mark_read(notice=read, now=now)
    assert post_notice_mail(now=now + HOUR) == 1
    mark_all_read(by=cast.ben, up_to=other.pk, now=now)
    send_messages(clock=lambda: now + HOUR)
    # Nobody is behind the message any more.
    assert mail.outbox == []
    assert Message.objects.filter(done_at__isnull=False).count() == 1


def test_what_was_told_before_she_wanted_mail_stays_unmailed(cast, now):
    make_notice(cast.ben, at=now)
    wish(cast.ben, MailChoice.AT_ONCE, now + HOUR)
    make_notice(cast.ben, at=now + 2 * HOUR)
    assert send(now + 3 * HOUR) == [("ben@example.com", "1 lead arrived")]


def test_whoever_wants_no_mail_by_then_gets_none(cast, now):
    wish(cast.ben, MailChoice.AT_ONCE, now)
    make_notice(cast.ben, at=now)
    assert post_notice_mail(now=now + HOUR) == 1
    wish(cast.ben, MailChoice.NONE, now + HOUR)
    send_messages(clock=lambda: now + HOUR)
    assert mail.outbox == []


@pytest.mark.parametrize("change", [{"is_active": False}, {"email": "other@example.com"}])
def test_whoever_may_not_sign_in_or_has_another_address_by_then_gets_no_mail(cast, now, change):
    wish(cast.ben, MailChoice.AT_ONCE, now)
    make_notice(cast.ben, at=now)
    assert post_notice_mail(now=now + HOUR) == 1
    User.objects.filter(pk=cast.ben.pk).update(**change)
    send_messages(clock=lambda: now + HOUR)
    assert mail.outbox == []


def test_whose_address_changes_while_a_mail_waits_is_told_by_the_next_one(cast, now):
    wish(cast.ben, MailChoice.AT_ONCE, now)
    make_notice(cast.ben, at=now)
    assert post_notice_mail(now=now + HOUR) == 1
    User.objects.filter(pk=cast.ben.pk).update(email="ben@new.example")
    send_messages(clock=lambda: now + HOUR)
    assert post_notice_mail(now=now + HOUR) == 1
    send_messages(clock=lambda: now + HOUR)
    assert [each.to for each in mail.outbox] == [["ben@new.example"]]
    assert post_notice_mail(now=now + 2 * HOUR) == 0


def test_nobody_writes_to_a_deactivated_person_or_one_who_owns_no_leads_any_more(cast, now):
    for rep in (cast.ben, cast.cal):
        wish(rep, MailChoice.AT_ONCE, now)
        make_notice(rep, at=now)
    User.objects.filter(pk=cast.ben.pk).update(is_active=False)
    cast.cal.groups.clear()
    assert send(now + HOUR) == []
    assert not Message.objects.filter(recipient=cast.ben.email).exists()


def test_while_the_mail_server_is_away_one_message_takes_up_what_comes(cast, now):
    wish(cast.ben, MailChoice.AT_ONCE, now)
    for number in range(3):
        make_notice(cast.ben, at=now + number * HOUR)
        post_notice_mail(now=now + number * HOUR + QUIET)
    assert Message.objects.count() == 1
    assert send(now + 3 * HOUR) == [("ben@example.com", "3 leads arrived")]


def test_a_message_somebody_is_at_is_left_alone(cast, now):
    wish(cast.ben, MailChoice.AT_ONCE, now)
    make_notice(cast.ben, at=now)
    post_notice_mail(now=now + QUIET)
    Message.objects.update(lease_until=now + HOUR, holder="a worker")
    make_notice(cast.ben, at=now + QUIET)
    post_notice_mail(now=now + HOUR)
    assert sorted(Notice.objects.values_list("mailed_in", flat=True)) == list(
        Message.objects.order_by("pk").values_list("pk", flat=True)
    )


def test_a_digest_comes_once_a_day_at_her_hour(cast, now):
    User.objects.filter(pk=cast.ben.pk).update(time_zone="Europe/Berlin")
    cast.ben.refresh_from_db()
    wish(cast.ben, MailChoice.DAILY, now)  # 12:00 in Berlin
    make_notice(cast.ben, at=now)
    assert send(now + HOUR) == []
    eight = (now + DAY).replace(hour=6)
    assert send(eight - SECOND) == []
    assert send(eight) == [("ben@example.com", "1 lead arrived")]
    make_notice(cast.ben, at=eight + HOUR)
    assert send(eight + DAY - SECOND) == []
    assert send(eight + DAY) == [("ben@example.com", "1 lead arrived")]
    assert send(eight + 2 * DAY) == []


def test_an_outage_over_the_hour_and_midnight_costs_time_and_no_digest(cast, now):
    wish(cast.ben, MailChoice.DAILY, now, hour=23)
    make_notice(cast.ben, at=now)
    late = now.replace(hour=23) + 2 * HOUR
    assert send(late) == [("ben@example.com", "1 lead arrived")]
    make_notice(cast.ben, at=late)
    assert send(late + 22 * HOUR) == [("ben@example.com", "1 lead arrived")]


def test_another_hour_makes_no_second_digest_of_a_day_and_loses_none(cast, now):
    nine = now.replace(hour=9)
    wish(cast.ben, MailChoice.DAILY, nine - 2 * HOUR, hour=8)
    make_notice(cast.ben, at=nine - 2 * HOUR)
    assert len(send(nine)) == 1
    wish(cast.ben, MailChoice.DAILY, nine, hour=17)
    make_notice(cast.ben, at=nine)
    assert send(nine.replace(hour=18)) == []
    # Back to an earlier hour that has passed: what is due comes at once.
    wish(cast.ben, MailChoice.DAILY, nine + DAY, hour=8)
    assert len(send(nine + DAY)) == 1


def test_switching_mail_off_and_on_again_makes_no_second_digest(cast, now):
    nine = now.replace(hour=9)
    wish(cast.ben, MailChoice.DAILY, nine - 2 * HOUR, hour=8)
    make_notice(cast.ben, at=nine - 2 * HOUR)
    assert len(send(nine)) == 1
    wish(cast.ben, MailChoice.NONE, nine)
    wish(cast.ben, MailChoice.DAILY, nine, hour=17)
    make_notice(cast.ben, at=nine)
    assert send(nine.replace(hour=18)) == []
    assert len(send(nine.replace(hour=18) + DAY)) == 1


def test_the_same_wish_again_changes_nothing(cast, now):
    wish(cast.ben, MailChoice.DAILY, now)
    before = MailWish.objects.values().get()
    wish(cast.ben, MailChoice.DAILY, now + DAY)
    assert MailWish.objects.values().get() == before


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Atlantic/Azores"])
@pytest.mark.parametrize("hour", [0, 1, 2, 3, 23])
@pytest.mark.clock
def test_every_day_has_one_digest_whatever_the_clocks_do(zone, hour):
    """Asked every ten minutes for four days around now."""
    zone, start = zoneinfo.ZoneInfo(zone), timezone.now() - 2 * DAY
    moments = [start + number * datetime.timedelta(minutes=10) for number in range(4 * 144)]
    days = [digest_day(moment, zone, hour) for moment in moments]
    assert days == sorted(days)
    steps = {(after - before).days for before, after in zip(days, days[1:], strict=False)}
    assert steps == {0, 1}
    for moment, before, after in zip(moments[1:], days, days[1:], strict=False):
        if before != after:
            local = moment.astimezone(zone)
            assert local.date() == after
            # Where the clock jumps over the hour, what it shows then is later.
            assert (local.hour - hour) in {0, 1}


def test_the_number_of_statements_does_not_depend_on_that_of_the_people(cast, now, django_assert_num_queries):
    for rep in (cast.ben, cast.cal):
        wish(rep, MailChoice.AT_ONCE, now)
        for _ in range(3):
            make_notice(rep, at=now)
    with django_assert_num_queries(8):
        assert post_notice_mail(now=now + HOUR) == 2
