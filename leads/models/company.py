from django.db import models

from leads.enums import SourceKind


class Company(models.Model):
    name = models.CharField(max_length=200)
    name_key = models.CharField(
        max_length=200, unique=True, editable=False, help_text="What makes two spellings of its name one company."
    )
    website = models.CharField(max_length=300, blank=True)
    industry = models.CharField(max_length=100, blank=True)
    employees = models.PositiveIntegerField(null=True, blank=True)
    annual_revenue = models.DecimalField(max_digits=16, decimal_places=2, null=True, blank=True)
    phone = models.CharField(max_length=50, blank=True)
    city = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When somebody edited it last; empty while it is as lists and forms brought it.",
    )

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "companies"
        constraints = [
            models.CheckConstraint(condition=~models.Q(name_key=""), name="company_has_a_name"),
        ]

    def __str__(self):
        return self.name


class RetiringQuerySet(models.QuerySet):
    def offered(self):
        """Those that may be chosen for somebody new."""
        return self.filter(retired_at__isnull=True)


class Source(models.Model):
    """Where people come from. A retired one is no longer offered; whoever came from it stays so."""

    code = models.SlugField(max_length=50, unique=True)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=20, choices=SourceKind.choices, default=SourceKind.OTHER)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = RetiringQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name


class Campaign(models.Model):
    """One marketing effort; it retires as a source does. Money is in `currency` (ISO 4217)."""

    code = models.SlugField(max_length=50, unique=True)
    name = models.CharField(max_length=150)
    source = models.ForeignKey(Source, models.PROTECT, related_name="campaigns")
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    budget = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    actual_cost = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, default="EUR")
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = RetiringQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_on", "name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(starts_on__isnull=True)
                | models.Q(ends_on__isnull=True)
                | models.Q(ends_on__gte=models.F("starts_on")),
                name="campaign_ends_after_it_starts",
                violation_error_message="The campaign ends before it starts.",
            ),
        ]

    def __str__(self):
        return self.name
