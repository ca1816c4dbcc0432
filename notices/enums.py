from enum import StrEnum

from django.db import models


class NoticeKind(models.TextChoices):
    """What a rep is told about a lead of hers."""

    ARRIVED = "arrived", "Arrived"
    TAKEN_BACK = "taken_back", "Taken back"
    FADED = "faded", "Grade fell"
    REMOVED = "removed", "Removed"


class MailChoice(models.TextChoices):
    """How somebody is told by mail, besides the bell."""

    NONE = "none", "No mail"
    AT_ONCE = "at_once", "At once"
    DAILY = "daily", "Once a day"


class NoticeMail(StrEnum):
    """The kinds of mail about notices; the value is the kind of its message."""

    AT_ONCE = "notices.at_once"
    DAILY = "notices.daily"
