"""Notices by mail: who wants which, and the messages to them. The words are made when a message is sent."""

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, Subquery

from mail.actions import post_each
from notices.enums import MailChoice, NoticeMail
from notices.models import MailWish, Notice
from notices.rules import LONGEST, QUIET, digest_day

_KINDS = {MailChoice.AT_ONCE: NoticeMail.AT_ONCE, MailChoice.DAILY: NoticeMail.DAILY}

# Each notice goes into one mail, however often this runs.
_PUT_INTO_MAIL = """
UPDATE notices_notice AS notice SET mailed_in = mail.message_id
FROM unnest(%(users)s::bigint[], %(messages)s::bigint[]) AS mail (user_id, message_id)
JOIN notices_mailwish AS wish ON wish.user_id = mail.user_id
WHERE notice.recipient_id = mail.user_id AND notice.read_at IS NULL AND notice.mailed_in IS NULL
  AND notice.told_at >= wish.since
"""


def wish_mail(*, user, mail, digest_hour, now) -> None:
    """Writes down how `user` wants to be told, a `MailChoice`, and at which hour of her day a digest comes.

    The same wish again changes nothing. What she was told before she wanted mail is not mailed; a day has one digest,
    even where the hour is changed.
    """
    with transaction.atomic():
        old = MailWish.objects.select_for_update().filter(user=user).first()
        if old is None and mail == MailChoice.NONE:
            return
        if old and (old.mail, old.digest_hour) == (mail, digest_hour):
            return
        wish = MailWish(user=user, mail=mail, digest_hour=digest_hour, since=now)
        wish.digested_on = digest_day(now, user.zone, digest_hour)
        if old and old.mail != MailChoice.NONE:
            wish.since = old.since
        if old and old.mail == MailChoice.DAILY:
            wish.digested_on = old.digested_on
        elif old:
            wish.digested_on = max(old.digested_on, wish.digested_on)
        MailWish.objects.bulk_create(
            [wish],
            update_conflicts=True,
            unique_fields=["user"],
            update_fields=["mail", "digest_hour", "since", "digested_on"],
        )


def post_notice_mail(*, now) -> int:
    """Has a message written to everybody whose notices are to be mailed by now; returns to how many.

    One mail for all that somebody has not read and was not mailed before. A digest with nothing to tell is none, and
    yet is that day's.
    """
    with transaction.atomic():
        wishes = [*_settled(now), *_digests(now)]
        told = _unmailed(OuterRef("pk"), OuterRef("since")).order_by()
        with_news = MailWish.objects.filter(pk__in=[wish.pk for wish in wishes]).filter(Exists(told))
        wanting = list(with_news.order_by("pk").values_list("pk", "mail", "user__email"))
        if not wanting:
            return 0
        messages = post_each([(_KINDS[mail], email) for _, mail, email in wanting], now=now)
        with connection.cursor() as cursor:
            users = [user_id for user_id, *_ in wanting]
            cursor.execute(_PUT_INTO_MAIL, {"users": users, "messages": messages})
    return len(messages)


def tell_again(*, messages) -> None:
    """Takes what is still unread out of these messages (ids), which will not be sent: the next mail tells of it."""
    if messages:
        Notice.objects.unread().filter(mailed_in__in=messages).update(mailed_in=None)


def _settled(now):
    """Wishes, locked, of those who are told at once and have had a quiet moment since, or have waited long enough."""
    unmailed = _unmailed(OuterRef("pk"), OuterRef("since"))
    return list(
        _wishes(MailChoice.AT_ONCE)
        .alias(
            first=Subquery(unmailed.order_by("told_at").values("told_at")[:1]),
            last=Subquery(unmailed.order_by("-told_at").values("told_at")[:1]),
        )
        .filter(Q(last__lte=now - QUIET) | Q(first__lte=now - LONGEST))
        .select_for_update(skip_locked=True, of=("self",))
    )


def _digests(now):
    """Wishes, locked, of those whose digest of another day is due; it counts as made."""
    due = {wish.pk: day for wish in _wishes(MailChoice.DAILY) if (day := _day(wish, now)) > wish.digested_on}
    if not due:
        return []
    locked = list(_wishes(MailChoice.DAILY).filter(pk__in=due).select_for_update(skip_locked=True, of=("self",)))
    mine = [wish for wish in locked if _day(wish, now) > wish.digested_on]
    for day in {due[wish.pk] for wish in mine}:
        MailWish.objects.filter(pk__in=[wish.pk for wish in mine if due[wish.pk] == day]).update(digested_on=day)
    return mine


def _wishes(mail):
    return MailWish.objects.filter(mail=mail, user__is_active=True).select_related("user")


def _day(wish, now):
    return digest_day(now, wish.user.zone, wish.digest_hour)


def _unmailed(recipient, since):
    return Notice.objects.unmailed().filter(recipient=recipient, told_at__gte=since)
