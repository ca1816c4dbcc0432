"""Limits of the mails that anybody can make the product send."""

import datetime

HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)

# Wishes for a reset mail that are heard: (within, how many). For one account's address, and from one network address.
RESETS_PER_EMAIL = ((HOUR, 2), (DAY, 5))
RESETS_PER_REQUESTER = ((HOUR, 20),)
