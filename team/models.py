import datetime
import zoneinfo

import phonenumbers
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property

from team.enums import Role, Theme, Weekday
from team.roles import LEAD_OWNERS

LONGEST_ABSENCE = datetime.timedelta(days=3 * 366)


def workweek():
    """Monday to Friday, the default working days."""
    return [1, 2, 3, 4, 5]


def validate_time_zone(name):
    """Raises ValidationError unless `name` is an IANA time zone known here."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValidationError("%(name)s is not a time zone, such as Europe/Berlin.", params={"name": name}) from error


def validate_phone_region(code):
    """Raises ValidationError unless `code` is a country that has telephone numbers."""
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise ValidationError("%(code)s is no country, such as DE or US.", params={"code": code})


def validate_language(code):
    """Raises ValidationError unless `code` is a language known here."""
    if code not in dict(settings.LANGUAGES):
        raise ValidationError("%(code)s is no language, such as en or de.", params={"code": code})


validate_currency = RegexValidator(r"^[A-Z]{3}\Z", "Give the three capital letters of a currency, such as EUR.")


class WorkspaceManager(models.Manager):
    def current(self) -> "Workspace":
        """The workspace; with what the settings and the fields say while nobody has saved it. One query."""
        return self.first() or self.model(pk=1, phone_region=settings.PHONE_REGION)


class Workspace(models.Model):
    """What holds for everybody who uses this installation. One row at most, and none until an admin saves it.

    The phone region reads numbers that are entered from then on; the keys of stored ones stay as they are.
    """

    name = models.CharField(max_length=100, default="LeadFunnel")
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    postal_address = models.TextField(max_length=500, blank=True)
    phone_region = models.CharField(max_length=2, default="US", validators=[validate_phone_region])
    currency = models.CharField(max_length=3, default="EUR", validators=[validate_currency])
    language = models.CharField(max_length=10, default="en", validators=[validate_language])

    objects = WorkspaceManager()

    class Meta:
        verbose_name_plural = "workspace"
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="one_workspace"),
            models.CheckConstraint(condition=~models.Q(name=""), name="workspace_has_a_name"),
        ]

    def __str__(self):
        return self.name


class UserQuerySet(models.QuerySet):
    def active(self):
        return self.filter(is_active=True)

    def lead_owners(self):
        """Those whom leads can be given to, by the role table (team.roles)."""
        hold = User.groups.through.objects.filter(group__name__in=LEAD_OWNERS)
        return self.filter(pk__in=hold.values("user"))

    def with_role_names(self):
        return self.prefetch_related("groups")


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):
    use_in_migrations = False

    def create_user(self, email, password=None, **fields):
        """An active user; `email` is the login and is stored in lower case."""
        if not email:
            raise ValueError("A user needs an e-mail address: it is the login.")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email, password=None, **fields):
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email):
        return self.get(email=email.strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who uses LeadFunnel. Capacity counts open hand-overs; hours are in the user's own time zone."""

    email = models.EmailField("e-mail", unique=True, error_messages={"unique": "Someone has this address already."})
    name = models.CharField(max_length=150)
    is_active = models.BooleanField("may sign in", default=True)
    is_staff = models.BooleanField("may open the admin", default=False)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    work_days = ArrayField(models.PositiveSmallIntegerField(choices=Weekday.choices), default=workweek, size=7)
    work_starts = models.TimeField(default=datetime.time(9))
    work_ends = models.TimeField(default=datetime.time(17))
    capacity = models.PositiveIntegerField(default=30, help_text="Open hand-overs this person can carry at once.")
    shortcuts = models.BooleanField("single-key shortcuts", default=True)
    theme = models.CharField(max_length=5, choices=Theme.choices, default=Theme.AUTO)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_is_lower_case"),
            models.CheckConstraint(
                condition=models.Q(work_ends__gt=models.F("work_starts")),
                name="user_work_ends_after_it_starts",
                violation_error_message="Work has to end after it starts.",
            ),
            models.CheckConstraint(
                condition=models.Q(work_days__len__gt=0),
                name="user_works_some_day",
                violation_error_message="Choose at least one working day.",
            ),
        ]

    def __str__(self):
        return self.name or self.email

    def clean(self):
        super().clean()
        self.email = self.email.strip().lower()

    def get_full_name(self):
        return self.name

    def get_short_name(self):
        return self.name.split(" ")[0] if self.name else self.email

    @cached_property
    def roles(self):
        """The set of `Role` values this user holds; a superuser is always an admin too."""
        names = {group.name for group in self.groups.all()}
        held = {role for role in Role if role.value in names}
        return held | {Role.ADMIN} if self.is_superuser else held

    @property
    def zone(self):
        return zoneinfo.ZoneInfo(self.time_zone)


class Absence(models.Model):
    """Whole calendar days, both included, on which a person is given no leads.

    Whoever is away for longer than three years is no longer one of the team, and loses "may sign in".
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="absences")
    starts_on = models.DateField()
    ends_on = models.DateField()
    reason = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["-starts_on"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")),
                name="absence_ends_after_it_starts",
                violation_error_message="The last day lies before the first.",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__lt=models.F("starts_on") + LONGEST_ABSENCE),
                name="absence_is_no_longer_than_three_years",
                violation_error_message="An absence lasts three years at most.",
            ),
        ]

    def __str__(self):
        return f"{self.user}: {self.starts_on} to {self.ends_on}"


class Pool(models.Model):
    """A group of reps that leads are shared out to; leads that find no free rep wait here, in sight."""

    code = models.SlugField(max_length=50, unique=True)
    name = models.CharField(max_length=100)
    members = models.ManyToManyField(User, through="PoolMember", related_name="pools")

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name


class PoolMember(models.Model):
    pool = models.ForeignKey(Pool, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")

    class Meta:
        ordering = ["pool", "user"]
        constraints = [models.UniqueConstraint(fields=["pool", "user"], name="pool_member_once")]

    def __str__(self):
        return f"{self.user} in {self.pool}"
