"""Pure rules about the people who use it: whose account somebody may change, and limits of the mails that anybody can
make the product send. No queries."""

import datetime

HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)

# Wishes for a reset mail that are heard: (within, how many). For one account's address, and from one network address.
RESETS_PER_EMAIL = ((HOUR, 2), (DAY, 5))
RESETS_PER_REQUESTER = ((HOUR, 20),)


def can_change_account(user, account) -> bool:
    """Whether the user may change how `account` signs in and what it may do: a superuser's, only another superuser.

    Whoever else could change its password, its address or its roles could be the superuser.
    """
    return user.is_superuser or not account.is_superuser
