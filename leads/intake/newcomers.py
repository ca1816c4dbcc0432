"""People who come in by several doors at once: whoever brings somebody new looks once more before the commit."""

from collections.abc import Collection

from django.db import connection
from django.db.models import F

from jobs.postgres import Lock, take_lock
from leads.models import PeopleEntered

# Each is found by its partial index. No key holds a control character, so one of those stands between them.
_BETWEEN = "\x1f"
_SAME = """
SELECT FROM leads_lead
WHERE email_key = ANY(string_to_array(%(emails)s, chr(31))) AND email_key <> '' AND id <> ALL(%(apart)s)
UNION ALL
SELECT FROM leads_lead
WHERE phone_key = ANY(string_to_array(%(phones)s, chr(31))) AND phone_key <> '' AND id <> ALL(%(apart)s)
UNION ALL
SELECT FROM leads_otherkey
WHERE (kind = 'email' AND key = ANY(string_to_array(%(emails)s, chr(31)))
       OR kind = 'phone' AND key = ANY(string_to_array(%(phones)s, chr(31))))
  AND lead_id <> ALL(%(apart)s)
LIMIT 1
"""


class KnownMeanwhile(Exception):
    """Somebody else has brought the same person; the transaction is to be rolled back and begun anew."""


def entered() -> int:
    """How many people have come in one by one, as far as it is committed."""
    return PeopleEntered.objects.get().number


def look_again_for_one(*, lead, apart: Collection[int] = ()) -> None:
    """Raises KnownMeanwhile when a lead that is not `apart` has the address or the number of this new one; counts her.

    The last thing in the transaction that brings her. From here until its end nobody else who brings people gets past
    this point, so of two who bring the same person one sees the other's. Whoever is past it waits for nothing any
    more, so that nobody waits in a circle.
    """
    take_lock(Lock.NEWCOMERS)
    _refuse_known([lead.email_key], [lead.phone_key], [lead.pk, *apart])
    PeopleEntered.objects.update(number=F("number") + 1)


def look_again_for_many(
    *, emails: Collection[str], phones: Collection[str], apart: Collection[int], before: int
) -> None:
    """As `look_again_for_one`, for the keys of a set of new people, who are among the leads of `apart`.

    `before`: what `entered` said before they were looked for. As long as it still does, only another set can have
    brought them, and sets come in one after the other (Lock.IMPORTS), so that there is nothing to look for.
    """
    take_lock(Lock.NEWCOMERS)
    if entered() != before:
        _refuse_known(emails, phones, apart)


def _refuse_known(emails, phones, apart):
    values = {"emails": _BETWEEN.join(filter(None, emails)), "phones": _BETWEEN.join(filter(None, phones))}
    with connection.cursor() as cursor:
        cursor.execute(_SAME, values | {"apart": list(apart)})
        if cursor.fetchone() is not None:
            raise KnownMeanwhile
