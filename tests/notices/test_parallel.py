"""Two workers at the same notices, on connections of their own."""

from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from mail.models import Message
from notices.actions import post_notice_mail, wish_mail
from notices.enums import MailChoice
from notices.models import Notice
from notices.rules import LONGEST
from tests.cast import make_cast
from tests.factories.notices import make_notice

WORKERS = 4


def test_workers_beside_each_other_make_one_mail_of_each_persons_notices(committed, now):
    cast = make_cast()
    for rep in (cast.ben, cast.cal):
        wish_mail(user=rep, mail=MailChoice.AT_ONCE, digest_hour=8, now=now)
        for _ in range(5):
            make_notice(rep, at=now)

    def work(_):
        try:
            return post_notice_mail(now=now + LONGEST)
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as workers:
        assert sum(workers.map(work, range(WORKERS))) == 2
    assert Message.objects.count() == 2
    assert {pk: Notice.objects.filter(mailed_in=pk).count() for pk in Message.objects.values_list("pk", flat=True)} == (
        dict.fromkeys(Message.objects.values_list("pk", flat=True), 5)
    )
