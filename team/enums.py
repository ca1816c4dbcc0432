from enum import StrEnum

from django.db import models


class Role(models.TextChoices):
    """The four roles; the value is the name of the Django group that carries its permissions."""

    REP = "sales rep", "Sales rep"
    MANAGER = "sales manager", "Sales manager"
    MARKETER = "marketer", "Marketer"
    ADMIN = "admin", "Admin"


class Reach(models.TextChoices):
    """How far a permission goes among the leads."""

    OWN = "own", "Her own leads"
    MARKETING = "marketing", "Leads on the marketing side"
    SALES = "sales", "Leads on the sales side"
    EVERYBODY = "everybody", "All leads"


class Weekday(models.IntegerChoices):
    """ISO weekdays, as `datetime.isoweekday()` counts them."""

    MONDAY = 1
    TUESDAY = 2
    WEDNESDAY = 3
    THURSDAY = 4
    FRIDAY = 5
    SATURDAY = 6
    SUNDAY = 7


class Theme(models.TextChoices):
    AUTO = "auto", "As the device"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class AccountMail(StrEnum):
    """The kinds of mail about an account; the value is the kind of its message."""

    RESET = "account.reset"
    CHANGED = "account.changed"
